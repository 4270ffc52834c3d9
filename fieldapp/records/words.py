"""Records in words: texts for people, made from rows, references, figures and times."""

import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from fieldapp.domain import lengths
from fieldapp.domain.amounts import format_amount, format_money
from fieldapp.domain.dates import format_date, read_instant
from fieldapp.domain.model import FieldShape, Record, fields_of
from fieldapp.domain.party import Member
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.reference import PartyCell, Post
from fieldapp.domain.sentences import within
from fieldapp.escaping import brief_text
from fieldapp.i18n import _
from fieldapp.store import wall
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import spelling

MOST_TOLD = 2
"""Most fields that are added to a label to tell it from another"""


def labels(
    store: Store, kind: str, ids: Iterable[str], short: bool = False, without: str | None = None
) -> dict[str, str]:
    """Id -> label, the name of a record for people: its label fields, joined by “ · ”.

    References are shown by their own labels. ``short``: the first label field only. ``without``: all label fields but
    this one, references by the first of theirs. A member's record that gave way to another one of the same person is
    marked.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    model = BY_KIND[kind]
    rows = _rows(store, kind, wanted)
    fields = model.LABEL[:1] if short else [field for field in model.LABEL if field != without]
    shown = display(store, kind, rows, fields, short or without is not None)
    if kind == PartyCell.KIND and "unit_id" in fields:
        former = _former_parts(store, [row["unit_id"] for row in rows])
        for row, texts in zip(rows, shown, strict=True):
            places, gone = texts[-1].split(" · "), former.get(row["unit_id"])
            if gone is not None and gone < len(places):  # “Xã Ia Rvê · Huyện Ea Súp (cũ)”
                places[gone] += f" ({_('former')})"
                texts[-1] = " · ".join(places)
    named = {row["id"]: " · ".join(t for t in texts if t) for row, texts in zip(rows, shown, strict=True)}
    if kind == Member.KIND and any(row["same_as_id"] for row in rows):
        gave_way = "SELECT member_id FROM member_merged WHERE member_id IN (SELECT value FROM json_each(?))"
        for row in store.rows(gave_way, [json.dumps(wanted)]):
            named[row["member_id"]] += f" ({_('merged')})"
    return named


def post_names(store: Store) -> Mapping[str, str]:
    """Id -> name of each post. Where two have one name, with the commune, else the code: “Đồn BP Ia Lốp (xã Ia Lốp)”.

    Of a post that is in use only others in use count as having its name.
    """
    return store.cached_until_changed("names of posts", lambda: _post_names(store))


def _post_names(store: Store) -> dict[str, str]:
    rows = store.rows("SELECT id, name, voided_at FROM post")
    named = {row["id"]: row["name"] for row in rows}
    in_use = {row["id"]: row["name"] for row in rows if row["voided_at"] is None}
    told = told_apart(store, Post.KIND, named) | told_apart(store, Post.KIND, in_use)
    apart = {row_id: told[row_id].removeprefix(name).split(" · ")[1:] for row_id, name in named.items()}
    return {
        row_id: f"{name} ({', '.join(map(within, apart[row_id]))})" if apart[row_id] else name
        for row_id, name in named.items()
    }


def _former_parts(store: Store, ids: Iterable[str]) -> dict[str, int]:
    """Unit -> which part of its label is there no more today: 0 for itself, 1 for what it belonged to, where it goes on
    by its code and name, as a commune does of which only the district is gone."""
    sql = """
        SELECT u.id, n.id IS NOT NULL AS goes_on, p.valid_to < :day AS parent_gone FROM unit u
        LEFT JOIN unit p ON p.id = u.parent_id
        LEFT JOIN unit n ON n.code = u.code AND n.level = u.level AND n.name = u.name AND n.voided_at IS NULL
            AND n.valid_from <= :day AND coalesce(n.valid_to, :day) >= :day
        WHERE u.valid_to < :day AND u.id IN (SELECT value FROM json_each(:ids))
    """
    rows = store.rows(sql, {"day": wall.today().isoformat(), "ids": json.dumps([*ids])})
    return {row["id"]: row["goes_on"] for row in rows if row["parent_gone"] or not row["goes_on"]}


def posts_of(store: Store, rows: Iterable[Row]) -> dict[str, str]:
    """Id -> name of the posts that wrote these rows; of reference data there is none."""
    ids = {row["post_id"] for row in rows if row.get("post_id")}
    named = post_names(store) if ids else {}
    return {post_id: named[post_id] for post_id in ids & named.keys()}


def labels_with_post(store: Store, kind: str, ids: Sequence[str]) -> dict[str, str]:
    """Id -> label; at headquarters the post's name follows it."""
    named = labels(store, kind, ids)
    if store.role != "hq" or BY_KIND[kind].REFERENCE:
        return named
    rows = _rows(store, kind, ids)
    posts = posts_of(store, rows)
    return {row["id"]: f"{named[row['id']]} · {posts[row['post_id']]}" for row in rows}


def list_lines(store: Store, kind: str, ids: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    """Id -> (day, name, post) of a record for a list of several kinds: its label without its day, and the post's name.

    The day and the post are empty where a kind has none.
    """
    rows = _rows(store, kind, ids)
    day = BY_KIND[kind].first_day()
    days = display(store, kind, rows, [day]) if day else [[""]] * len(rows)
    named = labels(store, kind, [row["id"] for row in rows], without=day or "")
    posts = posts_of(store, rows)
    return {
        row["id"]: (text, named[row["id"]], posts.get(row.get("post_id", ""), ""))
        for row, (text,) in zip(rows, days, strict=True)
    }


def told_apart(store: Store, kind: str, named: Mapping[str, str]) -> dict[str, str]:
    """Id -> label. Where two records have one name, with what tells them apart: a year of birth, a cell, a hamlet.

    Where their labels are still the same, with what else differs: a code, a day, the post, the moment of entry.
    """
    model, told = BY_KIND[kind], dict(named)
    known = {*model.LABEL, *model.APART, *model.LATER}
    further = [s.name for s in fields_of(model) if s.type != "long" and s.name not in known]
    _tell_apart(store, kind, told, model.APART, _name_in)
    _tell_apart(store, kind, told, further, str)
    for ids in _alike(told, str):
        for row in _rows(store, kind, ids):
            post = posts_of(store, [row])
            told[row["id"]] = " · ".join([told[row["id"]], *post.values(), local_instant(row["created_at"])])
    return told


def _tell_apart(
    store: Store, kind: str, told: dict[str, str], fields: Sequence[str], same: Callable[[str], Hashable]
) -> None:
    """Add to labels that are the same what differs in these fields."""
    shapes = {s.name: s for s in fields_of(BY_KIND[kind])}
    for ids in _alike(told, same) if fields else ():
        rows = _rows(store, kind, ids)
        shown = display(store, kind, rows, fields, short=True)
        differing = [at for at in range(len(fields)) if len({texts[at] for texts in shown}) > 1]
        for row, texts in zip(rows, shown, strict=True):
            added = [_with_title(shapes[fields[at]], texts[at]) for at in differing[:MOST_TOLD] if texts[at]]
            told[row["id"]] = " · ".join([told[row["id"]], *added])


def _alike(told: Mapping[str, str], same: Callable[[str], Hashable]) -> list[list[str]]:
    groups: dict[Hashable, list[str]] = {}
    for row_id, label in told.items():
        groups.setdefault(same(label), []).append(row_id)
    return [ids for ids in groups.values() if len(ids) > 1]


def _rows(store: Store, kind: str, ids: Iterable[str]) -> list[Row]:
    return store.rows(f"SELECT * FROM {kind} WHERE id IN (SELECT value FROM json_each(?))", [json.dumps([*ids])])


def _name_in(label: str) -> Hashable:
    """What two labels have in common if the names in them are the same, whatever the habit of placing tones."""
    return spelling(label.partition(" · ")[0])


def _with_title(shape: FieldShape, text: str) -> str:
    """A value that says by itself nothing, such as a number, with the title of its field."""
    bare = shape.type in ("date", "year", "integer", "boolean") or shape.name == "code"
    return f"{_(shape.title)} {text}" if bare else text


def display(
    store: Store, kind: str, rows: Sequence[Row], fields: Sequence[str], short: bool = False
) -> list[list[str]]:
    """The texts of some fields, for each row: dates, choices and references in words.

    ``short``: references are shown by the first of their label fields, for the columns of a list.
    """
    shapes = {s.name: s for s in fields_of(BY_KIND[kind])}
    named: dict[str, dict[str, str]] = {}
    for field in fields:
        ref = shapes[field].ref
        if ref is not None:
            ids = {row[field] for row in rows if row[field] is not None}
            about_person = ref == Member.KIND and field not in BY_KIND[kind].LATER
            named[field] = _labels_of_persons(store, ids, short) if about_person else labels(store, ref, ids, short)
    scaled = {f: _decimals(store, shapes[f], rows) for f in fields}
    return [
        [field_text(shapes[f], row[f], named.get(f, {}), decimals=scaled[f][at]) for f in fields]
        for at, row in enumerate(rows)
    ]


def _labels_of_persons(store: Store, members: Iterable[str], short: bool) -> dict[str, str]:
    """Member -> label of the person: where the member's record gave way, of the one who stays."""
    rows = store.rows(
        "SELECT member_id, id FROM person WHERE member_id IN (SELECT value FROM json_each(?))", [json.dumps([*members])]
    )
    named = labels(store, Member.KIND, [row["id"] for row in rows], short)
    return {row["member_id"]: named[row["id"]] for row in rows}


def _decimals(store: Store, shape: FieldShape, rows: Sequence[Row]) -> list[int]:
    """The decimals of an integer field in each row: those of the measure or of the field that scales it."""
    if shape.scaled_by is None:
        return [0] * len(rows)
    by = [row[shape.scaled_by] for row in rows]
    known = {b: store.value("SELECT decimals FROM measure WHERE id = ?", [b]) for b in by if isinstance(b, str)}
    return [int((known[b] if isinstance(b, str) else b) or 0) for b in by]


def field_text(shape: FieldShape, value: Any, named: Mapping[str, str], *, decimals: int = 0) -> str:
    """The value of a field as a person reads it; ``named``: words for the ids of references."""
    if value is None:
        return ""
    if shape.type == "ref":
        return named.get(value, "?")
    if shape.type == "date":
        return format_date(date.fromisoformat(value))
    if shape.type == "choice":
        return _(choice_title(value))
    if shape.type == "boolean":
        return _("yes") if value else _("no")
    if shape.type == "integer":
        return format_amount(value, decimals)
    text = str(value)
    return text if len(text) <= lengths.LONG else brief_text(text)  # a file in base64 is nothing to read


def choice_title(value: str) -> str:
    """The English message of a choice's code, which the catalogues translate: ``women_union`` -> ``Women union``."""
    return value.replace("_", " ").capitalize()


def voided_word(model: type[Record]) -> str:
    """The word for a voided record: reference data is “retired”, other records are “voided”."""
    return _("Retired") if model.REFERENCE else _("Voided")


def marked_if_voided(kind: str, text: str, voided: bool) -> str:
    """A record in a list, with the word for a voided one: “[đã hủy] Lê Văn Sáu”."""
    return f"[{voided_word(BY_KIND[kind]).lower()}] {text}" if voided else text


def voided_text(model: type[Record], row: Row) -> str:
    """When and why a record was voided: “đã hủy 12/11/2026: ghi trùng”."""
    moment = read_instant(row["voided_at"])
    day = brief_text(row["voided_at"]) if moment is None else format_date(moment.date())
    return f"{voided_word(model).lower()} {day}" + (f": {brief_text(row['void_reason'])}" if row["void_reason"] else "")


def amount_text(row: Mapping[str, Any], measure: Mapping[str, Any]) -> str:
    """A figure of an activity in words: “2.385 lượt”, “70 triệu đồng”, “khoảng 20 xe”, “hàng chục lượt”."""
    if row["amount"] is None:
        return f"{row['note'] or _('not known')} {measure['unit_name']}".strip()
    if measure["unit_name"] == "đồng":
        text = format_money(row["amount"])
    else:
        text = f"{format_amount(row['amount'], measure['decimals'])} {measure['unit_name']}"
    return _("about {amount}").format(amount=text) if row["approximate"] else text


def local_instant(at: str) -> str:
    """An instant in this laptop's time: “25/11/2026 07:48”; a text that is none stays as it is."""
    moment = read_instant(at)
    return brief_text(at) if moment is None else f"{format_date(moment.date())} {moment:%H:%M}"
