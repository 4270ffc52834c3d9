"""Finding a record of any kind: by words, and by what is known of it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from fieldapp.domain.records import BY_KIND, RECORDS
from fieldapp.store import reviews, search
from fieldapp.store.store import Store

State = Literal["any", "standing", "voided", "returned"]


@dataclass(frozen=True)
class Sieve:
    """What a record must be, beside having the words."""

    kind: str | None = None
    first: date | None = None
    last: date | None = None
    state: State = "standing"

    @property
    def open(self) -> bool:
        """Whether everything that stands fits."""
        return self == Sieve()


@dataclass(frozen=True)
class Hit:
    """One record that fits."""

    kind: str
    row_id: str


def find(store: Store, text: str, sieve: Sieve, limit: int = 100) -> list[Hit]:
    """Records whose words begin with the words typed, and that the sieve lets through: the newest first."""
    query = search.match(text)
    if query is None and text.strip():
        return []
    if query is not None and sieve.open:
        return [hit for hit in _by_words(store, query, 4 * limit) if _stands(store, hit)][:limit]
    found: list[tuple[str, Hit]] = []
    for model in RECORDS:
        if model.TOP and (sieve.kind == model.KIND or (sieve.kind is None and not model.REFERENCE)):
            found += _of_kind(store, model.KIND, query, sieve, limit)
    return [hit for _day, hit in sorted(found, key=lambda f: f[0], reverse=True)[:limit]]


def _by_words(store: Store, query: str, limit: int) -> list[Hit]:
    rows = store.rows(
        "SELECT kind, row_id FROM local_search WHERE local_search MATCH ? ORDER BY rowid DESC LIMIT ?", [query, limit]
    )
    return [Hit(r["kind"], r["row_id"]) for r in rows if BY_KIND[r["kind"]].TOP]


def _stands(store: Store, hit: Hit) -> bool:
    return bool(store.value(f"SELECT voided_at IS NULL FROM {hit.kind} WHERE id = ?", [hit.row_id]))


def _of_kind(store: Store, kind: str, query: str | None, sieve: Sieve, limit: int) -> list[tuple[str, Hit]]:
    """(day, hit) of one kind, newest first."""
    model = BY_KIND[kind]
    day = model.DATE or "created_at"
    where, params = ["1"], []
    source = f"{kind} t"
    if query is not None:
        source = f"local_search s JOIN {kind} t ON t.id = s.row_id"
        where.append("local_search MATCH ?")
        params.append(query)
    if sieve.state == "voided":
        where.append("t.voided_at IS NOT NULL")
    elif sieve.state != "any":
        where.append("t.voided_at IS NULL")
    if sieve.state == "returned":
        ids = [said.record for said in reviews.returned(store) if said.kind == kind]
        where.append(f"t.id IN ({', '.join('?' * len(ids))})")
        params += ids
    for bound, compare in ((sieve.first, ">="), (sieve.last, "<=")):
        if bound is not None:
            where.append(f"substr(t.{day}, 1, 10) {compare} ?" if day == "created_at" else f"t.{day} {compare} ?")
            params.append(bound.isoformat())
    rows = store.rows(
        f"SELECT t.id, t.{day} AS day FROM {source} WHERE {' AND '.join(where)}"
        f" ORDER BY t.{day} DESC, t.id DESC LIMIT {limit}",
        params,
    )
    return [(r["day"], Hit(kind, r["id"])) for r in rows]
