"""A kind of activity as an XLSForm: the form for the phones of ODK Collect and KoboToolbox (https://xlsform.org).

The names in the form are headings that the import of sheets understands, so that what is exported from there comes in
as any other sheet.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fieldapp.domain.amounts import MONEY
from fieldapp.domain.assistance import Activity
from fieldapp.domain.model import fields_of
from fieldapp.domain.reference import split_choices
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import extras, lists
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key

SURVEY = ("type", "name", "label", "hint", "required", "constraint", "constraint_message", "calculation", "appearance")
CHOICES = ("list_name", "name", "label")
SETTINGS = ("form_title", "form_id", "version", "default_language")

MOST_OF_AN_INTEGER = 999_999_999
"""Collect takes no whole number of more than nine digits; such figures are asked for as decimals without a fraction"""


@dataclass(frozen=True)
class XlsForm:
    """The three sheets of a form, each row by the names of its columns."""

    survey: Sequence[Mapping[str, str]]
    choices: Sequence[Mapping[str, str]]
    settings: Mapping[str, str]


def form_of_kind(store: Store, kind_id: str, today: date) -> XlsForm:
    """The form for activities of a kind: days, place, content, its figures and its own fields. FieldappError if two of
    them have the same code.

    The places are the communes of the replica's province on the day ``today``; all communes where it has none. A form
    with the same content has the same version.
    """
    kind = store.row("SELECT * FROM activity_kind WHERE id = ?", [kind_id])
    assert kind is not None
    fields = extras.fields_of_kind(store, kind_id)
    survey = [*_fixed_questions(kind), *(_figure(row) for row in _limited_measures(store, kind_id)), *map(_own, fields)]
    names = [question["name"] for question in survey]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FieldappError(
            _("Two questions would have the name {name}: give the figure or the field another code.").format(
                name=", ".join(twice)
            )
        )
    choices = [*_places(store, today), *(line for field in fields for line in _choices(field))]
    version = hashlib.sha256(json.dumps([survey, choices]).encode()).hexdigest()[:12]
    settings = {
        "form_title": kind["name"],
        "form_id": f"fieldapp_{question_name(kind['code'])}",
        "version": version,
        "default_language": "vi",
    }
    return XlsForm(survey, choices, settings)


def xlsform_bytes(form: XlsForm) -> bytes:
    """The form as XLSX; every cell is text, as the tools that read it expect."""
    import xlsxwriter

    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    sheets: Sequence[tuple[str, Sequence[str], Sequence[Mapping[str, str]]]] = (
        ("survey", SURVEY, form.survey),
        ("choices", CHOICES, form.choices),
        ("settings", SETTINGS, [form.settings]),
    )
    for name, columns, rows in sheets:
        sheet = book.add_worksheet(name)
        for number, texts in enumerate([dict(zip(columns, columns, strict=True)), *rows]):
            for at, column in enumerate(columns):
                sheet.write_string(number, at, texts.get(column, ""))
    book.close()
    return data.getvalue()


def question_name(code: str) -> str:
    """A code as the name of a question, which is a name in XML; as a heading it means the same as the code."""
    name = search_key(code).replace(" ", "_")
    return name if name[:1].isalpha() else f"_{name}"


def _fixed_questions(kind: Row) -> Iterator[dict[str, str]]:
    titles = {shape.name: _(shape.title) for shape in fields_of(Activity)}
    yield {"type": "calculate", "name": "activity_kind", "calculation": f"'{kind['id']}'"}
    yield {
        "type": "date",
        "name": "date_from",
        "label": titles["date_from"],
        "required": "yes",
        "constraint": ". <= today()",
        "constraint_message": _("This day has not come yet."),
    }
    yield {
        "type": "date",
        "name": "date_to",
        "label": titles["date_to"],
        "constraint": ". >= ${date_from} and . <= today()",
        "constraint_message": _("It ends before it begins, or has not ended yet."),
    }
    yield {
        "type": "select_one places",
        "name": "unit",
        "label": titles["unit_id"],
        "required": "yes",
        "appearance": "minimal autocomplete",
    }
    for name in ("hamlet", "description", "partners"):
        yield {"type": "text", "name": name, "label": titles[name]}


def _limited_measures(store: Store, kind_id: str) -> list[Row]:
    """The measures of a kind, each with the limits that the kind gives it."""
    limits = {
        row["measure_id"]: row
        for row in store.rows(
            "SELECT measure_id, minimum, maximum FROM kind_measure WHERE activity_kind_id = ? AND voided_at IS NULL",
            [kind_id],
        )
    }
    return [{**row, **limits[row["id"]]} for row in lists.measures_of(store, kind_id)]


def _figure(measure: Row) -> dict[str, str]:
    label = f"{measure['name']} ({measure['unit_name']})"
    return {"name": question_name(measure["code"]), "label": label, "hint": measure["hint"] or "", **_number(measure)}


def _own(field: Row) -> dict[str, str]:
    """The question of an extra field."""
    asked = {
        "name": question_name(field["code"]),
        "label": field["name"] + (f" ({field['unit_name']})" if field["unit_name"] else ""),
        "hint": field["hint"] or "",
        "required": "yes" if field["needed"] else "",
    }
    if field["field_type"] == "number":
        return {**asked, **_number(field)}
    if field["field_type"] == "choice":
        return {**asked, "type": f"select_one {asked['name']}"}
    return {**asked, "type": field["field_type"]}


def _number(limited: Row) -> dict[str, str]:
    """Type and limits of a number; limits are stored in units of 10^-decimals."""
    scale, whole = 10 ** limited["decimals"], limited["decimals"] == 0
    least, most = limited["minimum"] or 0, limited["maximum"]
    large = limited["unit_name"] == MONEY or (most or 0) > MOST_OF_AN_INTEGER
    parts = [f". >= {_plain(least, scale)}", *([f". <= {_plain(most, scale)}"] if most is not None else [])]
    if whole and large:
        parts.append(". = int(.)")
    message = _("At least {least}.").format(least=_plain(least, scale))
    if most is not None:
        message = _("From {least} to {most}.").format(least=_plain(least, scale), most=_plain(most, scale))
    return {
        "type": "integer" if whole and not large else "decimal",
        "constraint": " and ".join(parts),
        "constraint_message": message,
    }


def _plain(amount: int, scale: int) -> str:
    """An amount with a point and no separators, as XPath takes it."""
    whole, rest = divmod(amount, scale)
    return f"{whole}.{rest:0{len(str(scale)) - 1}d}" if rest else str(whole)


def _places(store: Store, today: date) -> Iterator[dict[str, str]]:
    """Name: the id of the unit, because codes of units are used again."""
    for unit in lists.communes_at_home(store, today):
        yield {"list_name": "places", "name": unit["id"], "label": unit["label"]}


def _choices(field: Row) -> Iterator[dict[str, str]]:
    """Name: the words themselves, so that they are exported as they are stored here."""
    if field["field_type"] == "choice":
        for words in split_choices(field["choices"]):
            yield {"list_name": question_name(field["code"]), "name": words, "label": words}
