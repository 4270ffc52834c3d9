"""Names as people write them: without the type word, with other spaces, followed by what the thing belongs to.

``Ia Rvê``, ``xã EaSúp, huyện Ea Súp``, ``X. Ia Rvê (Ea Súp)``, ``Đ/c Nguyễn Văn A``, ``buôn Ba Na`` for a cell. A type
word says what the thing is: ``xã`` (commune), ``đồng chí`` (comrade).
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.records import search_index
from fieldapp.records.words import labels, told_apart
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key, tidy

PROVINCE = "province"
"""Local setting: the code of the own province; among units of the same name, its units come first"""

_PLACES = (
    "thanh pho", "tp", "tinh", "huien", "h", "thi xa", "tx", "quan", "xa", "x", "phuong", "p", "thi tran", "tt",
    "dac khu",
)  # fmt: skip
_HAMLETS = ("thon", "buon", "bon", "lang", "to dan pho", "tdp")
_RANKS = tuple(f"{grade} {rank}" for rank in ("si", "ui", "ta") for grade in ("ha", "thieu", "trung", "thuong", "dai"))

_SORTS = {
    "unit": ((*_PLACES, *_HAMLETS),),
    "party_cell": (("chi bo", "cb"), _HAMLETS),
    "member": (("dong chi", "d c", "dc"), _RANKS),
    "post": (("don bien phong", "don bp", "dbp", "don"),),
}
"""Kind -> groups of type words as search keys, in the order in which they come before a name"""

_LONG = {
    "tp": "thanh pho", "h": "huien", "tx": "thi xa", "x": "xa", "p": "phuong", "tt": "thi tran", "cb": "chi bo",
    "tdp": "to dan pho", "d c": "dong chi", "dc": "dong chi", "don bp": "don bien phong", "dbp": "don bien phong",
    "don": "don bien phong",
}  # fmt: skip

_PARTS = re.compile(r"[,;·()\[\]]")
_DASHED_PARTS = re.compile(r"[,;·()\[\]]|\s[-–—]\s")
"""A dash stands between parts, or within a name: Bà Rịa - Vũng Tàu"""
_CODE_DIGITS = {3: 5, 4: 5}
"""Digits of a code without its zeros -> digits of the code; two may be a whole code of a province, and one digit is
mostly a number of something else: of a line, of a hamlet"""
_NAMES = ("name", "full_name", "title")

Name = tuple[tuple[str, ...], str]
"""The type words ('' for one that is missing), and the name itself without spaces"""

Names = tuple[Name, ...]
"""The ways to read one text: “Buôn Đôn” may be the hamlet (``buôn``) Đôn, or the district named Buôn Đôn"""


def find_by_spoken_name(store: Store, kind: str, text: str) -> list[Row]:
    """The records of ``kind`` that ``text`` may mean; voided records are left out.

    The whole text may be a name. Or its first part is the name, and all further parts are found in the record's label
    (what a unit belongs to, a member's position). Of several, those are meant that are spelled so.
    """
    split = [_parts(text, separator) for separator in (_PARTS, _DASHED_PARTS)]
    fields = [s.name for s in fields_of(BY_KIND[kind]) if s.name in (*_NAMES, "also_called")]
    if not split[0] or not fields:
        return []
    readings = dict.fromkeys([(text, ()), *((name, tuple(rest)) for name, *rest in split)])
    for by_words in (True, False):
        for name, rest in readings:
            rows = _found_by_words(store, kind, name) if by_words else _all(store, kind, fields)
            best = _best(store, kind, rows, name, rest)
            if best:
                return _by_ids(store, kind, best)
    return []


def _parts(text: str, separator: re.Pattern[str]) -> list[str]:
    return [part.strip() for part in separator.split(text) if search_key(part)]


def _found_by_words(store: Store, kind: str, name: str) -> list[Row]:
    """Records with all words of a name, from the search index: quick, and mostly enough."""
    query = search_index.match(_split_type_words(kind, name)[1])
    return [] if query is None else store.rows(
        f"SELECT t.* FROM local_search s JOIN {kind} t ON t.id = s.row_id"
        " WHERE local_search MATCH ? AND s.rowid BETWEEN ? AND ? AND t.voided_at IS NULL",
        [query, *search_index.entry_range(kind)],
    )  # fmt: skip


def _all(store: Store, kind: str, fields: Sequence[str]) -> list[Row]:
    """All records: for a name that is written with other spaces."""
    return store.rows(f"SELECT id, {', '.join(fields)} FROM {kind} WHERE voided_at IS NULL")


def _by_ids(store: Store, kind: str, ids: Sequence[str]) -> list[Row]:
    return store.rows(
        f"SELECT * FROM {kind} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", [json.dumps([*ids])]
    )


def _best(store: Store, kind: str, rows: Iterable[Row], name: str, rest: Sequence[str]) -> list[str]:
    """The ids of the rows that ``name`` fits best, and whose labels contain all parts in ``rest``."""
    typed = _names(kind, name)
    wanted = {bare for _sorts, bare in typed}
    found: dict[str, int] = {}
    spelled: dict[str, int] = {}
    for row in rows:
        close = [names for names in _names_of(kind, row) if any(bare in wanted for _sorts, bare in names)]
        grade = max((_names_match(typed, names) for names in close), default=0)
        if grade:
            found[row["id"]], spelled[row["id"]] = grade, _spelled_so(kind, name, row)
    above: dict[str, bool] = {}
    if found and rest:
        label = told_apart(store, kind, labels(store, kind, found))
        found = {i: grade for i, grade in found.items() if _all_in(kind, rest, label[i].split(" · "))}
        above = {
            i: _all_in(kind, rest, label[i].split(" · ")[1:]) for i in found
        }  # “Mường Nhé, Mường Nhé”: the commune
    best = [i for i, grade in found.items() if grade == max(found.values())]
    if len(best) > 1:
        ranks = {i: (above.get(i, True), spelled[i]) for i in best}
        first = [i for i in best if ranks[i] == max(ranks.values())]
        if name.isascii():  # perhaps typed without marks: “phong quang” is the own province's Phong Quảng
            home = {row["id"] for row in at_home(store, kind, _by_ids(store, kind, best))}
            first = first if home.intersection(first) else best
        best = first
    return best


def _spelled_so(kind: str, text: str, row: Row) -> int:
    """2: the name of a record is spelled as the text, with its tones and marks; 1: one of its other names; else 0."""
    bare = len(_split_type_words(kind, text)[1].split())
    typed = "".join(tidy(text).casefold().split()[-bare or None :])
    own = [row[field] for field in _NAMES if row.get(field)]
    for rank, names in ((2, own), (1, (row.get("also_called") or "").split(","))):
        if any("".join(tidy(name).casefold().split()).endswith(typed) for name in names):
            return rank
    return 0


def is_name(kind: str, text: str, name: str) -> bool:
    """Whether a text is this name of a record of ``kind``; one of the two may lack the type word."""
    return bool(_names_match(_names(kind, text), _names(kind, name)))


def with_this_name(store: Store, kind: str, text: str) -> list[str]:
    """The ids of the records of ``kind`` with a name; one of the two may lack the type word, such as a rank."""
    typed = _names(kind, text)
    rows = _found_by_words(store, kind, text)
    return [row["id"] for row in rows if any(_names_match(typed, names) for names in _names_of(kind, row))]


def at_home(store: Store, kind: str, rows: list[Row]) -> list[Row]:
    """Of several units with the same name, those in the own province, and in those that are a part of it now; all if
    none is there."""
    if kind != "unit" or len(rows) < 2:
        return rows
    home = _home_provinces(store)
    return [row for row in rows if not home.isdisjoint(_codes_above(store, row))] or rows


def _home_provinces(store: Store) -> set[str]:
    """The codes of the own province, and of those that became it: a post lies in what was any of them."""
    home = store.setting(PROVINCE) or ""
    became = store.rows(
        "SELECT o.code FROM unit n JOIN unit_succession s ON s.new_unit_id = n.id AND s.voided_at IS NULL"
        " JOIN unit o ON o.id = s.old_unit_id AND o.level = 'province' WHERE n.code = ? AND n.level = 'province'",
        [home],
    )
    return {home, *(row["code"] for row in became)}


def with_zeros_lost(store: Store, coded: list[Row], text: str) -> list[Row]:
    """The units that a code means; spreadsheets drop the zeros before it: 1558 is 01558, in the own province alone.

    ``coded``: those that have the code as it is typed. A commune far away is not meant by a year or a line's number in
    the wrong column, and 4 is Phường 4 rather than a province.
    """
    digits = _CODE_DIGITS.get(len(text)) if text.isascii() and text.isdecimal() else None
    if digits is None:
        return coded
    home = _home_provinces(store)
    if any(not home.isdisjoint((row["code"], *_codes_above(store, row))) for row in coded):
        return coded
    whole = store.rows("SELECT * FROM unit WHERE code = ? AND voided_at IS NULL", [text.zfill(digits)])
    return [row for row in whole if not home.isdisjoint((row["code"], *_codes_above(store, row)))] or coded


def _codes_above(store: Store, row: Row) -> Iterator[str | None]:
    """The codes of the units to which a unit belongs."""
    seen: set[str] = set()
    while row["parent_id"] is not None and row["parent_id"] not in seen:
        seen.add(row["parent_id"])
        above = store.row("SELECT * FROM unit WHERE id = ?", [row["parent_id"]])
        if above is None:
            return
        row = above
        yield row["code"]


def _names_of(kind: str, row: Row) -> Iterator[Names]:
    """The names of a record, with its other names (``also_called``)."""
    for field in _NAMES:
        if row.get(field):
            yield _names(kind, row[field])
    for name in filter(None, (row.get("also_called") or "").split(",")):
        yield _names(kind, name)


def _split_type_words(kind: str, text: str) -> tuple[tuple[str, ...], str]:
    """The type words at the start of ``text``, abbreviations written out, and the rest of the text."""
    key = search_key(text)
    sorts = []
    for words in _SORTS.get(kind, ()):
        word = next((w for w in words if key.startswith(f"{w} ")), "")
        sorts.append(_LONG.get(word, word))
        key = key.removeprefix(word).strip()
    return tuple(sorts), key


@lru_cache(maxsize=1 << 14)
def _names(kind: str, text: str) -> Names:
    sorts, bare = _split_type_words(kind, text)
    whole = search_key(text)
    return tuple({(sorts, bare.replace(" ", "")), (tuple("" for _sort in sorts), whole.replace(" ", ""))})


def _names_match(typed: Names, other: Names) -> int:
    """2: the same name; 1: the same name, but one of the two lacks a type word; 0: different names."""
    return max(_readings_match(a, b) for a in typed for b in other)


def _readings_match(typed: Name, other: Name) -> int:
    if not typed[1] or typed[1] != other[1]:
        return 0
    if any(a and b and a != b for a, b in zip(typed[0], other[0], strict=True)):
        return 0
    return 2 if typed[0] == other[0] else 1


def _all_in(kind: str, parts: Sequence[str], pieces: Sequence[str]) -> bool:
    """Whether each part of a text is one of the pieces of a label, or a part of one: Vũng Tàu."""
    whole = [*pieces, *(part for piece in pieces for part in _parts(piece, _DASHED_PARTS))]
    return all(
        any(_names_match(_names(sort, part), _names(sort, piece)) for piece in whole for sort in {"unit", kind})
        for part in parts
    )
