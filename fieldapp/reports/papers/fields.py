"""The fields of papers: what ``{{name}}`` in a template means for a record.

A name is a title of the record's form in Vietnamese, without marks and with ``_`` between the words: ``{{ho_va_ten}}``.
The column's name and the English title mean the same. After a dot follow the fields of what a field refers to
(``{{dang_vien.nam_sinh}}``), or the parts of a day (``{{tu_ngay.thang}}``). A name that begins with that of a list
belongs to each of its rows: ``{{diem_danh.dang_vien}}``. Texts of records are data: the writer escapes them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, cached_property
from typing import Any

from fieldapp.domain.amounts import format_amount
from fieldapp.domain.assistance import MEASURES, Activity, ActivityMeasure, Event
from fieldapp.domain.body_names import post_in_full, unshouted
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import FieldShape, Record, fields_of
from fieldapp.domain.party import Attendance, Introduction, Meeting, Member
from fieldapp.domain.records import BY_KIND, PARENTS
from fieldapp.domain.reference import ActivityKind, Measure, PartyCell, Plan, Post, Unit
from fieldapp.domain.sentences import within
from fieldapp.i18n import _, everywhere, in_vietnamese
from fieldapp.records import extras, persons, view, words
from fieldapp.records.records import Found
from fieldapp.reports.figure_names import CALLED
from fieldapp.reports.files.template_parts import Values, name_key
from fieldapp.reports.letterhead import LayoutCode, Letterhead
from fieldapp.reports.sentences import of_unit
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import name_sort_key, search_key

CHOSEN = "danh_sach"
"""The list of the chosen records"""
HOW_MANY = "so_ban_ghi"
"""The number of the chosen records: “06”"""
NUMBER = "stt"
"""The number of a row in its list"""
POST = "post_id"
AMOUNT = "luong"
"""A figure with its unit: “2.385 lượt”"""


def day_in_words(day: date) -> str:
    """“ngày 05 tháng 02 năm 2026”."""
    day_part, month, year = (DAY_PARTS[name](day) for name in ("ngay", "thang", "nam"))
    return f"ngày {day_part} tháng {month} năm {year}"


DAY_PARTS: Mapping[str, Callable[[date], str]] = {
    "ngay": lambda day: f"{day.day:02d}",
    "thang": lambda day: f"{day.month:02d}" if day.month < 3 else str(day.month),
    "nam": lambda day: str(day.year),
    "chu": day_in_words,
}
"""Part of a day -> its text; leading zeros as Decree 30/2020/NĐ-CP wants them"""

_OF_THE_PARTY = re.compile(r"(dang (ui|bo|doan)|chi (bo|ui)|ban (thuong vu|chap hanh)|(tinh|thanh|huien|quan) ui)\b")
"""How names of bodies of the Party begin, by their search keys"""


def party_body(name: str) -> str:
    """The body of the Party at an office, for no office issues papers of the Party: “Đảng ủy Đồn Biên phòng Ia Rvê”. A
    body of the Party stays one."""
    plain = post_in_full(unshouted(name))
    return plain if not name or _OF_THE_PARTY.match(search_key(name)) else f"Đảng ủy {plain}"


def party_branch(name: str) -> str:
    """Those whom a body of the Party leads, where its members take part: “Đảng bộ Đồn Biên phòng Ia Rvê”."""
    return re.sub(r"^(Đảng|Chi) ủy\b", r"\1 bộ", party_body(name))


def _recipients(texts: Sequence[str], after: str) -> str:
    """A line for each, the last with a full stop."""
    plain = [text.rstrip(" ;,.") for text in texts]
    return f"{after}\n".join(f"- {text}" for text in plain if text) + "." * any(plain)


def _party_recipients(head: Letterhead) -> str:
    """Those of a paper of the Party: its body above in the place of the office above."""
    return _recipients([party_body(text) if text == head.superior else text for text in head.recipients], ",")


_ONE_LINE = 24
"""Letters of a body's name that stand in one line of a paper's head"""
_TERMS = re.compile(r"\b(bộ đội biên phòng|biên phòng|tỉnh (\S+ )?\S+$)", re.IGNORECASE)


def _broken_well(name: str) -> str:
    """A body's name of which no line of a head begins within “Bộ đội Biên phòng” or “tỉnh Đắk Lắk”."""
    if len(name) <= _ONE_LINE:
        return name
    return _TERMS.sub(lambda term: term[0].replace(" ", "\N{NO-BREAK SPACE}"), name)


SIGNER = "nguoi_ky"
HEAD_FIELDS: Mapping[str, Callable[[Letterhead], str]] = {
    "cap_tren": lambda head: _broken_well(post_in_full(head.superior)),
    "co_quan": lambda head: _broken_well(post_in_full(head.issuer)),
    "viet_tat": lambda head: head.sign.partition("-")[2],
    "dia_danh": lambda head: head.place,
    "thay_mat": lambda head: head.authority,
    "chuc_vu_nguoi_ky": lambda head: head.position,
    SIGNER: lambda head: head.signer,
    "noi_nhan": lambda head: _recipients(head.recipients, ";"),
    "noi_nhan_dang": _party_recipients,
    "to_chuc_dang": lambda head: _broken_well(party_body(head.issuer)),
    "to_chuc_dang_cap_tren": lambda head: _broken_well(party_body(head.superior)),
    "dang_bo": lambda head: party_branch(head.issuer),
}
"""Name -> a part of the letterhead"""
MAY_LACK = frozenset({"cap_tren", "thay_mat", "to_chuc_dang_cap_tren"})
"""Parts of a letterhead that many do not have: nothing stands there, not even dots"""
TODAY = "hom_nay"
TITLES = {
    "cap_tren": "Body above",
    "co_quan": "Issuing body",
    "viet_tat": "Its letters in the sign",
    "dia_danh": "Place of signing",
    "thay_mat": "In whose name",
    "chuc_vu_nguoi_ky": "Signer's position",
    SIGNER: "Signer",
    "noi_nhan": "Recipients",
    "noi_nhan_dang": "Recipients of a paper of the Party",
    "to_chuc_dang": "Issuing body of the Party",
    "to_chuc_dang_cap_tren": "Body of the Party above",
    "dang_bo": "Those whom the body of the Party leads",
    TODAY: "Today",
}
"""Name of a field that every paper has -> English message of what it is"""

SPAN = "thoi_gian"
LAST_DAY = "ngay_cuoi"
"""The end, or the one day: a paper about what was done bears this day, not that of printing"""
SPANNING = frozenset({Activity.KIND, Event.KIND})
"""Kinds whose records are of one day if they have no end"""
MEETING_NUMBERS = ("so_dang_vien", "so_co_mat", "so_vang", "so_vang_co_ly_do", "so_vang_khong_ly_do")
MEETING_LISTS = ("co_mat", "vang", "khach")
"""Who of the cell was there, and was not; who came as a guest"""
HANDED_OVER = "ban_giao"
SERVED = "phuc_vu"
_HAND_OVER = frozenset({"works", "in_kind", "cash", "quantity", "text"})
"""Natures of measures of what is handed over; figures of others say whom it serves, and who worked"""
MADE_LISTS: Mapping[str, tuple[str, ...]] = {
    Meeting.KIND: MEETING_LISTS,
    Activity.KIND: (HANDED_OVER, SERVED),
}
"""Kind -> names of lists that hold a part of the rows that belong to a record"""
IN_SENTENCE = "trong_cau"
"""A unit's name within a sentence: “xã Ia Lốp”"""
FULL_NAME = "ten_day_du"
"""A post's name without abbreviations: “Đồn Biên phòng Ia Rvê”"""
CELL_NAMES = ("ten_gon", FULL_NAME)
"""A cell's name without that of its commune, and with it: “Chi bộ thôn 8”, “Chi bộ thôn 8, xã Ia Lốp”"""

DOTS = "……"
"""Where nothing is known: to be filled in by hand"""
DAY_DOTS = "……/……/…………"
TEXT_DOTS = "…" * 8


def layout_of(kind: str) -> LayoutCode:
    """The letterhead of papers about records of a kind: that of the Party for its own matters."""
    return "party" if BY_KIND[kind].__module__ == Member.__module__ else "decree30"


def _body_key(name: str) -> str:
    return search_key(name).replace("bien phong", "bp")


class Context:
    """What the papers of one run share: the open replica, the letterhead, the day; rows that were read."""

    def __init__(self, store: Store, head: Letterhead, today: date) -> None:
        self.store = store
        self.today = today
        self._head = {name: text(head) or " " * (name in MAY_LACK) for name, text in HEAD_FIELDS.items()}
        self._rows: dict[tuple[str, str], Row | None] = {}

    def common(self, path: Sequence[str]) -> str | None:
        """A field that does not depend on a record; None where there is no such field."""
        if path[0] == TODAY:
            return _day_text(self.today, path[1:])
        return self._head.get(path[0]) if len(path) == 1 else None

    def row(self, kind: str, row_id: str) -> Row | None:
        """A record by its id; of a member the record that stays."""
        if (kind, row_id) not in self._rows:
            (stays,) = persons.who_stays(self.store, kind, [row_id])
            self._rows[kind, row_id] = self.store.row(f"SELECT * FROM {kind} WHERE id = ?", [stays])
        return self._rows[kind, row_id]

    @cached_property
    def bodies(self) -> frozenset[str]:
        """The names of posts and of the replica, as they are compared."""
        names = (row["name"] for row in self.store.rows("SELECT name FROM post"))
        return frozenset(map(_body_key, (*names, self.store.identity.name)))

    @cached_property
    def measures(self) -> dict[str, Row]:
        """The measures by their codes."""
        return {name_key(row["code"]): row for row in self.store.rows("SELECT * FROM measure")}

    @cached_property
    def own_fields(self) -> dict[str, list[Row]]:
        """The own fields of kinds of activity by their codes."""
        found: dict[str, list[Row]] = {}
        for row in self.store.rows("SELECT * FROM kind_field"):
            found.setdefault(name_key(row["code"]), []).append(row)
        return found


class RecordFields:
    """The fields of one record; without one, those of a kind, all empty."""

    def __init__(self, context: Context, kind: str, found: Found | None = None) -> None:
        self._context = context
        self.kind = kind
        self._found = found
        self._lists: dict[str, list[Values]] = {}

    def text(self, name: str) -> str | None:
        """The text for a name; None where there is no such field."""
        path = name_key(name).split(".")
        common = self._context.common(path)
        if common is not None:
            return common
        own = _text(self._context, self.kind, self._found.row if self._found else None, path)
        return own if own is not None else self._of_parts(path)

    def rows(self, name: str) -> Sequence[Values] | None:
        """The rows of the list that a name belongs to; one without content where the list is empty."""
        first, *rest = name_key(name).split(".")
        listed = _lists(self.kind).get(first)
        if not rest or listed is None:
            return None
        if listed not in self._lists:
            kind, rows = self._listed(listed)
            self._lists[listed] = [
                Item(self, _spoken(self.kind, listed), n, _RowFields(self._context, kind, row))
                for n, row in enumerate(rows or [None], start=1)
            ]
        return self._lists[listed]

    def _of_parts(self, path: Sequence[str]) -> str | None:
        """A field that is made of the rows which belong to the record."""
        if len(path) > 1:
            return None
        listed = _lists(self.kind).get(path[0])
        if listed is not None:
            return self._in_one(listed)
        if self.kind == Meeting.KIND and path[0] in MEETING_NUMBERS:
            return self._number(path[0]) if self._found and self._found.children["attendance"] else ""
        if self.kind == Activity.KIND:
            return self._figure(path[0])
        return None

    def _in_one(self, listed: str) -> str:
        """A list as one text."""
        if self._found is None:
            return ""
        kind, rows = self._listed(listed)
        if listed in MEETING_LISTS:
            named = [_text(self._context, kind, row, ["member_id"]) or "?" for row in rows]
            if not named and self._found.children["attendance"]:
                return "không"
            return "; ".join(
                f"{name} ({row['reason']})" if row["reason"] and listed == "vang" else name
                for name, row in zip(named, rows, strict=True)
            )
        if listed == SERVED:
            return "; ".join(_counted(self._context, row) for row in rows) or f"Số hộ hưởng lợi: {DOTS}"
        if listed == HANDED_OVER:
            return ", ".join(_told(self._context, row) for row in rows) or "không" * bool(
                self._found.children[MEASURES]
            )
        child = BY_KIND[self.kind].CHILDREN[listed]
        return "\n".join(view.child_text(self._context.store, child, row) for row in rows)

    def _listed(self, listed: str) -> tuple[str, list[Row]]:
        """The kind and the rows of a list."""
        if listed in MEETING_LISTS:
            return Attendance.KIND, self._attendance(listed)
        if listed in (HANDED_OVER, SERVED):
            return ActivityMeasure.KIND, self._figures(handed_over=listed == HANDED_OVER)
        child = BY_KIND[self.kind].CHILDREN[listed]
        rows = self._found.children[listed] if self._found else []
        return child.model.KIND, self._by_name(rows) if child.model is Attendance else rows

    def _by_name(self, rows: Sequence[Row]) -> list[Row]:
        named = {row["id"]: self._context.row(Member.KIND, row["member_id"]) for row in rows}
        return sorted(rows, key=lambda row: name_sort_key((named[row["id"]] or {}).get("full_name", "")))

    def _attendance(self, listed: str) -> list[Row]:
        if self._found is None:
            return []
        own = view.members_of_cell(self._context.store, self._found)
        return [
            row
            for row in self._by_name(self._found.children["attendance"])
            if (row["member_id"] in own) == (listed != "khach")
            and (row["status"] == "present") == (listed in ("co_mat", "khach"))
        ]

    def _figures(self, *, handed_over: bool) -> list[Row]:
        rows = self._found.children[MEASURES] if self._found else []
        measures = {row["id"]: row for row in self._context.measures.values()}
        return [row for row in rows if (measures[row["measure_id"]]["nature"] in _HAND_OVER) == handed_over]

    def _number(self, name: str) -> str:
        there, missing = self._attendance("co_mat"), self._attendance("vang")
        excused = sum(row["status"] == "excused" for row in missing)
        numbers = {
            "so_dang_vien": len(there) + len(missing),
            "so_co_mat": len(there),
            "so_vang": len(missing),
            "so_vang_co_ly_do": excused,
            "so_vang_khong_ly_do": len(missing) - excused,
        }
        return format_amount(numbers[name], 0)

    def _figure(self, code: str) -> str | None:
        """The figures of a measure, or the value of an own field, by its code."""
        measure, own = self._context.measures.get(code), self._context.own_fields.get(code, [])
        if measure is None and not own:
            return None
        if self._found is None:
            return ""
        if measure is not None:
            found = [row for row in self._found.children[MEASURES] if row["measure_id"] == measure["id"]]
            return "; ".join(words.amount_text(row, measure) for row in found)
        ids = {row["id"]: row for row in own}
        values = [row for row in self._found.children["extras"] if row["kind_field_id"] in ids]
        return "; ".join(extras.value_text(ids[row["kind_field_id"]], row["value"]) for row in values)


class _RowFields:
    """The fields of a row that belongs to a record."""

    def __init__(self, context: Context, kind: str, row: Row | None) -> None:
        self._context = context
        self._kind = kind
        self._row = row

    def text(self, name: str) -> str | None:
        return _text(self._context, self._kind, self._row, name_key(name).split("."))

    def rows(self, _name: str) -> None:
        return None


class Item:
    """A row of a list within what the list belongs to."""

    def __init__(self, whole: Values, names: frozenset[str], number: int, own: Values) -> None:
        self._whole = whole
        self._names = names
        self._number = number
        self._own = own

    def text(self, name: str) -> str | None:
        first, _dot, rest = name_key(name).partition(".")
        if not rest or first not in self._names:
            return self._whole.text(name)
        return str(self._number) if rest == NUMBER else self._own.text(rest)

    def rows(self, name: str) -> Sequence[Values] | None:
        return self._whole.rows(name)


class Together:
    """Several records on one paper: the list of them, and what is the same for all."""

    def __init__(self, records: Sequence[RecordFields]) -> None:
        self._records = records
        self._chosen: list[Values] = [
            Item(self, frozenset({CHOSEN}), number, record) for number, record in enumerate(records, start=1)
        ]
        self.different: set[str] = set()
        """Names of fields that are asked for and differ between the records"""

    def text(self, name: str) -> str | None:
        if name_key(name) == HOW_MANY:
            return f"{len(self._records):02d}"
        texts = {record.text(name): None for record in self._records}
        if len(texts) > 1:
            self.different.add(name)
        return next(iter(texts))

    def rows(self, name: str) -> Sequence[Values] | None:
        first, _dot, rest = name_key(name).partition(".")
        if first == CHOSEN and rest:
            return self._chosen
        if len(self._records) > 1 and self._records[0].rows(name) is not None:
            self.different.add(name)
        return self._records[0].rows(name)


def _text(context: Context, kind: str, row: Row | None, path: Sequence[str]) -> str | None:
    """A field of a record, along the records that it refers to; empty without a record, None for no such field."""
    first, *rest = path
    if kind == ActivityMeasure.KIND and path == [AMOUNT]:
        measure = context.row("measure", row["measure_id"]) if row else None
        return _amount_text(row, measure) if row and measure else ""
    if kind in SPANNING and first == LAST_DAY:
        last = (row["date_to"] or row["date_from"]) if row else None
        return _day_text(date.fromisoformat(last) if last else None, rest)
    if kind == Unit.KIND and path == [IN_SENTENCE]:
        return within(row["name"]) if row else ""
    if kind == PartyCell.KIND and len(path) == 1 and first in CELL_NAMES:
        return _cell_name(context, row, full=first == CELL_NAMES[1]) if row else ""
    if kind == Post.KIND and path == [FULL_NAME]:
        return post_in_full(row["name"]) if row else ""
    if kind in SPANNING and path == [SPAN]:
        return _span(row) if row else ""
    if kind == Plan.KIND and len(path) == 1 and first in PLAN_FIELDS:
        return PLAN_FIELDS[first](context, row) if row else ""
    shape = _shapes(kind).get(first)
    if shape is None:
        return None
    value = row[shape.name] if row else None
    if shape.ref is not None:
        named = context.row(shape.ref, value) if value is not None else None
        if rest:
            return _text(context, shape.ref, named, rest)
        label = words.labels(context.store, shape.ref, [named["id"]], short=True)[named["id"]] if named else ""
        return CALLED.get(label, label) if shape.ref in (ActivityKind.KIND, Measure.KIND) else label
    if shape.type == "date":
        return _day_text(date.fromisoformat(value) if value else None, rest)
    if rest:
        return None
    if kind == Member.KIND and shape.name == "position" and value and _body_key(value) in context.bodies:
        return ""  # a unit is no rank
    return words.display(context.store, kind, [row], [shape.name])[0][0] if row else ""


def _amount_text(row: Mapping[str, Any], measure: Row) -> str:
    """A figure with its unit, which is named in full: “600 lượt người” of “Lượt người khám, chữa bệnh”."""
    whole = within(measure["name"]).startswith(f"{measure['unit_name']} người")
    return words.amount_text(row, {**measure, "unit_name": f"{measure['unit_name']} người"} if whole else measure)


def _told(context: Context, row: Row) -> str:
    """A figure within a sentence: “17 hộ hưởng lợi”."""
    measure = context.row("measure", row["measure_id"])
    return of_unit(words.amount_text(row, measure), measure["unit_name"], measure["name"]) if measure else ""


def _counted(context: Context, row: Row) -> str:
    """A figure of those whom something serves: “Số hộ hưởng lợi: 17 hộ”."""
    measure = context.row("measure", row["measure_id"])
    if measure is None:
        return ""
    name = re.sub(r"^số ", "", within(measure["name"]), flags=re.IGNORECASE)
    return f"Số {name}: {_amount_text(row, measure)}"


def _cell_name(context: Context, cell: Row, *, full: bool) -> str:
    unit = context.row(Unit.KIND, cell["unit_id"])
    return cell_name(cell["name"], within(unit["name"]) if unit else "", full=full)


def cell_name(name: str, commune: str, *, full: bool) -> str:
    """A cell's name without its commune's, or with it at the end.

    The commune's is taken away only after a number: “Chi bộ thôn 8 Ia Lốp”. Otherwise it may be the hamlet's.
    """
    bare = re.escape(commune.partition(" ")[2])
    found = re.fullmatch(rf"(.*\d),? (xã )?{bare}", name, re.IGNORECASE) if bare else None
    short = found[1] if found else name
    return f"{short}, {commune}" if full and commune else short


def _span(row: Row) -> str:
    """When something was done: one day, unless an end is given."""
    first, last = row["date_from"], row["date_to"] or row["date_from"]
    days = [format_date(date.fromisoformat(day)) for day in (first, last)]
    return f"ngày {days[0]}" if first == last else f"từ ngày {days[0]} đến ngày {days[1]}"


def _target_of(context: Context, row: Row) -> str:
    """What a plan's target is set for."""
    fields = ("measure_id", "indicator", "activity_kind_id")
    texts = words.display(context.store, Plan.KIND, [row], fields, short=True)[0]
    return " · ".join(filter(None, texts))


def _target(context: Context, row: Row) -> str:
    measure = context.row("measure", row["measure_id"]) if row["measure_id"] else None
    if measure is None:
        return format_amount(row["target"], 0)
    return _amount_text({"amount": row["target"], "note": None, "approximate": False}, measure)


PLAN_FIELDS: Mapping[str, Callable[[Context, Row], str]] = {"chi_tieu_ve": _target_of, "muc_dat": _target}


def _day_text(day: date | None, parts: Sequence[str]) -> str | None:
    if not parts:
        return format_date(day) if day else ""
    if len(parts) > 1 or parts[0] not in DAY_PARTS:
        return None
    return DAY_PARTS[parts[0]](day) if day else ""


# names ------------------------------------------------------------------------------------------------------------


@cache
def _shapes(kind: str) -> dict[str, FieldShape]:
    """Each name of a field of a kind -> its shape. What two fields are called is the first one's name."""
    model = BY_KIND[kind]
    parent = PARENTS[kind][1].parent if kind in PARENTS else ""
    shapes = [s for s in fields_of(model) if s.name != parent]
    if not model.REFERENCE:
        shapes.append(FieldShape(POST, "Post", "ref", True, ref="post"))
    named: dict[str, FieldShape] = {}
    for shape in shapes:
        named.setdefault(name_key(shape.name), shape)
    for shape in shapes:
        for title in sorted(everywhere(shape.title)):
            named.setdefault(name_key(title), shape)
    return named


@cache
def _lists(kind: str) -> dict[str, str]:
    """Each name of a list of a kind -> the list: a name in ``Record.CHILDREN``, or one of ``MEETING_LISTS``."""
    named = {name: name for name in MADE_LISTS.get(kind, ())}
    for name, child in BY_KIND[kind].CHILDREN.items():
        for title in (name, *sorted(everywhere(child.model.PLURAL))):
            named.setdefault(name_key(title), name)
    return named


def is_of_list(kind: str, name: str) -> bool:
    """Whether a field is one of the rows that belong to a record, where not each has everything."""
    first, _dot, rest = name_key(name).partition(".")
    return bool(rest) and (first in _lists(kind) or rest.partition(".")[0] in _lists(kind))


def _spoken(kind: str, listed: str) -> frozenset[str]:
    return frozenset(name for name, meant in _lists(kind).items() if meant == listed)


def common_names() -> list[tuple[str, str]]:
    """(name, what it is) of the fields that every paper has: the letterhead, and today."""
    return [(name, _(title)) for name, title in TITLES.items()]


def title_of(kind: str, name: str) -> str:
    """What a field is, in words; of a field of what it refers to, that one's."""
    path = name_key(name).split(".")
    known = dict(common_names())
    while path:
        if path[0] in known:
            return known[path[0]]
        shape = _shapes(kind).get(path[0])
        if shape is None:
            path = path[1:]
        elif shape.ref is not None and len(path) > 1:
            kind, path = shape.ref, path[1:]
        else:
            return _(shape.title)
    return name


def blank_of(kind: str, name: str) -> str:
    """What is written where nothing is known: room for a day, a text, or a word."""
    path = name_key(name).split(".")
    if path == [SIGNER]:
        return TEXT_DOTS
    while path:
        shape = _shapes(kind).get(path[0])
        if shape is not None and len(path) == 1:
            if shape.type == "date":
                return DAY_DOTS
            return TEXT_DOTS if shape.type in ("text", "long") else DOTS
        if shape is not None and shape.ref is not None:
            kind = shape.ref
        path = path[1:]
    return DOTS


def in_order(context: Context, kind: str, rows: Sequence[Found]) -> list[Found]:
    """The chosen records as a list has them: introductions by the number of the letter, then the name; others stay."""
    if kind != Introduction.KIND:
        return list(rows)

    def order(found: Found) -> tuple[bool, int, Any]:
        number = re.match(r"\d+", found.row["letter_number"] or "")
        member = context.row(Member.KIND, found.row["member_id"]) or {}
        return number is None, int(number[0]) if number else 0, name_sort_key(member.get("full_name", ""))

    return sorted(rows, key=order)


def field_names(kind: str) -> Iterator[tuple[str, str]]:
    """(name, what it is) of the fields of papers about a kind, those of records it refers to included.

    Fields that every paper has are not among them.
    """
    model = BY_KIND[kind]
    yield from _own_names(model, "")
    spans = (SPAN, LAST_DAY)
    made = {Meeting: MEETING_NUMBERS, Plan: tuple(PLAN_FIELDS), Activity: spans, Event: spans}.get(model, ())
    yield from ((name, "") for name in made)
    for listed in (*MADE_LISTS.get(kind, ()), *model.CHILDREN):
        parts = listed not in model.CHILDREN
        child = (
            model.CHILDREN["attendance" if model is Meeting else MEASURES].model
            if parts
            else model.CHILDREN[listed].model
        )
        spoken = listed if parts else _vietnamese(child.PLURAL)
        yield f"{spoken}.{NUMBER}", _(child.PLURAL)
        if child is ActivityMeasure:
            yield f"{spoken}.{AMOUNT}", _(child.PLURAL)
        yield from _own_names(child, f"{spoken}.")


def _own_names(model: type[Record], before: str, *, follow: bool = True) -> Iterator[tuple[str, str]]:
    """``follow``: with those of the records that it refers to."""
    named = _shapes(model.KIND)
    for shape in dict.fromkeys(named.values()):
        spoken = _vietnamese(shape.title)
        name = spoken if named[name_key(spoken)] is shape else shape.name
        if shape.name == POST and before:
            continue
        yield f"{before}{name}", _(shape.title)
        if shape.ref is not None and follow:
            yield from _own_names(BY_KIND[shape.ref], f"{before}{name}.", follow=False)


def _vietnamese(title: str) -> str:
    """A title in Vietnamese as a name in a template: “Họ và tên” is ``ho_va_ten``."""
    return name_key(in_vietnamese(title))
