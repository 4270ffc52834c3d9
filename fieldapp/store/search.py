"""The search index: words of each record without case, tone and diacritics.

Derived from the rows, kept in the encrypted file, and brought up to date in the transaction that writes a row. An
entry's number says kind and day, so that FTS5 finds the newest of one kind first, and stops when there are enough.
"""

import zlib
from collections.abc import Iterable
from datetime import date

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.text import search_key
from fieldapp.store.migrations import REINDEX
from fieldapp.store.store import Row, Store

SERIAL_BITS, DAY_BITS, KIND_BITS = 28, 22, 13


def places(kind: str, first: date | None = None, last: date | None = None) -> tuple[int, int]:
    """Lowest and highest number of the entries of a kind whose day lies between two; without a day is before all."""
    low = zlib.crc32(kind.encode()) >> (32 - KIND_BITS) << (SERIAL_BITS + DAY_BITS)
    begin = first.toordinal() if first else 0
    end = last.toordinal() if last else (1 << DAY_BITS) - 1
    return low + (begin << SERIAL_BITS), low + (end << SERIAL_BITS) + (1 << SERIAL_BITS) - 1


def index(store: Store, kind: str, rows: Iterable[Row]) -> None:
    """Put rows of one kind into the index, in place of what it holds of them."""
    from fieldapp.store.words import labels

    model = BY_KIND[kind]
    shapes = fields_of(model)
    texts = [s.name for s in shapes if s.type in ("text", "long")]
    refs = [(s.name, s.ref) for s in shapes if s.ref is not None]
    rows = list(rows)
    named = {
        ref: labels(store, ref, {row[f] for row in rows for f, r in refs if r == ref and row[f] is not None})
        for ref in {r for _f, r in refs}
    }
    for row in rows:
        words = [row[f] for f in texts if row[f]]
        words += [named[ref].get(row[f], "") for f, ref in refs if row[f]]
        day = row[model.DATE] if model.DATE else None
        _put(store, kind, row["id"], search_key(" ".join(words)), date.fromisoformat(day) if day else None)


def has_entries(store: Store, kind: str) -> bool:
    """Whether there is anything to find of a kind: quicker to ask than to search for."""
    return store.value("SELECT 1 FROM local_search WHERE rowid BETWEEN ? AND ? LIMIT 1", places(kind)) is not None


def forget(store: Store, ids: Iterable[str]) -> None:
    """Take rows out of the index that are no more."""
    for row_id in ids:
        _forget(store, row_id)


def _forget(store: Store, row_id: str) -> int | None:
    """Take one out; the number that it had."""
    old: int | None = store.value("SELECT search_rowid FROM local_search_row WHERE row_id = ?", [row_id])
    if old is not None:
        store.db.execute("DELETE FROM local_search WHERE rowid = ?", [old])
        store.db.execute("DELETE FROM local_search_row WHERE row_id = ?", [row_id])
    return old


def _put(store: Store, kind: str, row_id: str, words: str, day: date | None) -> None:
    low, high = places(kind, day, day) if day else (places(kind)[0], places(kind)[0] + (1 << SERIAL_BITS) - 1)
    old = _forget(store, row_id)
    if old is not None and low <= old <= high:
        number = old
    else:
        newest = store.value(
            "SELECT rowid FROM local_search WHERE rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT 1", [low, high]
        )
        number = low if newest is None else newest + 1
    store.db.execute(
        "INSERT INTO local_search (rowid, kind, row_id, words) VALUES (?, ?, ?, ?)", [number, kind, row_id, words]
    )
    store.db.execute("INSERT INTO local_search_row VALUES (?, ?)", [row_id, number])


def reindex(store: Store) -> None:
    """Build the whole index anew."""
    with store.transaction():
        store.db.execute("DELETE FROM local_search")
        store.db.execute("DELETE FROM local_search_row")
        for kind, model in BY_KIND.items():
            if model.TOP or model.REFERRED:
                index(store, kind, store.rows(f"SELECT * FROM {kind}"))
        store.db.execute("DELETE FROM local_setting WHERE key = ?", [REINDEX])


def match(text: str) -> str | None:
    """The FTS5 query that finds all words of ``text`` as beginnings; None if there is nothing to look for.

    ``search_key`` leaves letters, digits and spaces only, so the quotes cannot be escaped from.
    """
    words = search_key(text).split()
    return " ".join(f'"{word}"*' for word in words) if words else None
