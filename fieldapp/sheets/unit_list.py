"""A later official list of units, and the list of what became of them, as changes with validity days.

A unit is its row, never its code. So the list is compared with what is stored: the same code and name mean the same
unit; another name under a code means a new row that follows the old one; the same name in the same place under another
code means that the unit got a new code. What is not on the list stays as it is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, get_args

from fieldapp.domain.dates import format_date
from fieldapp.domain.reference import Level, Unit
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.sheets.cells import cell_text, clean_cell
from fieldapp.sheets.csvfile import read_csv
from fieldapp.sheets.old_letters import converted
from fieldapp.store import wall
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.old_fonts import Converted
from fieldapp.vietnamese.text import clean, search_key, sort_key

UNITS = ("level", "code", "name", "parent_code", "valid_from")
"""The columns that a list of units must have; ``valid_to`` may be there too"""
SUCCESSIONS = ("old_code", "new_code", "effective")
"""The columns that a list of successions must have; ``share`` and ``level`` may be there too"""

LEVELS: tuple[str, ...] = get_args(Level)
DIGITS = {"province": 2, "district": 3, "commune": 5}
"""How many digits official codes have: spreadsheet programs drop the zeros at the beginning"""
SHARES: Mapping[str, str | None] = {
    "": None, "whole": "whole", "kept": "whole", "renamed": "whole", "retyped": "whole", "part": "part",
    "people": "part", "all_people": "all_people", "land_only": "land_only", "land": "land_only",
    "all_land": "land_only",
}  # fmt: skip
"""What the list says of a successor's share -> what is stored"""
IN_VIETNAMESE: Mapping[str, Mapping[str, str]] = {
    "head": {
        "cấp": "level", "mã": "code", "tên": "name", "mã cấp trên": "parent_code", "từ ngày": "valid_from",
        "đến ngày": "valid_to", "mã cũ": "old_code", "mã mới": "new_code", "ngày hiệu lực": "effective",
        "phần": "share",
    },
    "level": {
        "tỉnh": "province", "thành phố": "province", "huyện": "district", "quận": "district", "thị xã": "district",
        "xã": "commune", "phường": "commune", "đặc khu": "commune", "thị trấn": "commune", "thôn": "hamlet",
        "buôn": "hamlet",
    },
    "share": {
        "toàn bộ": "whole", "giữ nguyên": "whole", "đổi tên": "whole", "một phần": "part",
        "toàn bộ dân cư": "all_people", "toàn bộ dân cư, một phần đất": "all_people", "chỉ đất": "land_only",
        "chỉ đất, không có dân": "land_only",
    },
}  # fmt: skip
"""The words of the lists as an office writes them -> those of the columns, levels and shares above"""
_BY_KEY = {sort: {search_key(word): meant for word, meant in named.items()} for sort, named in IN_VIETNAMESE.items()}
_KINDS = re.compile(r"^(tinh|thanh pho|huien|quan|thi xa|thi tran|xa|phuong|dac khu) ")

Sort = Literal["new", "renamed", "recoded", "corrected", "ended", "succeeded"]
SORTS: tuple[Sort, ...] = get_args(Sort)


@dataclass(frozen=True)
class UnitChange:
    """One thing that the list brings."""

    sort: Sort
    text: str
    """In words"""


@dataclass(frozen=True)
class UnitListOutcome:
    """What the list brings, and whether it was written."""

    changes: list[UnitChange]
    unlisted: int
    """units in force that are not on the list; they stay as they are"""
    written: bool
    letters: Sequence[Converted] = ()
    """what was made Unicode of the letters of an old font"""

    def counts(self) -> dict[str, int]:
        """How many changes of each sort."""
        return {sort: sum(change.sort == sort for change in self.changes) for sort in SORTS}


@dataclass(eq=False)
class _Place:
    """A unit as it will be."""

    level: str
    code: str | None
    name: str
    parent: "_Place | None"
    begin: str | None
    end: str | None
    id: str | None = None
    path: Path = Path()
    line: int = 0
    """where a list names it; 0 if none does"""
    before: Mapping[str, Any] = field(default_factory=dict)
    """the stored row; empty for a new unit"""
    follows: "_Place | None" = None
    """the unit of the same code that it renames"""

    def there(self, day: str) -> bool:
        """Whether it is in force on a day."""
        return (self.begin or "") <= day <= (self.end or "9999")

    @property
    def key(self) -> str:
        """Its name without marks, blanks and the word for its kind."""
        return _KINDS.sub("", search_key(self.name)).replace(" ", "")

    def is_called(self, name: str) -> bool:
        """Whether a name differs at most in apostrophes, blanks and capitals."""
        return sort_key(self.name.casefold())[:2] == sort_key(name.casefold())[:2]

    def meets(self, other: "_Place") -> bool:
        """Whether both are there on the same day."""
        return (self.begin or "") <= (other.end or "9999") and (other.begin or "") <= (self.end or "9999")

    @property
    def title(self) -> str:
        return f"{self.name} ({self.code})"


@dataclass(frozen=True)
class _Succession:
    old: _Place
    new: _Place
    day: str
    share: str | None
    line: int


def _wrong(path: Path, line: int, why: str) -> FieldappError:
    """The error for a line that cannot be taken."""
    return FieldappError(
        _("{file}, line {line}: {why} Nothing was changed.").format(file=clean(path.name), line=line, why=why)
    )


def take_unit_list(store: Store, units: Path | None, successions: Path | None, *, write: bool) -> UnitListOutcome:
    """Compare the lists with the stored units; with ``write``, record what differs, all or nothing.

    FieldappError names the first line that is wrong, and why; then nothing was changed.
    """
    records.writable_scope(store, Unit)
    with store.transaction():
        lists = _Lists(store)
        if units is not None:
            lists.take_units(units, _rows(units, UNITS, lists.letters))
        if successions is not None:
            lists.take_successions(successions, _rows(successions, SUCCESSIONS, lists.letters))
        lists.check()
        if write:
            lists.write()
        unlisted = lists.unlisted() if units is not None else 0
        return UnitListOutcome([*lists.changes()], unlisted, write, lists.letters)


# reading ------------------------------------------------------------------------------------------------------------


def _rows(path: Path, needed: Sequence[str], letters: list[Converted]) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, column -> text) for each line below the headings. ``letters`` gets what was made Unicode."""
    (table,) = read_csv(path)
    table = converted(table) if not table.old_letters else table
    letters += table.old_letters.values()
    shown = [[cell_text(clean_cell(cell)) for cell in row] for row in table.rows]
    heads = [_meant("head", head) for head in shown[0]] if shown else []
    missing = [name for name in needed if name not in heads]
    if missing:
        other = SUCCESSIONS if needed is UNITS else UNITS
        hint = _(" This is a list of successions: give it by --successions.") if {*other} <= {*heads} else ""
        if needed is SUCCESSIONS and hint:
            hint = _(" This is a list of units: give it by --from.")
        raise _wrong(path, 1, _("the columns {missing} are missing; these are needed: {needed}.").format(
            missing=", ".join(missing), needed=", ".join(needed)) + hint)  # fmt: skip
    twice = next((name for name in heads if name and heads.count(name) > 1), None)
    if twice is not None:
        raise _wrong(path, 1, _("the column {name} is there twice.").format(name=twice))
    for line, cells in enumerate(shown[1:], start=2):
        if any(cells):
            yield line, {head: cells[at] if at < len(cells) else "" for at, head in enumerate(heads)}


def _day(path: Path, line: int, text: str) -> str | None:
    """A day as ISO, from ``2027-01-01`` or ``01/01/2027``."""
    if not text:
        return None
    parts = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text, re.ASCII)
    turned = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text, re.ASCII)
    try:
        numbers = parts.groups() if parts else turned.groups()[::-1] if turned else ()
        day = date(*map(int, numbers))
    except (TypeError, ValueError):
        raise _wrong(path, line, _("“{text}” is no day such as 2027-01-01 or 01/01/2027.").format(text=text)) from None
    if day.year < 1900:
        raise _wrong(path, line, _("the day {day} is too long ago.").format(day=format_date(day)))
    return day.isoformat()


def _meant(sort: str, text: str) -> str:
    """A word of a list as the program names it; with or without marks, in Vietnamese or not."""
    return _BY_KEY[sort].get(search_key(text), text.casefold())


def _level(path: Path, line: int, text: str) -> str:
    level = _meant("level", text)
    if level not in LEVELS:
        raise _wrong(path, line, _("the level “{text}” is none of {levels}.").format(
            text=text, levels=", ".join((*IN_VIETNAMESE["level"], *LEVELS))))  # fmt: skip
    return level


def _code(path: Path, line: int, level: str, text: str) -> str:
    if not re.fullmatch(r"\d{1,10}", text, re.ASCII):
        raise _wrong(path, line, _("“{text}” is no code: it has digits only.").format(text=text))
    return text.zfill(DIGITS.get(level, 1))


def _name(path: Path, line: int, text: str) -> str:
    name = re.sub("[‘’ʼ´`]", "'", " ".join(text.split()))
    if not name or len(name) > 200:
        raise _wrong(path, line, _("the name is missing or too long."))
    return name


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(1)).isoformat()


# comparing ----------------------------------------------------------------------------------------------------------


class _Lists:
    """All units as they are, and as they will be."""

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.rows("SELECT * FROM unit WHERE voided_at IS NULL ORDER BY id")
        by_id = {row["id"]: _stored(row) for row in rows}
        for row in rows:
            by_id[row["id"]].parent = by_id.get(row["parent_id"])
        self.places = list(by_id.values())
        self.successions: list[_Succession] = []
        self.letters: list[Converted] = []
        self._by_code: dict[tuple[str, str | None], list[_Place]] = {}
        self._by_name: dict[tuple[str, str, str | None], list[_Place]] = {}
        for place in self.places:
            self._enter(place)
        self._known = {
            (row["old_unit_id"], row["new_unit_id"]): row
            for row in store.rows("SELECT * FROM unit_succession WHERE voided_at IS NULL")
        }
        self._as_listed: set[tuple[str, str | None, str]] = set()
        """level, code and key of each line"""
        self._listed: dict[_Place, int] = {}
        """The line that names a unit"""

    def _enter(self, place: _Place) -> None:
        self._by_code.setdefault((place.level, place.code), []).append(place)
        parent = place.parent.code if place.parent else None
        self._by_name.setdefault((place.level, place.key, parent), []).append(place)

    def take_units(self, path: Path, rows: Iterable[tuple[int, Mapping[str, str]]]) -> None:
        """Find the unit that each line means, and change it; otherwise add it. What others belong to comes first."""
        given = [(self._read(path, line, row), row["parent_code"]) for line, row in rows]
        self._as_listed = {(place.level, place.code, place.key) for place, _parent in given}
        for place, parent in sorted(given, key=lambda one: LEVELS.index(one[0].level)):
            place.parent = self._parent(place, parent)
            found = self._meant(place)
            if found in self._listed:
                raise _wrong(path, place.line, _("{unit} is in line {other} already.").format(
                    unit=place.title, other=self._listed[found]))  # fmt: skip
            self._listed[found] = place.line

    @staticmethod
    def _read(path: Path, line: int, row: Mapping[str, str]) -> _Place:
        """A line as a unit, still without what it belongs to."""
        level = _level(path, line, row["level"])
        code = _code(path, line, level, row["code"])
        begin, end = (_day(path, line, row.get(name, "")) for name in ("valid_from", "valid_to"))
        if begin is not None and end is not None and end < begin:
            raise _wrong(path, line, _("the end is before the beginning."))
        return _Place(level, code, _name(path, line, row["name"]), None, begin, end, path=path, line=line)

    def _parent(self, given: _Place, text: str) -> _Place | None:
        if given.level == "province":
            if text:
                raise _wrong(given.path, given.line, _("a province belongs to nothing: parent_code is empty."))
            return None
        above = LEVELS[: LEVELS.index(given.level)] if text.isascii() and text.isdigit() else ()
        found = [p for level in above for p in self._with_code(level, text.zfill(DIGITS.get(level, 1)))]
        if not found:
            raise _wrong(given.path, given.line, _("no unit has the parent_code “{text}”.").format(text=text))
        day = given.begin or given.end or "9999"
        return max(found, key=lambda p: (p.there(day), p.end or "9999"))

    def _with_code(self, level: str, code: str | None) -> list[_Place]:
        """The units that have a code, as far as the lists were read."""
        return [place for place in self._by_code.get((level, code), ()) if place.code == code]

    def _meant(self, given: _Place) -> _Place:
        """The unit that is given, changed as the list says; a new one if none is meant."""
        same_code = self._with_code(given.level, given.code)
        day = given.begin or given.end or wall.today().isoformat()
        same = next((p for p in same_code if p.meets(given) and p.key == given.key), None)
        there = same or next((p for p in same_code if p.there(day)), None)
        at_once = there is not None and (given.begin is None or there.begin == given.begin)
        parent = _code_of(given.parent)
        if same is not None and (at_once or (same.is_called(given.name) and _code_of(same.parent) == parent)):
            return self._correct(same, given)
        if same is None:
            alike = self._by_name.get((given.level, given.key, parent), ())
            moved = [p for p in alike if p.there(day) and (p.level, p.code, p.key) not in self._as_listed]
            if len(moved) == 1:
                return self._correct(moved[0], given)
        if given.begin is None:
            raise _wrong(given.path, given.line, _("a new unit needs valid_from."))
        if there is not None and (there.begin or "") >= given.begin:
            raise _wrong(given.path, given.line, _(
                "the code {code} is that of {unit} here from the same day on; the list says {name}. Only a person can"
                " decide: correct the unit by hand first."
            ).format(code=given.code, unit=there.name, name=given.name))  # fmt: skip
        if there is not None:
            there.end = _day_before(given.begin)
        return self._add(given, there or next((p for p in same_code if p.end == _day_before(str(given.begin))), None))

    def _correct(self, place: _Place, given: _Place) -> _Place:
        if place.code != given.code:
            self._by_code.setdefault((place.level, given.code), []).append(place)
        if _code_of(place.parent) != _code_of(given.parent):
            place.parent = given.parent
        place.name, place.code, place.path, place.line = given.name, given.code, given.path, given.line
        if place.begin is not None or given.end is not None:
            place.end = given.end
        return place

    def _add(self, given: _Place, follows: _Place | None) -> _Place:
        given.follows = follows
        self.places.append(given)
        self._enter(given)
        if follows is not None:
            for place in self.places:  # what is inside belongs to what follows it
                if place.parent is follows and place is not given and (place.end or "9999") >= str(given.begin):
                    place.parent = given
        return given

    def take_successions(self, path: Path, rows: Iterable[tuple[int, Mapping[str, str]]]) -> None:
        """Add what each line says that became of a unit, and end it on the day before, unless it was kept too."""
        read = [self._succession(path, line, row) for line, row in rows]
        kept = {(s.old, s.day) for s in read if s.old is s.new}
        twice = {}
        for s in read:
            if s.old is s.new:
                continue
            if (s.old, s.new) in twice:
                raise _wrong(path, s.line, _("{old} → {new} is given twice.").format(
                    old=s.old.title, new=s.new.title))  # fmt: skip
            twice[s.old, s.new] = s.line
            if (s.old, s.day) not in kept and s.old.there(s.day):
                s.old.end = _day_before(s.day)
                s.old.path, s.old.line = path, s.line
            self.successions.append(s)
        for s in read:  # another line may have ended one of the two before
            for place, day in ((s.old, _day_before(s.day)), (s.new, s.day)):
                if not place.there(day):
                    raise self._nobody(path, s.line, place.code, day)

    def _succession(self, path: Path, line: int, row: Mapping[str, str]) -> _Succession:
        level = _level(path, line, row.get("level", "") or "commune")
        day = _day(path, line, row["effective"])
        if day is None:
            raise _wrong(path, line, _("the day in the column effective is missing."))
        share = _meant("share", row.get("share", ""))
        if share not in SHARES:
            raise _wrong(path, line, _("the share “{text}” is none of {shares}.").format(
                text=row["share"], shares=", ".join((*IN_VIETNAMESE["share"], *filter(None, SHARES)))))  # fmt: skip
        old = self._on(path, line, level, row["old_code"], _day_before(day))
        new = self._on(path, line, level, row["new_code"], day)
        return _Succession(old, new, day, SHARES[share], line)

    def _on(self, path: Path, line: int, level: str, text: str, day: str) -> _Place:
        code = _code(path, line, level, text)
        found = [place for place in self._with_code(level, code) if place.there(day)]
        if not found:
            raise self._nobody(path, line, code, day)
        return found[0]

    @staticmethod
    def _nobody(path: Path, line: int, code: str | None, day: str) -> FieldappError:
        shown = format_date(date.fromisoformat(day))
        return _wrong(path, line, _("no unit has the code {code} on {day}.").format(code=code, day=shown))

    def check(self) -> None:
        """Refuse what would give two units one code at a time, or end a unit before it begins."""
        by_code: dict[str, list[_Place]] = {}
        for place in self.places:
            if place.line and place.begin is not None and place.end is not None and place.end < place.begin:
                raise _wrong(place.path, place.line, _("{unit} would end before it begins.").format(unit=place.title))
            if place.code is not None:
                by_code.setdefault(place.code, []).append(place)
        for same in by_code.values():
            for one, other in combinations(same, 2):
                if one.meets(other) and (one.line or other.line):
                    last = max(one, other, key=lambda place: place.line)
                    raise _wrong(last.path, last.line, _("{unit} and {other} would have one code at the same time.")
                                 .format(unit=one.title, other=other.title))  # fmt: skip

    # what differs -----------------------------------------------------------------------------------------------

    def changes(self) -> Iterator[UnitChange]:
        """Every difference in words, in the order of the list."""
        followed = {place.follows for place in self.places if place.follows is not None}
        for place in sorted(self.places, key=lambda place: place.line):
            yield from self._changes_of(place, followed=place in followed)
        for old, new, day, _share, _line in self._new_successions():
            text = _("{old} → {new}, from {day}").format(old=old.title, new=new.title, day=_shown(day))
            yield UnitChange("succeeded", text)

    def _changes_of(self, place: _Place, *, followed: bool) -> Iterator[UnitChange]:
        was = place.before
        above = place.parent.name if place.parent else ""
        if not was:
            new = " · ".join(filter(None, (place.title, above)))
            if place.follows is None:
                yield UnitChange("new", _("{unit}, from {day}").format(unit=new, day=_shown(place.begin)))
            else:
                text = _("{old} → {new}, from {day}").format(
                    old=place.follows.title, new=new, day=_shown(place.begin))  # fmt: skip
                yield UnitChange("renamed", text)
            return
        if was["code"] != place.code:
            text = _("{unit}: {old} → {new}").format(unit=place.name, old=was["code"], new=place.code)
            yield UnitChange("recoded", text)
        if was["name"] != place.name:
            yield UnitChange("corrected", _("{code}: {old} → {new}").format(
                code=place.code, old=was["name"], new=place.name))  # fmt: skip
        if was["valid_to"] != place.end and not followed:
            if place.end is None:
                yield UnitChange("corrected", _("{unit} goes on").format(unit=place.title))
            else:
                yield UnitChange("ended", _("{unit}, on {day}").format(unit=place.title, day=_shown(place.end)))

    def _new_successions(self) -> list[tuple[_Place, _Place, str, str | None, int]]:
        """Successions that are not stored yet; those of renamed units too, unless the list has its own for them."""
        said = {s.old for s in self.successions}
        renamed = [
            _Succession(place.follows, place, str(place.begin), "whole", place.line)
            for place in self.places
            if place.follows is not None and place.follows not in said
        ]
        return [
            (s.old, s.new, s.day, s.share, s.line)
            for s in (*renamed, *self.successions)
            if (s.old.id, s.new.id) not in self._known
        ]

    def unlisted(self) -> int:
        """Units in force that no line names."""
        levels = {place.level for place in self.places if place in self._listed}
        return sum(place.level in levels and place.end is None and place not in self._listed for place in self.places)

    # writing ----------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Record the changes: what ends first, so that a code is free for the unit that has it next."""
        successions = self._new_successions()
        changed = [place for place in self.places if place.before]
        self._save_all(changed, "valid_to", lambda place: place.end)
        codes = [place for place in changed if place.before["code"] != place.code]
        if {place.before["code"] for place in codes} & {place.code for place in codes}:
            for place in codes:
                self._save("unit", {"code": None}, place.id)
        for place in codes:
            self._save("unit", {"code": place.code}, place.id)
        self._save_all(changed, "name", lambda place: place.name)
        for place in sorted(self.places, key=lambda place: LEVELS.index(place.level)):
            if not place.before:
                parent = place.parent.id if place.parent else None
                data = {"level": place.level, "code": place.code, "name": place.name, "parent_id": parent}
                days = {"valid_from": place.begin, "valid_to": place.end}
                place.id = self._save("unit", {**data, **days})
        self._save_all(changed, "parent_id", lambda place: place.parent.id if place.parent else None)
        for old, new, day, share, _line in successions:
            data = {"old_unit_id": old.id, "new_unit_id": new.id, "effective_on": day, "share": share}
            self._save("unit_succession", data)

    def _save(self, kind: str, data: Mapping[str, Any], row_id: str | None = None) -> str:
        """Write a change. What is unusual about it was seen and confirmed with the list of all changes."""
        return records.save(self._store, kind, data, row_id, confirm=True)

    def _save_all(self, places: Iterable[_Place], column: str, value: Any) -> None:
        for place in places:
            if place.before[column] != value(place):
                self._save("unit", {column: value(place)}, place.id)


def _stored(row: Row) -> _Place:
    """A stored unit, without what it belongs to."""
    return _Place(
        row["level"], row["code"], row["name"], None, row["valid_from"], row["valid_to"], row["id"], before=row
    )


def _code_of(place: _Place | None) -> str | None:
    return place.code if place else None


def _shown(day: str | None) -> str:
    return format_date(date.fromisoformat(day)) if day else ""
