"""The search index: words of each record without case, tone and diacritics.

Derived from the rows, kept in the encrypted file. What is recorded here enters it in the transaction that writes the row;
what was imported, segment by segment, right after the import: the records are safe by then, and ``catch_up`` goes on
where it was interrupted.
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
    for row in rows:
        words = [row[f] for f in texts if row[f]]
        words += [named[ref].get(row[f], "") for f, ref in refs if row[f]]
        _put(store, kind, row["id"], search_key(" ".join(words)))


def _put(store: Store, kind: str, row_id: str, words: str) -> None:
    old = store.value("SELECT search_rowid FROM local_search_row WHERE row_id = ?", [row_id])
    if old is not None:
        store.db.execute("DELETE FROM local_search WHERE rowid = ?", [old])
        store.db.execute("DELETE FROM local_search_row WHERE row_id = ?", [row_id])
    cursor = store.db.execute("INSERT INTO local_search (kind, row_id, words) VALUES (?, ?, ?)", [kind, row_id, words])
    store.db.execute("INSERT INTO local_search_row VALUES (?, ?)", [row_id, cursor.lastrowid])


def index_ids(store: Store, kind: str, ids: list[str]) -> None:
    """Put the rows of one kind with these ids into the index."""
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        marks = ", ".join("?" * len(part))
        index(store, kind, store.rows(f"SELECT * FROM {kind} WHERE id IN ({marks})", part))


def catch_up(store: Store, progress: Callable[[int, int], None] | None = None) -> None:
    """Bring the rows of imported segments into the index, a transaction for each; told (done, of) in segments."""
    reached = int(store.setting(REACHED, "0") or 0)
    last = store.value("SELECT coalesce(max(number), 0) FROM local_segment")
    for number in range(reached + 1, last + 1):
        touched: dict[str, dict[str, None]] = {}
        for change in log.of_segment(store, number):
            if not _words_of(change.table).isdisjoint(change.cols):
                touched.setdefault(change.table, {})[change.row_id] = None
        with store.transaction():
            for kind, ids in touched.items():
                index_ids(store, kind, list(ids))
            store.set_setting(REACHED, str(number))
        if progress is not None:
            progress(number - reached, last - reached)


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
        store.set_setting(REACHED, str(store.value("SELECT coalesce(max(number), 0) FROM local_segment")))


def match(text: str) -> str | None:
    """The FTS5 query that finds all words of ``text`` as beginnings; None if there is nothing to look for.

    ``search_key`` leaves letters, digits and spaces only, so the quotes cannot be escaped from.
    """
    words = search_key(text).split()
    return " ".join(f'"{word}"*' for word in words) if words else None
