"""One record as a person reads it: its fields, then the rows that belong to it."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Child, FieldShape, Record, fields_of
from fieldapp.domain.party import Attendance, Meeting, Member
from fieldapp.domain.records import BY_KIND
from fieldapp.i18n import _
from fieldapp.records import extras, lists, persons, reviews, unit_codes, units
from fieldapp.records.records import Found, as_data, preview
from fieldapp.records.soft_limits import unanswered
from fieldapp.records.words import amount_text, display, local_instant, voided_text, voided_word
from fieldapp.store.store import Row, Store


def describe(store: Store, found: Found) -> list[tuple[str, str]]:
    """(title, text) of each field of a record that is not empty, of each row that belongs to it, and of each file."""
    model = BY_KIND[found.kind]
    shapes = fields_of(model)
    texts = display(store, found.kind, [found.row], [s.name for s in shapes])[0]
    review = reviews.last_reviews(store, found.kind, [found.row["id"]]).get(found.row["id"])
    lines = [(_("Headquarters"), reviews.review_text(store, review))] if review else []
    for shape, text in zip(shapes, texts, strict=True):
        if text:
            marks = _confirmed_mark(found.row, shape.name) + _people_mark(store, model, found.row, shape.name)
            marks += _voided_mark(store, shape, found.row)
            lines.append((_(shape.title), text + marks))
    of_cell = members_of_cell(store, found)
    for name, child in model.CHILDREN.items():
        for row in found.children[name]:
            text = child_text(store, child, row) + _confirmed_mark(row)
            if child.model is Attendance and row["member_id"] not in of_cell:
                text += f" · {_('guest')}"
            lines.append((_(child.model.TITLE), text + _people_mark(store, child.model, row, "unit_id")))
    from fieldapp.records import attachments  # what reads photographs is not loaded for the first screen

    lines += [(_("Attached file"), a.sentence) for a in attachments.of_record(store, found.row["id"])]
    if found.row["voided_at"] is None and (not model.REFERENCE or store.identity.role == "hq"):
        rows = [(child, name, row) for name, child in model.CHILDREN.items() for row in found.children[name]]
        asked = unanswered(unit_codes.code_questions(store, model, found.row, rows), found.row.get("confirmed"))
        lines += [(_("To check"), f"{question.sentence} {_what_to_do(store, model)}") for question in asked]
    lines += persons.persons_lines(store, found.row) if model is Member else []
    if found.row["voided_at"] is not None:
        lines.append((voided_word(model), f"{local_instant(found.row['voided_at'])}: {found.row['void_reason']}"))
    return lines


def as_it_would_be(store: Store, kind: str, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A new record as ``describe`` would show it."""
    return describe(store, preview(store, kind, data, confirm=True))


def figures_of(store: Store, ids: Iterable[str]) -> dict[str, str]:
    """Activity's id -> its figures in one line: “185 lượt, 5 triệu đồng”; activities without figures are left out."""
    found: dict[str, list[str]] = {}
    for row in store.rows(
        "SELECT v.*, m.unit_name, m.decimals FROM activity_measure v JOIN measure m ON m.id = v.measure_id"
        " WHERE v.activity_id IN (SELECT value FROM json_each(?)) AND v.voided_at IS NULL ORDER BY v.id",
        [json.dumps([*ids])],
    ):
        found.setdefault(row["activity_id"], []).append(amount_text(row, row))
    return {row_id: ", ".join(texts) for row_id, texts in found.items()}


def texts_of_parts(store: Store, found: Found, seen: Mapping[str, Any]) -> dict[str, str]:
    """Some fields of a stored record in words, and of some sorts of lines those that were not seen; “–” for what is
    empty, was taken out, or has no words here.

    ``seen``: the name of each -> what was seen of it, in the form of ``records.as_data``.
    """
    model, data = BY_KIND[found.kind], as_data(found)
    fields = {shape.name for shape in fields_of(model)}
    texts = {}
    for name, before in seen.items():
        if name in model.CHILDREN:
            lines = zip(found.children[name], data[name], strict=True)
            new = [row for row, line in lines if line not in (before or [])]
            texts[name] = "; ".join(child_text(store, model.CHILDREN[name], row) for row in new)
        else:
            texts[name] = display(store, found.kind, [found.row], [name])[0][0] if name in fields else ""
    return {name: text or "–" for name, text in texts.items()}


def child_text(store: Store, child: Child, row: Row) -> str:
    """A row that belongs to a record, in words."""
    if child.editor == "measures":
        measure = store.row("SELECT * FROM measure WHERE id = ?", [row["measure_id"]])
        assert measure is not None
        until = f" ({format_date(date.fromisoformat(row['measured_on']))})" if row["measured_on"] else ""
        return f"{measure['name']}: {amount_text(row, measure)}{until}"
    if child.editor == "extras":
        field = store.row("SELECT * FROM kind_field WHERE id = ?", [row["kind_field_id"]])
        assert field is not None
        return f"{field['name']}: {extras.value_text(field, row['value'])}"
    text = " · ".join(t for t in display(store, child.model.KIND, [row], child.model.LIST)[0] if t)
    named = [shape for shape in fields_of(child.model) if shape.name != child.parent]
    return text + "".join(_voided_mark(store, shape, row) for shape in named)


def members_of_cell(store: Store, found: Found) -> set[str]:
    """The members who belong to the cell on the day of a meeting, by each record that says so."""
    if found.kind != Meeting.KIND:
        return set()
    on = date.fromisoformat(found.row["held_on"])
    roster = {row["id"] for row in lists.roster(store, found.row["party_cell_id"], on)}
    there = {row["member_id"] for row in found.children["attendance"]}
    return {member for member in there if not roster.isdisjoint(persons.who_stays(store, Member.KIND, [member]))}


def _confirmed_mark(row: Row, field: str = "") -> str:
    """The mark of an unusual value that the person who entered it confirmed; '' for others."""
    lines = (row.get("confirmed") or "").split("\n")
    return f" ({_('confirmed')})" if any(line and line.startswith(field) for line in lines) else ""


def _voided_mark(store: Store, shape: FieldShape, row: Row) -> str:
    """The mark of a reference to a record that was voided; '' for others."""
    if shape.ref is None or row[shape.name] is None:
        return ""
    for row_id in (row[shape.name], *persons.who_stays(store, shape.ref, [row[shape.name]])):
        named = store.row(f"SELECT * FROM {shape.ref} WHERE id = ?", [row_id])
        if named is not None and named["voided_at"] is not None:
            return f" ({voided_text(BY_KIND[shape.ref], named)})"
    return ""


def _people_mark(store: Store, model: type[Record], row: Row, field: str) -> str:
    """The mark of a divided unit whose people all went to one successor, unless the record names a successor."""
    shapes = {shape.name: shape for shape in fields_of(model)}
    is_unit = field in shapes and shapes[field].ref == "unit" and shapes[field].heir_of is None
    named = any(row[shape.name] for shape in shapes.values() if shape.heir_of == field)
    if not is_unit or model.REFERENCE or named or row[field] is None:
        return ""
    went = units.people_went(store, row[field])
    return f" ({went})" if went else ""


def _what_to_do(store: Store, model: type[Record]) -> str:
    """What to do about a unit that may have been given by the code of another."""
    if model.REFERENCE:
        return _("Choose the right unit; if it is right, choose another one, save, and choose it again.")
    if store.identity.role == "hq":
        return _("Return it to the post with a comment: the post corrects it, or confirms it.")
    return _("Choose the right unit; if it is right, save the record and confirm it.")
