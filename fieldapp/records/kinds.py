"""The kinds of record by their names, as commands, drafts and sheets give them."""

from fieldapp.domain.model import Record
from fieldapp.domain.records import BY_KIND
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.vietnamese.text import tidy


def model_of(kind: str) -> type[Record]:
    """The model of a kind; FieldappError with the list of kinds if there is no such kind."""
    model = BY_KIND.get(kind)
    if model is None:
        raise FieldappError(
            _("There is no kind of record “{kind}”. Kinds: {kinds}.").format(
                kind=tidy(kind), kinds=", ".join(k for k, m in BY_KIND.items() if m.TOP)
            )
        )
    return model


def day_sql(model: type[Record], table: str) -> str:
    """SQL: the day of a record in a table's row; of one whose kind has none, the day here on which it was recorded."""
    recorded = f"{table}.created_at"
    return f"{table}.{model.DATE}" if model.DATE else f"coalesce(date({recorded}, 'localtime'), {recorded})"
