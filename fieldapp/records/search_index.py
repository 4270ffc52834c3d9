"""The search index: the words of each record without case, tone and diacritics.

It is computed from the rows and stored in the encrypted file. A record that is entered here is indexed in the same
transaction. Imported records are indexed right after the import: they are safe by then, and an interrupted
``index_imported`` continues where it stopped. ``index_imported`` also updates the index for the history of a row
(``log.index_touched_rows``).

The number of an entry is made of kind and day, so that FTS5 finds the newest of one kind first and stops when there are
enough.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache, lru_cache

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.records.words import labels
from fieldapp.store import log
from fieldapp.store.migrations import REINDEX
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import name_key, search_key, typed_words

SERIAL_BITS, DAY_BITS, KIND_BITS = 28, 22, 13

INDEXED_UNTIL = "search_reached"
"""Local setting: the number of the last applied segment whose rows are in the index"""

CHANGES_AT_ONCE = 100_000
"""Changes of segments whose rows are put into the index in one transaction"""

NAMES = frozenset({"name", "full_name", "hamlet", "also_called"})
NAMED = frozenset({"unit", "party_cell", "member", "post"})
"""Fields with names, and kinds whose labels are names of places and people: they are found with other blanks too"""

READ = 5_000
"""Rows that are read together"""
BATCH = 20_000
"""Rows whose entries are written together, in the order of their numbers: FTS5 writes out what it holds whenever a
number is lower than the one before"""

MANY = 5_000
"""Rows from which on FTS5 is set for writing much (``_writing_much``)"""
HELD, HELD_BY_DEFAULT = 24 << 20, 1 << 20
"""Bytes of new entries that FTS5 holds in memory before it writes them out: then, and otherwise"""
MERGE_AT = 4
"""Of so many parts of the index FTS5 makes one larger part, in small steps with each save: its own default"""


def entry_range(kind: str, first: date | None = None, last: date | None = None) -> tuple[int, int]:
    """The lowest and the highest number for entries of a kind from ``first`` to ``last``.

    Entries without a day come before all others.
    """
    low = zlib.crc32(kind.encode()) >> (32 - KIND_BITS) << (SERIAL_BITS + DAY_BITS)
    begin = first.toordinal() if first else 0
    end = last.toordinal() if last else (1 << DAY_BITS) - 1
    return low + (begin << SERIAL_BITS), low + (end << SERIAL_BITS) + (1 << SERIAL_BITS) - 1


def index_ids(store: Store, kind: str, ids: list[str]) -> None:
    """Put the rows of one kind with these ids into the index; replaces their entries."""
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        words: dict[str, tuple[int, str]] = {}
        for first in range(0, len(part), READ):
            words |= _words(store, kind, part[first : first + READ])
        _enter_rows(store, kind, words)


def _words(store: Store, kind: str, ids: list[str]) -> dict[str, tuple[int, str]]:
    """Id -> (lowest number of its day, words) of rows of one kind."""
    model = BY_KIND[kind]
    shapes = fields_of(model)
    keys = {s.name: _name_key if s.name in NAMES else search_key for s in shapes if s.type in ("text", "long")}
    refs = {s.name: s.ref for s in shapes if s.ref is not None}
    columns = ", ".join(["id", model.DATE or "NULL", *keys, *refs])
    rows = store.db.execute(
        f"SELECT {columns} FROM {kind} WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
    ).fetchall()
    if not rows:
        return {}
    of_ids, days, *values = zip(*rows, strict=True)
    made = [[value and key(value) for value in column] for column, key in zip(values, keys.values(), strict=False)]
    for column, ref in zip(values[len(keys) :], refs.values(), strict=True):
        named = {row_id: _label_key(ref, label) for row_id, label in labels(store, ref, {*column} - {None}).items()}
        made.append([value and named[value] for value in column])
    texts = [" ".join(filter(None, words)) for words in zip(*made, strict=True)] if made else [""] * len(rows)
    return {i: (_low(kind, day), text) for i, day, text in zip(of_ids, days, texts, strict=True)}


_name_key = lru_cache(maxsize=1 << 14)(name_key)


@lru_cache(maxsize=1 << 14)
def _label_key(kind: str, label: str) -> str:
    """The words of a reference's label: the name, and after it what it belongs to."""
    name, _dot, above = label.partition(" · ")
    return f"{name_key(name)} {search_key(above)}" if kind in NAMED else search_key(label)


def has_words(kind: str) -> bool:
    """Whether records of a kind have entries in the index."""
    model = BY_KIND[kind]
    return (model.TOP or model.REFERRED) and not model.FOUND_BY


def kinds_with_entries(store: Store) -> frozenset[str]:
    """The kinds of which the index has entries: to ask for the others is quicker than to search in them."""

    def find() -> frozenset[str]:
        any_of = "SELECT 1 FROM local_search WHERE rowid BETWEEN ? AND ? LIMIT 1"
        return frozenset(kind for kind in BY_KIND if store.value(any_of, entry_range(kind)) is not None)

    return store.cached_until_changed("kinds with entries", find)


def unindex(store: Store, ids: Iterable[str]) -> None:
    """Remove rows that no longer exist from the index."""
    _delete_entries(store, _numbers(store, ids))


def index_imported(store: Store, progress: Callable[[int, int], None] | None = None) -> None:
    """Put the rows of imported segments into the index; calls ``progress`` with (done, all) in segments.

    If a migration has asked for it (``REINDEX``), the whole index is built instead.
    """
    if store.setting(REINDEX) is not None:
        reindex(store)
    reached = int(store.setting(INDEXED_UNTIL, "0") or 0)
    log.index_touched_rows(store, reached)
    entered = log.touched_through(store)
    segments = store.rows(
        "SELECT number, last - first + 1 AS changes FROM local_segment WHERE number > ? ORDER BY number", [reached]
    )
    done = 0
    while done < len(segments):
        with store.transaction(derived=True):
            touched: dict[str, dict[str, None]] = {}
            touches: list[log.Touch] = []
            changes = 0
            while done < len(segments) and changes < CHANGES_AT_ONCE:
                number = segments[done]["number"]
                heads = log.heads_of_segment(store, number)
                if number > entered:
                    touches += log.touches_of(number, heads)
                for head in heads:
                    words = _words_of(head.table)
                    if words and not words.isdisjoint(head.cols):
                        touched.setdefault(head.table, {})[head.row_id] = None
                changes += segments[done]["changes"]
                done += 1
            if number > entered:
                log.enter_touches(store, touches, number)
            with _writing_much(store, sum(map(len, touched.values()))):
                for kind in sorted(touched, key=entry_range):
                    index_ids(store, kind, sorted(touched[kind]))  # in this order they lie in the file
            store.set_setting(INDEXED_UNTIL, str(number))
        if progress is not None:
            progress(done, len(segments))


@contextmanager
def _writing_much(store: Store, rows: int) -> Iterator[None]:
    """Let FTS5 hold more in memory, and merge nothing meanwhile, while so many rows are entered; inside a transaction.

    By default it writes a part of the index for each MB, and merges each four parts into one. That is a third of the
    time of a large import. It still merges as soon as sixteen parts of one size are there, so no search reads many.
    """
    if rows < MANY:
        yield
        return
    _set(store, "hashsize", HELD)
    _set(store, "automerge", 0)
    yield
    _set(store, "hashsize", HELD_BY_DEFAULT)
    _set(store, "automerge", MERGE_AT)


def _set(store: Store, what: str, value: int) -> None:
    store.db.execute("INSERT INTO local_search (local_search, rank) VALUES (?, ?)", [what, value])


@cache
def _words_of(kind: str) -> frozenset[str]:
    """The columns of a kind that its index entries are made from; empty for a kind that is not indexed."""
    if kind not in BY_KIND or not has_words(kind):
        return frozenset()
    model = BY_KIND[kind]
    words = {s.name for s in fields_of(model) if s.type in ("text", "long") or s.ref}
    return frozenset({"created_at", *words, *([model.DATE] if model.DATE else [])})


@cache
def _low(kind: str, day: str | None) -> int:
    """The lowest number of a kind's entries on a day."""
    given = date.fromisoformat(day) if day else None
    return entry_range(kind, given, given)[0]


def _enter_rows(store: Store, kind: str, words: dict[str, tuple[int, str]]) -> None:
    """Write the entries of rows: id -> (lowest number of its day, words).

    A row whose day has not changed keeps its number.
    """
    old = _numbers(store, words)
    stay = {i: number for i, number in old.items() if words[i][0] <= number < words[i][0] + (1 << SERIAL_BITS)}
    _delete_entries(store, {i: number for i, number in old.items() if i not in stay})
    entries = [(number, kind, i, words[i][1]) for i, number in stay.items()]
    next_of: dict[int, int] = {}
    new = []
    for row_id, (low, text) in words.items():
        if row_id not in stay:
            number = next_of[low] if low in next_of else _next(store, low)
            next_of[low] = number + 1
            new.append((row_id, number))
            entries.append((number, kind, row_id, text))
    entries.sort()
    run = store.db.conn.executemany
    run("INSERT OR REPLACE INTO local_search (rowid, kind, row_id, words) VALUES (?, ?, ?, ?)", entries)
    run("INSERT INTO local_search_row VALUES (?, ?)", sorted(new))


def _next(store: Store, low: int) -> int:
    """The number after the newest entry of a kind and day."""
    newest: int | None = store.value(
        "SELECT rowid FROM local_search WHERE rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT 1",
        [low, low + (1 << SERIAL_BITS) - 1],
    )
    return low if newest is None else newest + 1


def _numbers(store: Store, ids: Iterable[str]) -> dict[str, int]:
    """Row's id -> number of its entry, for rows that have one."""
    rows = store.db.execute(
        "SELECT row_id, search_rowid FROM local_search_row WHERE row_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(ids))],
    )
    return dict(rows.fetchall())


def _delete_entries(store: Store, numbers: dict[str, int]) -> None:
    store.db.conn.executemany("DELETE FROM local_search WHERE rowid = ?", [(n,) for n in numbers.values()])
    store.db.conn.executemany("DELETE FROM local_search_row WHERE row_id = ?", [(i,) for i in numbers])


def reindex(store: Store) -> None:
    """Build the whole index from the rows, which are read in the order of their ids: as they lie in the file."""
    with store.transaction(derived=True), _writing_much(store, MANY):
        store.db.execute("DELETE FROM local_search_content")  # to delete the entries would enter each as deleted
        store.db.execute("INSERT INTO local_search (local_search) VALUES ('rebuild')")
        store.db.execute("DELETE FROM local_search_row")
        for kind in sorted(filter(has_words, BY_KIND), key=entry_range):
            last = ""
            while ids := _ids_after(store, kind, last):
                index_ids(store, kind, ids)
                last = ids[-1]
        store.set_setting(INDEXED_UNTIL, str(log.last_number(store)))
        store.db.execute("DELETE FROM local_setting WHERE key = ?", [REINDEX])


def _ids_after(store: Store, kind: str, last: str) -> list[str]:
    """The next ids of a kind, as many as are entered together."""
    rows = store.db.execute(f"SELECT id FROM {kind} WHERE id > ? ORDER BY id LIMIT {BATCH}", [last])
    return [row_id for (row_id,) in rows.fetchall()]


def match(text: str) -> str | None:
    """The FTS5 query for records that have, for each word of ``text``, a word beginning with it; None without words.

    A name may be written with other blanks (``typed_words``). Search keys have only letters, digits and spaces, so a
    text cannot break out of the quotes.
    """
    words = [[f'"{word}"*' for word in either] for either in typed_words(text)]
    if all(len(either) == 1 for either in words):
        return " ".join(word for (word,) in words) or None
    return " AND ".join(f"({' OR '.join(either)})" for either in words)
