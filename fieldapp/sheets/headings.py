"""What the columns of a table mean: finds the line of headings, and what each heading stands for in a record."""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import get_args

from fieldapp.domain.assistance import Activity, TargetType
from fieldapp.domain.model import FieldShape, Record, fields_of
from fieldapp.errors import FieldappError
from fieldapp.i18n import _, everywhere
from fieldapp.records.words import choice_title
from fieldapp.sheets import marks
from fieldapp.sheets.cells import SheetTable, cell_text
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import clean, search_key

LOOKED_AT = 60
"""The headings are among this many first lines"""
LONGEST = 200
"""Characters of a heading that are looked at"""


@dataclass(frozen=True)
class FieldTarget:
    """A field of the record."""

    name: str
    counted: bool = False
    """a whole number with a fixed unit: another unit in brackets would make it another number"""


@dataclass(frozen=True)
class ParentTarget:
    """The larger unit that a unit belongs to, in a column of its own."""

    name: str
    """the field that names the unit"""


@dataclass(frozen=True)
class FigureTarget:
    """A figure of an activity."""

    measures: Mapping[str, int]
    """Id of each measure that the heading may mean -> how well it fits; less is better. The kind of the activity
    decides which one it is"""
    times: str = ""
    """the word for thousands or millions in the heading, such as ``triệu``"""


@dataclass(frozen=True)
class ExtraTarget:
    """An extra field of a kind of activity."""

    name: str
    """its code or name"""


@dataclass(frozen=True)
class BodiesTarget:
    """Bodies of one type that an activity strengthened or helped."""

    target_type: str


@dataclass(frozen=True)
class MarkTarget:
    """A column that this program wrote, in a sheet of refused rows."""

    name: str


ColumnTarget = FieldTarget | ParentTarget | FigureTarget | ExtraTarget | BodiesTarget | MarkTarget


@dataclass(frozen=True)
class SheetColumn:
    """One column that is understood."""

    at: int
    heading: str
    target: ColumnTarget


@dataclass(frozen=True)
class Layout:
    """How a table is to be read."""

    model: type[Record]
    line: int
    """index of the row of headings"""
    headings: Sequence[str]
    columns: Sequence[SheetColumn]
    unknown: Sequence[int]
    """columns whose heading the program does not know, from 0"""
    hidden: Sequence[int] = ()
    """columns that are understood and left out, because they are hidden on the sheet, from 0"""


class UnclearColumns(FieldappError):
    """The headings are found, and a person has to say what some columns mean before anything can be read."""

    def __init__(self, sentence: str, table: SheetTable, layout: Layout) -> None:
        super().__init__(sentence)
        self.table = table
        self.layout = layout


NUMBERING = frozenset({"stt", "tt", "so tt", "so thu tu", "thu tu", "no"})
"""Headings of columns that only count the lines"""

_STACK = 3
"""Headings may be in so many lines, one below the other"""
OF_PROGRAM = re.compile(r"[A-Z][A-Z0-9_]*")
"""Names of columns as CSPro exports them"""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
"""Where a word begins in ``NgayCong``, as Epi Info names fields"""
_BESIDE = re.compile(r"^\(?\d{1,2}[.)]\s*|\s*[(\[][\d⁰¹²³⁴⁵⁶⁷⁸⁹*]{1,2}[)\]]$|[\s*†⁰¹²³⁴⁵⁶⁷⁸⁹]+$")
"""The number of a heading, and the mark of a note after it"""
_UNIT = re.compile(r"[(\[]([^()\[\]]*)[)\]]|,?\s*(?:đvt|ĐVT|đơn vị tính)\s*:?\s*(.+)$")
_TIMES = {
    "nghin": "nghìn", "ngan": "nghìn", "1000": "nghìn", "trieu": "triệu", "tr": "triệu", "ti": "tỷ",
}  # fmt: skip
_COUNTING = re.compile(r"^(?:tong so|tong|so luong|so) ")

# How well a heading fits; less is better
EXACT, CODE, ALIAS, BEGINNING, UNIT = range(5)


@dataclass(frozen=True)
class Meant:
    """What a heading may mean."""

    grade: int
    target: ColumnTarget
    written: str
    """as it is written"""
    lenient: bool = False
    """a person has entered it, perhaps without marks"""


Vocabulary = Mapping[str, Sequence[Meant]]
"""Key of a heading -> what it may mean"""

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_WORD = re.compile(r"[^\W_]+")
_PERIODS = frozenset({"thang", "nam", "qui", "tuan", "ki"})
"""Headings that say when, though figures are counted in such units"""
_WHOLE = frozenset({"tien", "met", "phong", "luot"})
"""First words of figures' names that mean the figure alone; of most, the first word is half of one: công (trình)"""
_OF_FIGURES = "measures."
"""Beginning of a field of ``headings.csv`` that is a figure"""


def find_layout(
    store: Store,
    model: type[Record],
    tables: Sequence[SheetTable],
    chosen: Mapping[str, str | None],
    *,
    hidden: bool = False,
) -> tuple[SheetTable, Layout]:
    """The table that has headings, and how to read it; FieldappError if none has.

    ``chosen``: heading -> field as ``field_named`` takes it, or None to leave the column out. ``hidden``: take hidden
    columns too, not only those that are chosen.
    """
    known = _Known(_vocabulary(store, model))
    explicit = {search_key(h): None if f is None else field_named(store, model, f) for h, f in chosen.items()}
    left_out = {key for key, target in explicit.items() if target is None}
    best: tuple[int, SheetTable, Layout] | None = None
    for table in tables:
        width = max(map(len, table.rows), default=0)
        unseen = frozenset[int]() if hidden else table.hidden_columns
        for line in range(min(len(table.rows), LOOKED_AT)):
            own = [clean(cell_text(table.cell(line, at))[:LONGEST]) for at in range(width)]
            for headings in (own, _stacked(table, line, own, known)):
                layout = _layout(model, line, headings, known, explicit, unseen)
                found = len({repr(c.target) for c in layout.columns if not isinstance(c.target, MarkTarget)})
                found += len(left_out & {*map(search_key, headings)})
                if best is None or found > best[0]:
                    best = (found, table, layout)
        if best is not None and best[0] >= _enough(best[2]):
            break
    if best is None or best[0] < _enough(best[2]):
        listed = ", ".join(f"“{_(shape.title)}”" for shape in fields_of(model) if shape.required)
        sentence = _("No line of headings was found. One is needed that names at least: {columns}.")
        others = ", ".join(tables[0].others) if tables else ""
        more = _("Sheets that were not looked at: {others}; one is named by --sheet.").format(others=others)
        raise FieldappError(" ".join([sentence.format(columns=listed), *([more] if others else [])]))
    missed = sorted(h for h in chosen if search_key(h) not in {search_key(x) for x in best[2].headings})
    if missed:
        listed = ", ".join(f"“{clean(heading)}”" for heading in missed)
        raise FieldappError(_("The sheet has no column {columns}, which the map names.").format(columns=listed))
    _check_twice(best[1], best[2])
    return best[1], best[2]


def _enough(layout: Layout) -> int:
    return 1 if len([h for h in layout.headings if h]) <= 2 else 2


def field_named(store: Store, model: type[Record], text: str) -> ColumnTarget:
    """What a field in a map means: a field's name or label, ``measures.CODE``, ``extras.CODE``, ``targets.TYPE``."""
    sort, _dot, name = clean(text).partition(".")
    if issubclass(model, Activity) and name:
        if sort == "measures":
            row = store.row("SELECT id FROM measure WHERE code = ? AND voided_at IS NULL", [name])
            if row is not None:
                return FigureTarget({row["id"]: EXACT})
        elif sort == "extras":
            return ExtraTarget(name)
        elif sort == "targets" and name in get_args(TargetType):
            return BodiesTarget(name)
    shapes = {shape.name: shape for shape in fields_of(model)}
    for candidate in (text, f"{text}_id"):
        if candidate in shapes:
            return _field(shapes[candidate])
    known = _vocabulary(store, model).get(search_key(text), ())
    found = [meant.target for meant in known if not isinstance(meant.target, MarkTarget)]
    if not found:
        fields = ", ".join(sorted(shapes))
        raise FieldappError(
            _("There is no field “{field}”. Fields: {fields}.").format(field=clean(text), fields=fields)
        )
    return found[0]


def _field(shape: FieldShape) -> FieldTarget:
    return FieldTarget(shape.name, shape.type == "integer")


class _Known:
    """What headings may mean, each looked up once."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._meanings: dict[str, tuple[int, ColumnTarget | None]] = {}

    def meaning(self, heading: str) -> tuple[int, ColumnTarget | None]:
        """How well a heading fits, and what it means, perhaps without numbers and marks beside it, or with its words
        apart; None if nothing."""
        if heading not in self._meanings:
            tried = dict.fromkeys([heading, _BESIDE.sub("", heading), _HUMP.sub(" ", heading)])
            found = (_meaning(text, self._vocabulary) for text in tried)
            grade, target = next((meant for meant in found if meant[1]), (UNIT, None))
            # where a column of codes has one of their words beside it, the words count
            self._meanings[heading] = 2 * grade + (OF_PROGRAM.fullmatch(heading) is not None), target
        return self._meanings[heading]


def _stacked(table: SheetTable, line: int, own: Sequence[str], known: _Known) -> list[str]:
    """The headings of a line together with those of the lines above, where it has none or goes on with their words."""
    headings = [*own]
    for up in range(1, _STACK):
        if line < up:
            break
        above = [clean(cell_text(table.cell(line - up, at))[:LONGEST]) for at in range(len(own))]
        for at, text in enumerate(above):
            joined = f"{text} {headings[at]}".strip()
            if text and text != headings[at] and known.meaning(headings[at])[1] is None and known.meaning(joined)[1]:
                headings[at] = joined
    return headings


def _layout(
    model: type[Record],
    line: int,
    headings: Sequence[str],
    known: _Known,
    explicit: Mapping[str, ColumnTarget | None],
    unseen: Collection[int],
) -> Layout:
    columns, unknown, hidden = [], [], []
    for at, heading in enumerate(headings):
        key = search_key(heading)
        if not key or key in NUMBERING:
            continue
        if key in explicit:
            target = explicit[key]
            if isinstance(target, FigureTarget):  # the heading still says in which unit
                target = replace(target, times=times_of(unit_in(heading)))
            if target is not None:
                columns.append((EXACT, SheetColumn(at, heading, target)))
            continue
        grade, target = known.meaning(heading)
        if target is None:
            unknown.append(at)
        elif at in unseen and not isinstance(target, MarkTarget):
            hidden.append(at)
        else:
            columns.append((grade, SheetColumn(at, heading, target)))
    kept, lost = _best(columns)
    return Layout(model, line, headings, kept, sorted([*unknown, *lost]), hidden)


def _best(columns: Sequence[tuple[int, SheetColumn]]) -> tuple[list[SheetColumn], list[int]]:
    """Of several columns with the same meaning those that fit best, and the places of the others."""
    best: dict[str, int] = {}
    for grade, column in columns:
        key = repr(column.target)
        best[key] = min(grade, best.get(key, grade))
    kept = [column for grade, column in columns if grade == best[repr(column.target)]]
    return kept, [column.at for grade, column in columns if grade > best[repr(column.target)]]


def _check_twice(table: SheetTable, layout: Layout) -> None:
    seen: dict[str, SheetColumn] = {}
    for column in layout.columns:
        if isinstance(column.target, ParentTarget):
            continue
        first = seen.setdefault(repr(column.target), column)
        if first is not column:
            if search_key(first.heading) == search_key(column.heading):  # no map can tell them apart
                sentence = _("The columns “{first}” and “{second}” ({n1} and {n2}) have the same heading. Rename or"
                             " delete one of them.")  # fmt: skip
            else:
                sentence = _("The columns “{first}” and “{second}” ({n1} and {n2}) mean the same. Give by --map which"
                             " one counts.")  # fmt: skip
            sentence = sentence.format(
                first=first.heading, second=column.heading, n1=letters(first.at), n2=letters(column.at)
            )
            raise UnclearColumns(sentence, table, layout)


def letters(at: int) -> str:
    """The name of a column as a spreadsheet shows it: 0 is ``A``, 26 ``AA``."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _meaning(heading: str, known: Vocabulary) -> tuple[int, ColumnTarget | None]:
    """How well a heading fits, and what it means; None if it means nothing known.

    A unit in brackets must be that of the figure, or mean thousands or millions: “Gạo (tấn)” is not a figure in kg.
    """
    for text, unit in ((heading, ""), *_without_unit(heading)):
        key = search_key(text)
        counted = _COUNTING.sub("", key)
        for name in (key, counted, key.replace("gia tri", "tri gia")):
            fitting = [
                (meant.grade, meant.target)
                for meant in known.get(name, ())
                if _in_unit(meant.target, unit, known)
                and not (key in _PERIODS and isinstance(meant.target, FigureTarget))
                and (name == key or name != counted or _is_figure(meant.target))
                and (name not in (key, counted) or _spelled_alike(text, meant))
            ]
            if fitting:
                grade, target = min(fitting, key=lambda found: found[0])
                figures = [t for g, t in fitting if isinstance(t, FigureTarget)]
                if isinstance(target, FigureTarget):
                    target = FigureTarget(_together(figures), times_of(unit))
                return grade, target
    return UNIT, None


def _is_figure(target: ColumnTarget) -> bool:
    """Whether “number of” before a heading leaves its meaning: “Số ngày” is no day."""
    return isinstance(target, FigureTarget | ExtraTarget) or (isinstance(target, FieldTarget) and target.counted)


def _spelled_alike(heading: str, meant: Meant) -> bool:
    """Whether the words of a heading have the marks of what they are taken for: “Số tổ” is no “tờ”, “Điện” no “diện”.

    Words without marks may be any.
    """
    if meant.lenient and meant.written.isascii():
        return True
    words = [*map(_marked, _WORD.findall(meant.written))]
    own = [*map(_marked, _WORD.findall(heading))][-len(words) :]
    return all(mine == other for mine, other in zip(own, words, strict=False) if mine is not None)


def _marked(word: str) -> tuple[str, str] | None:
    """The beginning of a word (đ is no d), and its tone, wherever that is written: Hòa, Hoà; None without any mark."""
    if word.isascii():
        return None
    apart = unicodedata.normalize("NFD", word.casefold())
    return apart[0], "".join(c for c in apart if c in _TONES)


def _without_unit(heading: str) -> Iterator[tuple[str, str]]:
    heading = heading[:LONGEST]
    found = _UNIT.search(heading)
    if found:
        yield _UNIT.sub(" ", heading), (found[1] or found[2] or "")


def unit_in(heading: str) -> str:
    """The unit that a heading names itself: “Gạo (kg)”."""
    return next((unit for _text, unit in _without_unit(heading)), "")


_NOT_UNIT = re.compile(r"(?!1\.?000|m[23²³]\b).*\d.*|.*[.;:!?].*\s.*")
_UNIT_WORDS = 3


def is_unit(text: str) -> bool:
    """Whether a cell may name a unit: a few words without a number."""
    bare = text[: LONGEST + 1].strip("() ")
    return 0 < len(bare) <= LONGEST and len(bare.split()) <= _UNIT_WORDS and _NOT_UNIT.fullmatch(bare.lower()) is None


def times_of(unit: str) -> str:
    """The word for thousands or millions in a unit of money: “triệu đồng”, “1.000đ”, “tr.đ”."""
    key = search_key(unit).replace(" ", "")
    bare = re.sub(r"(dong|vnd|d)$", "", key)
    return _TIMES.get(bare, "")


def _in_unit(target: ColumnTarget, unit: str, known: Vocabulary) -> bool:
    """Whether the unit in a heading's brackets fits what the column would mean."""
    if not search_key(unit) or isinstance(target, MarkTarget):
        return True
    if isinstance(target, FieldTarget):
        return not target.counted
    if not isinstance(target, FigureTarget):
        return True
    compact = search_key(unit).replace(" ", "")
    key = "dong" if times_of(unit) or compact in ("d", "vnd") else search_key(unit)
    return any(
        isinstance(other.target, FigureTarget) and other.target.measures.keys() & target.measures.keys()
        for other in known.get(key, ())
        if other.grade == UNIT
    )


def _together(figures: Sequence[FigureTarget]) -> dict[str, int]:
    measures: dict[str, int] = {}
    for figure in figures:
        for measure, grade in figure.measures.items():
            measures[measure] = min(grade, measures.get(measure, grade))
    return measures


def _vocabulary(store: Store, model: type[Record]) -> Vocabulary:
    """Every heading that is understood for a kind of record."""
    known: dict[str, list[Meant]] = {}

    def add(text: str, grade: int, target: ColumnTarget, *, lenient: bool = False) -> None:
        key = search_key(text)
        if key:
            known.setdefault(key, []).append(Meant(grade, target, text, lenient))

    for mark in marks.MARKS:
        for text in everywhere(mark):
            add(text, EXACT, MarkTarget(mark))
    fields = {shape.name: shape for shape in fields_of(model)}
    for shape in fields.values():
        for text in everywhere(shape.title):
            add(text, EXACT, _field(shape))
        for text in {shape.name, shape.name.removesuffix("_id")}:
            add(text, CODE, _field(shape))
    if issubclass(model, Activity):
        for measure in store.rows("SELECT id, code, name, unit_name FROM measure WHERE voided_at IS NULL"):
            _add_measure(known, measure)
        for row in store.rows("SELECT DISTINCT code, name FROM kind_field WHERE voided_at IS NULL ORDER BY name"):
            add(row["name"], EXACT, ExtraTarget(row["name"]), lenient=True)
            add(row["code"], CODE, ExtraTarget(row["name"]))
        for target_type in get_args(TargetType):
            for title in everywhere(choice_title(target_type)):
                for doing in ("được củng cố", "củng cố", "được giúp", "giúp"):
                    add(f"{title} {doing}", ALIAS, BodiesTarget(target_type))
    for field, heading in _aliases():
        name = field.rstrip("/")
        if name in fields:
            add(heading, ALIAS, ParentTarget(name) if field.endswith("/") else _field(fields[name]))
    return known


def _add_measure(known: dict[str, list[Meant]], measure: Row) -> None:
    """Add what people call a measure: its name, its first words, its code, its unit, what ``headings.csv`` has."""
    name, unit = measure["name"], measure["unit_name"]
    words = _WORD.findall(name)
    names = [(name, EXACT), (measure["code"], CODE), (unit, UNIT)]
    names += [(heading, ALIAS) for field, heading in _aliases() if field == _OF_FIGURES + measure["code"]]
    names += [
        (" ".join(words[:n]), BEGINNING)
        for n in range(1, len(words))
        if n > 1 or search_key(words[0]) in _WHOLE | {search_key(unit)}
    ]
    for text, grade in names:
        meant = Meant(grade, FigureTarget({measure["id"]: grade}), text, lenient=grade != CODE)
        known.setdefault(search_key(text), []).append(meant)


@cache
def _aliases() -> Sequence[tuple[str, str]]:
    text = (files("fieldapp") / "data" / "headings.csv").read_text(encoding="utf-8")
    return [(row["field"], row["heading"]) for row in csv.DictReader(io.StringIO(text))]
