"""The search index: words of each record without case, tone and diacritics.

Derived from the rows, kept in the encrypted file, and brought up to date in the transaction that writes a row.
"""

from collections.abc import Iterable

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.text import search_key
from fieldapp.store.store import Row, Store


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


def forget(store: Store, ids: Iterable[str]) -> None:
    """Take rows out of the index that are no more."""
    for row_id in ids:
        _forget(store, row_id)


def _forget(store: Store, row_id: str) -> None:
    old = store.value("SELECT search_rowid FROM local_search_row WHERE row_id = ?", [row_id])
    if old is not None:
        store.db.execute("DELETE FROM local_search WHERE rowid = ?", [old])
        store.db.execute("DELETE FROM local_search_row WHERE row_id = ?", [row_id])


def _put(store: Store, kind: str, row_id: str, words: str) -> None:
    _forget(store, row_id)
    cursor = store.db.execute("INSERT INTO local_search (kind, row_id, words) VALUES (?, ?, ?)", [kind, row_id, words])
    store.db.execute("INSERT INTO local_search_row VALUES (?, ?)", [row_id, cursor.lastrowid])


def reindex(store: Store) -> None:
    """Build the whole index anew."""
    with store.transaction():
        store.db.execute("DELETE FROM local_search")
        store.db.execute("DELETE FROM local_search_row")
        for kind, model in BY_KIND.items():
            if model.TOP or model.REFERRED:
                index(store, kind, store.rows(f"SELECT * FROM {kind}"))


def match(text: str) -> str | None:
    """The FTS5 query that finds all words of ``text`` as beginnings; None if there is nothing to look for.

    ``search_key`` leaves letters, digits and spaces only, so the quotes cannot be escaped from.
    """
    words = search_key(text).split()
    return " ".join(f'"{word}"*' for word in words) if words else None
