"""Lists of the records of a kind, read in windows, and the choices of pick lists."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import Any, NamedTuple

from msgspec import Struct

from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.party import Member
from fieldapp.domain.records import BY_KIND
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import naming, near, persons, search_index
from fieldapp.records.naming import PROVINCE
from fieldapp.records.words import labels, told_apart
from fieldapp.store import wall
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.finding import same_words
from fieldapp.vietnamese.text import (
    beside,
    is_too_long,
    name_key,
    name_sort_key,
    runs,
    search_key,
    sort_key,
    spelling,
    tidy,
    words_of,
)

OTHER_PLACE = 1_000
"""A distance greater than any that words of the name itself can have: the match is elsewhere in the label"""

OTHER_PROVINCE, NOT_THERE = 2, 4
"""The bits in a unit's rank in a pick list that say that it is in another province, and was not there on the day"""

_PROVINCE = "SELECT id FROM unit WHERE code = :province"
_AT_HOME = (
    f"(t.id IN ({_PROVINCE}) OR t.parent_id IN"
    f" ({_PROVINCE} UNION SELECT id FROM unit WHERE parent_id IN ({_PROVINCE})))"
)
"""SQL: whether a unit is the own province, of whatever time, or in it, down to three levels"""

_UNIT_RANK = (
    f"{NOT_THERE} * (:day NOT BETWEEN coalesce(t.valid_from, '') AND coalesce(t.valid_to, '9999'))"
    f" + {OTHER_PROVINCE} * ({_AT_HOME} IS NOT TRUE) + (t.level <> 'commune')"
)
"""SQL: the rank of a unit; the lowest comes first"""

_NEAR = (
    "CASE WHEN {unit} IN (SELECT value FROM json_each(:own)) THEN 0"
    " WHEN {unit} IN (SELECT value FROM json_each(:lately)) THEN 1 ELSE 2 END"
)
"""SQL: how near a unit is: the post's own commune, one where it worked lately, another"""

CONSIDERED = 400
"""The number of best matches that are sorted for a pick list"""


class RecordWindow(Struct, frozen=True):
    """A window of a list: some of its rows, in order."""

    rows: list[Row]
    after: tuple[Any, str] | None
    """The key to ask for the next window with; None at the end"""


def record_window(
    store: Store,
    kind: str,
    *,
    text: str = "",
    date_from: date | None = None,
    date_to: date | None = None,
    after: tuple[Any, str] | None = None,
    limit: int = 100,
    voided: bool = False,
) -> RecordWindow:
    """A window of a list: kinds with a name and no date by the Vietnamese alphabet, others newest first."""
    model = BY_KIND[kind]
    order = model.DATE or name_field(model)
    newest_first = order in (model.DATE, "id")
    direction, collate = ("DESC", "") if newest_first else ("ASC", "vietnamese")
    key = f"t.{order}" + (f" COLLATE {collate}" if collate else "")
    where, params = ["1"] if voided else _in_use(kind), []
    source = f"{kind} t"
    query = search_index.match(text)
    if text.strip() and query is None:
        return RecordWindow([], None)
    by_entry = query is not None and model.DATE is not None  # the numbers of entries are in the order of the days
    if query is not None and not model.FOUND_BY:
        source = f"local_search s CROSS JOIN {kind} t ON t.id = s.row_id"
        where += ["local_search MATCH ?", "s.rowid BETWEEN ? AND ?"]
        params += [query, *search_index.entry_range(kind, date_from, date_to)]
    elif model.DATE:
        for bound, compare in ((date_from, ">="), (date_to, "<=")):
            if bound is not None:
                where.append(f"t.{model.DATE} {compare} ?")
                params.append(bound.isoformat())
    if query is not None and model.FOUND_BY:
        by_entry = False
        found = "SELECT row_id FROM local_search WHERE local_search MATCH ? AND rowid BETWEEN ? AND ?"
        refs = {s.name: s.ref for s in fields_of(model) if s.ref is not None}
        where.append(f"({' OR '.join(f't.{field} IN ({found})' for field in model.FOUND_BY)})")
        for field in model.FOUND_BY:
            params += [query, *search_index.entry_range(refs[field])]
    if by_entry:
        ordered = "s.rowid DESC"
        if after is not None:
            where.append("s.rowid < ?")
            params.append(after[0])
    else:
        ordered = f"{key} {direction}, t.id {direction}"
        if after is not None:
            where.append(f"({key}, t.id) {'<' if direction == 'DESC' else '>'} (?, ?)")
            params.extend(after)
    entry = "s.rowid" if by_entry else "NULL"
    rows = store.rows(
        f"SELECT t.*, {entry} AS entry FROM {source} WHERE {' AND '.join(where)} ORDER BY {ordered} LIMIT {limit + 1}",
        params,
    )
    more = len(rows) > limit
    entries = [row.pop("entry") for row in rows[:limit]]
    rows = rows[:limit]
    last = (entries[-1] if by_entry else rows[-1][order], rows[-1]["id"]) if more else None
    return RecordWindow(rows, last)


def name_field(model: type[Record]) -> str:
    """The field with the name of a record; ``id`` for kinds whose records have none."""
    names = [s.name for s in fields_of(model) if s.name in ("full_name", "name", "title")]
    return names[0] if names else "id"


def _in_use(kind: str) -> list[str]:
    """SQL conditions on the records ``t`` that a list shows: they are not voided, and did not give way to another."""
    given_way = [f"t.id NOT IN {persons.GIVEN_WAY}"] if kind == Member.KIND else []
    return ["t.voided_at IS NULL", *given_way]


def count(store: Store, kind: str) -> int:
    """The number of records of the kind, without those that are voided or gave way to another."""
    found: int = store.value(f"SELECT count(*) FROM {kind} t WHERE {' AND '.join(_in_use(kind))}")
    return found


def post_named(store: Store, text: str) -> Row:
    """The post with this code or id; one that is in use comes before a voided one. FieldappError if there is none."""
    named = tidy(text)
    found = store.row(
        "SELECT * FROM post WHERE (id = ? OR code = ? COLLATE NOCASE) ORDER BY voided_at IS NOT NULL", [named, named]
    )
    if found is None:
        raise FieldappError(_("There is no post with the code {code}.").format(code=named))
    return found


def choices(store: Store, kind: str, text: str, on: date | None = None, limit: int = 12) -> list[tuple[str, str]]:
    """What a pick list offers for the typed words or code: (id, label) each, those in force on the day first.

    Of communes, and of party cells, those of the post's own commune come first, then those where it worked lately.

    Tasks of an agreement that is not in force are offered only if ``text`` is not empty. Of two members that were
    merged the one who stays is offered, also where the words are those of the other.
    """
    query = None if is_too_long(text) else search_index.match(text)
    if query is None and text.strip():
        return []
    model, name, day = BY_KIND[kind], name_field(BY_KIND[kind]), (on or wall.today()).isoformat()
    source, where = f"{kind} t", ["t.voided_at IS NULL"]
    where += [f"t.id NOT IN {persons.OUT_OF_USE}"] if model is Member else []
    named: dict[str, Any] = {"day": day, "query": query}
    if query is not None:
        source = f"local_search s CROSS JOIN {kind} t ON t.id = s.row_id"
        where += ["local_search MATCH :query", "s.rowid BETWEEN :low AND :high"]
        named["low"], named["high"] = search_index.entry_range(kind)
    rank, order = "0", "t.id DESC"
    by_name = model.DATE is None and not any(s.name == "position" and s.type == "integer" for s in fields_of(model))
    in_unit = {"unit": "t.id", "party_cell": "t.unit_id"}.get(kind)
    close = _NEAR.format(unit=in_unit) if in_unit else "0"
    if in_unit:
        named["own"], named["lately"] = map(json.dumps, near.communes(store))
    if kind == "unit":
        named["province"] = store.setting(PROVINCE) or ""
        rank = _UNIT_RANK
    elif kind == "agreement_task":
        source += " JOIN agreement a ON a.id = t.agreement_id"
        rank = ":day NOT BETWEEN a.date_from AND coalesce(a.date_to, '9999')"
        where += ["a.voided_at IS NULL", *([f"NOT ({rank})"] if query is None else [])]
        order, by_name = "a.date_from DESC, a.id, t.number, t.id", False
    elif not by_name and model.DATE is None:
        order = "t.position, t.id"
    if by_name:
        order = f"t.{name}"
    typed = [[_form(word) for word in either] for either in beside(words_of(tidy(text)))]
    columns = f"t.*, {rank} AS place, {close} AS near"
    found = _units_at_home(store, columns, named) if kind == "unit" and query is not None else []
    far = partial(_distance, kind=kind, field=name, key=search_key(text), typed=typed)
    sql = f"SELECT {columns} FROM {source} WHERE {' AND '.join(where)} ORDER BY place, near, {order} LIMIT "
    if sum(not far(row).elsewhere for row in found) < limit:  # otherwise all others come after these
        found = store.rows(f"{sql}{max(limit, CONSIDERED)}", named)
        if query is not None and len(found) >= CONSIDERED:  # those with exactly the typed words may be behind them
            found = _with(found, store.rows(f"{sql}{CONSIDERED}", {**named, "query": query.replace("*", "")}))
    if len(found) >= limit and len(typed) > 1:  # and the very name; of one word the index cannot tell where a name ends
        found = _with(found, store.rows(f"{sql}{limit}", {**named, "query": f'"{name_key(text)}"'}))
    if by_name:  # to sort all matches by the Vietnamese alphabet in SQL would be too slow at each key
        alphabet = name_sort_key if name == "full_name" else sort_key
        found.sort(key=lambda row: (row["place"], row["near"], alphabet(row[name])))
    found.sort(key=far)
    found = found[:limit]
    marks = {row["id"]: _former_mark(kind, row, on or wall.today()) for row in found}
    offered = persons.who_stays(store, kind, marks)
    labelled = told_apart(store, kind, labels(store, kind, offered))
    return [(row_id, labelled[row_id] + marks.get(row_id, "")) for row_id in offered]


def are_namesakes(store: Store, kind: str, ids: Sequence[str], typed: str, on: date | None = None) -> bool:
    """Whether nothing but what their labels add tells records apart: they have the same name, or names that differ in
    diacritics alone where ``typed`` has none; of units with one name the day and the own province say which is meant.
    """
    name = name_field(BY_KIND[kind])
    same: Callable[[str], Any] = search_key if typed and typed.isascii() else spelling
    rank = _UNIT_RANK if kind == "unit" else "0"
    rows = store.rows(
        f"SELECT t.{name} AS name, {rank} AS place FROM {kind} t WHERE t.id IN (SELECT value FROM json_each(:ids))",
        {
            "ids": json.dumps([*ids]),
            "day": (on or wall.today()).isoformat(),
            "province": store.setting(PROVINCE) or "",
        },
    )
    return len(rows) > 1 and len({(same(row["name"]), row["place"]) for row in rows}) == 1


def _units_at_home(store: Store, columns: str, named: dict[str, Any]) -> list[Row]:
    """The units of the own province that fit: few of those that fit one letter, and found without reading all."""
    return store.rows(
        f"SELECT {columns} FROM unit t CROSS JOIN local_search_row r ON r.row_id = t.id"
        f" WHERE {_AT_HOME} AND t.voided_at IS NULL AND r.search_rowid IN"
        " (SELECT rowid FROM local_search WHERE local_search MATCH :query AND rowid BETWEEN :low AND :high)",
        named,
    )


def _with(rows: list[Row], more: list[Row]) -> list[Row]:
    there = {row["id"] for row in rows}
    return rows + [row for row in more if row["id"] not in there]


def successors(store: Store, unit_id: str) -> list[tuple[str, str]]:
    """The units of today that a unit became: (id, label) each; the unit itself if it still exists.

    Units that only got land where nobody lived are left out, so that records follow the people.

    Today is the day that a person has confirmed, where the machine's clock shows another one. The view ``unit_today``
    gives the same for all units at once, by the machine's clock.
    """
    found = store.rows(
        "WITH RECURSIVE"
        " passed AS (SELECT * FROM unit_succession WHERE voided_at IS NULL AND effective_on <= :today"
        "  AND share IS DISTINCT FROM 'land_only'),"
        " heir (id) AS (SELECT :unit UNION SELECT p.new_unit_id FROM heir h JOIN passed p ON p.old_unit_id = h.id)"
        " SELECT u.id FROM heir h JOIN unit u ON u.id = h.id"
        " WHERE NOT EXISTS (SELECT 1 FROM passed p WHERE p.old_unit_id = u.id)"
        " AND (u.valid_to IS NULL OR u.valid_to >= :today) ORDER BY u.name COLLATE vietnamese, u.id",
        {"unit": unit_id, "today": wall.today().isoformat()},
    )
    named = labels(store, "unit", [row["id"] for row in found])
    return [(row["id"], named[row["id"]]) for row in found]


class _Form(NamedTuple):
    """A word, for comparison."""

    key: str
    letters: str
    tones: tuple[int, ...]


@lru_cache(maxsize=1 << 16)
def _form(word: str) -> _Form:
    return _Form(search_key(word), *spelling(word))


@lru_cache(maxsize=1 << 14)
def _forms(name: str) -> tuple[_Form, ...]:
    """The words of a name, and those made of words beside each other."""
    words = words_of(name)
    return tuple(map(_form, [*words, *runs(words)]))


class _Distance(NamedTuple):
    """How far the typed words are from the name of a record, as a sort key: the nearest record is offered first.

    A person who types a whole name takes the first line without looking.
    """

    other: bool
    """The name has other words than those typed, whatever their order and diacritics"""
    elsewhere: bool
    """The typed words are not in the name"""
    away: int
    """A unit is in another province"""
    begun: bool
    """One of the words is only the beginning of a word"""
    over: int
    """A unit was not there on the day"""
    near: int
    """How near the commune is to the post"""
    far: int
    """The sum of the distances of the words"""
    turned: bool
    """The name does not begin with the typed text"""


def _distance(row: Row, kind: str, field: str, key: str, typed: Sequence[Sequence[_Form]]) -> _Distance:
    """``field``: with the name of the record. ``key``: the search key of the text; ``typed``: for each word of it what
    may stand for it.

    A typed word is nearest to the same word with the same accents; then to a word with the same letters, then to a word
    that begins with it. If all typed words are whole words of ``also_called``, this counts as in the name.
    """
    name = str(row[field])
    whole = search_key(name)
    far, begun, very = OTHER_PLACE, False, False
    bare = _joined(whole)
    if all(any(_joined(one.key) in bare for one in either) for either in typed):  # the words are compared only then
        forms = _forms(name)
        each = [min((_between(one, form) for one in either for form in forms), default=OTHER_PLACE) for either in typed]
        far, begun = sum(each), max(each, default=0) > 1
        very = bool(key) and not begun and (naming.is_name(kind, key, name) or same_words(key, whole))
    if far >= OTHER_PLACE and row.get("also_called"):
        also = {form.key for form in _forms(row["also_called"])}
        if all(any(one.key in also for one in either) for either in typed):
            far, begun = len(typed), False
    elsewhere = far >= OTHER_PLACE
    if elsewhere:
        far, begun = 0, False
    away, over = row["place"] & OTHER_PROVINCE, row["place"] & NOT_THERE
    return _Distance(not very, elsewhere, away, begun, over, row["near"], far, not whole.startswith(key))


def _joined(key: str) -> str:
    return key.replace(" ", "")


def _between(word: _Form, other: _Form) -> int:
    """The distance of a typed word from a word of a name."""
    if word.key == other.key:
        return 0 if word[1:] == other[1:] else 1
    if not other.key.startswith(word.key):
        return OTHER_PLACE
    return 2 if other.letters.startswith(word.letters) and other.tones[: len(word.tones)] == word.tones else 3


def _former_mark(kind: str, row: Row, day: date) -> str:
    """The mark of a unit that no longer exists on the day, or not yet; '' for others."""
    if kind == "unit" and row["valid_to"] is not None and row["valid_to"] < day.isoformat():
        return f" ({_('former')})"
    if kind == "unit" and row["valid_from"] is not None and row["valid_from"] > day.isoformat():
        since = format_date(date.fromisoformat(row["valid_from"]))
        return f" ({_('since {day}').format(day=since)})"
    return ""


def activity_kinds(store: Store) -> list[Row]:
    """id, code, name, and as ``called`` other names, the measures and their units, of each kind of activity in use."""
    return store.rows(
        "SELECT k.id, k.code, k.name, coalesce(k.also_called || ', ', '')"
        " || coalesce(group_concat(m.name || ', ' || m.unit_name, ', '), '') AS called"
        " FROM activity_kind k LEFT JOIN kind_measure j ON j.activity_kind_id = k.id AND j.voided_at IS NULL"
        " LEFT JOIN measure m ON m.id = j.measure_id AND m.voided_at IS NULL"
        " WHERE k.voided_at IS NULL GROUP BY k.id ORDER BY k.position, k.id"
    )


def communes_at_home(store: Store, on: date) -> list[Row]:
    """id and label of the communes that there are on a day, in the order of the Vietnamese alphabet.

    Those of the replica's own province; all where it has none.
    """
    own = store.setting(PROVINCE) or ""
    rows = store.rows(
        "SELECT t.id FROM unit t WHERE t.level = 'commune' AND t.voided_at IS NULL"
        " AND :day BETWEEN coalesce(t.valid_from, '') AND coalesce(t.valid_to, '9999')"
        f" AND (:province = '' OR {_AT_HOME})",
        {"day": on.isoformat(), "province": own},
    )
    named = labels(store, "unit", [row["id"] for row in rows])
    return sorted(({"id": row_id, "label": label} for row_id, label in named.items()), key=_by_label)


def _by_label(row: Row) -> tuple[Any, str]:
    return sort_key(row["label"]), row["id"]


def measures_of(store: Store, kind_id: str) -> list[Row]:
    """The measures for activities of a kind, each with its ``hint``, in the order of the form."""
    return store.rows(
        "SELECT m.*, k.hint FROM kind_measure k JOIN measure m ON m.id = k.measure_id"
        " WHERE k.activity_kind_id = ? AND k.voided_at IS NULL AND m.voided_at IS NULL ORDER BY k.position, k.id",
        [kind_id],
    )


def measure_names(store: Store, ids: Sequence[str]) -> list[str]:
    """The names of measures, each once."""
    named = (
        "SELECT DISTINCT name FROM measure WHERE id IN (SELECT value FROM json_each(?))"
        " ORDER BY name COLLATE vietnamese"
    )
    return [row["name"] for row in store.rows(named, [json.dumps([*ids])])]


def roster(store: Store, cell_id: str, on: date) -> list[Row]:
    """The members of a cell on a day: its own members, and those introduced to it.

    Columns: id, full_name, position, role (of introduced members), introduced (0 or 1). In the order of the Vietnamese
    alphabet, given name first. Two members that were merged are one, by the record that stays.
    """
    day = on.isoformat()
    rows = store.rows(
        "SELECT m.id, m.full_name, m.position, max(i.role) AS role, max(i.id IS NOT NULL) AS introduced FROM person m"
        " LEFT JOIN introduction i ON i.member_id = m.member_id AND i.party_cell_id = :cell AND i.voided_at IS NULL"
        "   AND i.date_from <= :day AND :day <= coalesce(i.date_to, '9999')"
        " WHERE m.voided_at IS NULL AND (m.party_cell_id = :cell OR i.id IS NOT NULL) GROUP BY m.id",
        {"cell": cell_id, "day": day},
    )
    return sorted(rows, key=lambda r: (name_sort_key(r["full_name"]), r["id"]))
