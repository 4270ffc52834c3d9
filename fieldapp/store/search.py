"""The search index: words of each record without case, tone and diacritics.

Derived from the rows, kept in the encrypted file. What is recorded here enters it in the transaction that writes the
row; what was imported, right after the import: the records are safe by then, and ``catch_up`` goes on where it was
interrupted. It also brings up to date where the history of a row is found (``log.catch_up``).
"""

from collections.abc import Callable, Iterable
from functools import cache

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.text import search_key
from fieldapp.store import log
from fieldapp.store.store import Row, Store

REACHED = "search_reached"
"""Local setting: number of the last applied segment whose rows are in the index"""

TOGETHER = 8
"""Segments whose rows enter the index in one transaction"""


def index(store: Store, kind: str, rows: Iterable[Row]) -> None:
    """Put rows of one kind into the index, in place of what it holds of them."""
    from fieldapp.store.words import labels

    shapes = fields_of(BY_KIND[kind])
    texts = [s.name for s in shapes if s.type in ("text", "long")]
    refs = [(s.name, s.ref) for s in shapes if s.ref is not None]
    rows = list(rows)
    named = {
        ref: labels(store, ref, {row[f] for row in rows for f, r in refs if r == ref and row[f] is not None})
        for ref in {r for _f, r in refs}
    }
    words = {
        row["id"]: search_key(
            " ".join([*(row[f] for f in texts if row[f]), *(named[ref].get(row[f], "") for f, ref in refs if row[f])])
        )
        for row in rows
    }
    marks = ", ".join("?" * len(words))
    there = store.rows(f"SELECT row_id, search_rowid FROM local_search_row WHERE row_id IN ({marks})", list(words))
    store.db.conn.executemany(
        "UPDATE local_search SET words = ? WHERE rowid = ?",
        [(words.pop(r["row_id"]), r["search_rowid"]) for r in there],
    )
    first = store.value("SELECT coalesce(max(rowid), 0) + 1 FROM local_search")
    new = [(number, kind, row_id, text) for number, (row_id, text) in enumerate(words.items(), start=first)]
    store.db.conn.executemany("INSERT INTO local_search (rowid, kind, row_id, words) VALUES (?, ?, ?, ?)", new)
    store.db.conn.executemany("INSERT INTO local_search_row VALUES (?, ?)", [(n[2], n[0]) for n in new])


def index_ids(store: Store, kind: str, ids: list[str]) -> None:
    """Put the rows of one kind with these ids into the index."""
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        marks = ", ".join("?" * len(part))
        index(store, kind, store.rows(f"SELECT * FROM {kind} WHERE id IN ({marks})", part))


def catch_up(store: Store, progress: Callable[[int, int], None] | None = None) -> None:
    """Bring the rows of imported segments into the index; told (done, of) in segments."""
    log.catch_up(store)
    reached = int(store.setting(REACHED, "0") or 0)
    last = _last(store)
    for start in range(reached + 1, last + 1, TOGETHER):
        with store.transaction():
            for number in range(start, min(start + TOGETHER, last + 1)):
                touched: dict[str, dict[str, None]] = {}
                for _hlc, table, row_id, cols, *_rest in log.lines_of_segment(store, number):
                    if not _words_of(table).isdisjoint(cols):
                        touched.setdefault(table, {})[row_id] = None
                for kind, ids in touched.items():
                    index_ids(store, kind, list(ids))
                if progress is not None:
                    progress(number - reached, last - reached)
            store.set_setting(REACHED, str(number))


def _last(store: Store) -> int:
    found: int = store.value("SELECT coalesce(max(number), 0) FROM local_segment WHERE number IS NOT NULL")
    return found


@cache
def _words_of(kind: str) -> frozenset[str]:
    """The columns of a kind from which the index is made; none of a kind that is not in it."""
    model = BY_KIND.get(kind)
    if model is None or not (model.TOP or model.REFERRED):
        return frozenset()
    return frozenset({"created_at", *(s.name for s in fields_of(model) if s.type in ("text", "long") or s.ref)})


def reindex(store: Store) -> None:
    """Build the whole index anew."""
    with store.transaction():
        store.db.execute("DELETE FROM local_search")
        store.db.execute("DELETE FROM local_search_row")
        for kind, model in BY_KIND.items():
            if model.TOP or model.REFERRED:
                index(store, kind, store.rows(f"SELECT * FROM {kind}"))
        store.set_setting(REACHED, str(_last(store)))


def match(text: str) -> str | None:
    """The FTS5 query that finds all words of ``text`` as beginnings; None if there is nothing to look for.

    ``search_key`` leaves letters, digits and spaces only, so the quotes cannot be escaped from.
    """
    words = search_key(text).split()
    return " ".join(f'"{word}"*' for word in words) if words else None
