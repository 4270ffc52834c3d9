"""A conflict in words: its post, its record, its field, and both values as a person reads them."""

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.i18n import _
from fieldapp.records import records, reviews, words
from fieldapp.store.store import Row, Store
from fieldapp.sync.merge.resolve import Side

SIDES: tuple[Side, Side] = ("winner", "loser")


def conflict_title(store: Store, conflict: Row) -> str:
    """“Hoạt động · Giếng khoan · 05/10/2013 · Thôn, buôn”; at headquarters the post's name comes first."""
    kind = conflict["table"]
    if kind not in BY_KIND:
        return f"{kind} · {conflict['column']}"
    record_id = conflict_record(store, conflict)
    found = records.get(store, record_id)
    parts = []
    if store.identity.role == "hq":
        parts.append(store.value("SELECT name FROM post WHERE id = ?", [found.row.get("post_id")]))
    parts += [_(BY_KIND[found.kind].TITLE), words.labels(store, found.kind, [record_id]).get(record_id, "")]
    if found.kind != kind:
        parts.append(_(BY_KIND[kind].TITLE))
    return " · ".join([*filter(None, parts), reviews.field_title(kind, conflict["column"])])


def conflict_record(store: Store, conflict: Row) -> str:
    """Id of the record that the conflict's row belongs to; the row itself may be the record."""
    kind, row_id = conflict["table"], conflict["row"]
    for model in BY_KIND.values():
        for child in model.CHILDREN.values():
            if kind == child.model.KIND:
                return str(store.value(f"SELECT {child.parent} FROM {kind} WHERE id = ?", [row_id]))
    return str(row_id)


def conflict_value(store: Store, conflict: Row, side: Side) -> str:
    """One side's value as a person reads it."""
    kind, column, written = conflict["table"], conflict["column"], conflict[side]["value"]
    if written is None:
        return _("(empty)")
    if kind in BY_KIND and column in {s.name for s in fields_of(BY_KIND[kind])}:
        row = store.row(f"SELECT * FROM {kind} WHERE id = ?", [conflict["row"]])
        if row is not None:
            return words.display(store, kind, [{**row, column: written}], [column])[0][0]
    return str(written)


def conflict_author(conflict: Row, side: Side) -> str:
    """“Nguyễn Văn A, 26/11/2026 08:04”."""
    return f"{conflict[side]['actor'] or '?'}, {words.local_instant(conflict[side]['at'])}"
