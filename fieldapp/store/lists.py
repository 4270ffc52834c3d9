"""Windows on the records of a kind, and what pick lists offer."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.text import search_key
from fieldapp.i18n import _
from fieldapp.store import search
from fieldapp.store.records import model_of
from fieldapp.store.store import Row, Store
from fieldapp.store.words import labels

PROVINCE = "province"
"""Local setting: code of the province whose units pick lists offer first."""


@dataclass(frozen=True)
class Page:
    """A window on a list."""

    rows: list[Row]
    after: tuple[Any, str] | None
    """Key to ask for the next window with; None at the end."""


def page(
    store: Store,
    kind: str,
    *,
    text: str = "",
    date_from: date | None = None,
    date_to: date | None = None,
    after: tuple[Any, str] | None = None,
    limit: int = 100,
    voided: bool = False,
) -> Page:
    """A window of a list: newest first for kinds with a date, else by the Vietnamese alphabet."""
    model = model_of(kind)
    order, direction, collate = (model.DATE, "DESC", "") if model.DATE else (_name_column(model), "ASC", "vietnamese")
    key = f"t.{order}" + (f" COLLATE {collate}" if collate else "")
    where, params = ["1"] if voided else ["t.voided_at IS NULL"], []
    source = f"{kind} t"
    query = search.match(text)
    if text.strip() and query is None:
        return Page([], None)
    if query is not None:
        source = f"local_search s JOIN {kind} t ON t.id = s.row_id"
        where.append("local_search MATCH ?")
        params.append(query)
    if model.DATE:
        for bound, compare in ((date_from, ">="), (date_to, "<=")):
            if bound is not None:
                where.append(f"t.{model.DATE} {compare} ?")
                params.append(bound.isoformat())
    if after is not None:
        where.append(f"({key}, t.id) {'<' if direction == 'DESC' else '>'} (?, ?)")
        params.extend(after)
    rows = store.rows(
        f"SELECT t.* FROM {source} WHERE {' AND '.join(where)} ORDER BY {key} {direction}, t.id {direction}"
        f" LIMIT {limit + 1}",
        params,
    )
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, (rows[-1][order], rows[-1]["id"]) if more else None)


def _name_column(model: type[Record]) -> str:
    names = [s.name for s in fields_of(model) if s.name in ("full_name", "name")]
    return names[0] if names else "id"


def count(store: Store, kind: str) -> int:
    """How many records of the kind stand, voided ones left out."""
    found: int = store.value(f"SELECT count(*) FROM {kind} WHERE voided_at IS NULL")
    return found


def choices(store: Store, kind: str, text: str, on: date | None = None, limit: int = 12) -> list[tuple[str, str]]:
    """What a pick list offers for the words or the code typed: (id, label), those in force on the day first."""
    query = search.match(text)
    where, params = ["t.voided_at IS NULL"], []
    source = f"{kind} t"
    if query is not None:
        source = f"local_search s JOIN {kind} t ON t.id = s.row_id"
        where.append("local_search MATCH ?")
        params.append(query)
    elif text.strip():
        return []
    model = BY_KIND[kind]
    order = "t.id DESC"
    if kind == "unit":
        day = (on or date.today()).isoformat()
        order = (
            "(coalesce(t.valid_from, '') <= ? AND ? <= coalesce(t.valid_to, '9999')) DESC,"
            " (SELECT coalesce(g.code, p.code, t.code) FROM (SELECT 1) LEFT JOIN unit p ON p.id = t.parent_id"
            "  LEFT JOIN unit g ON g.id = p.parent_id) IS ? DESC,"
            " t.level = 'commune' DESC, t.name COLLATE vietnamese"
        )
        params += [day, day, store.setting(PROVINCE) or ""]
    elif any(s.name == "position" and s.type == "integer" for s in fields_of(model)):
        order = "t.position, t.id"
    elif model.DATE is None:
        order = f"t.{_name_column(model)} COLLATE vietnamese"
    found = store.rows(f"SELECT t.* FROM {source} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT {limit}", params)
    named = labels(store, kind, [row["id"] for row in found])
    name = _name_column(model)
    found.sort(key=lambda row: not _begins(search_key(str(row[name])), search_key(text)))
    return [(row["id"], named[row["id"]] + _past(kind, row, on or date.today())) for row in found]


def _begins(name: str, typed: str) -> bool:
    """Whether each word typed begins a word of the name: such a record comes before those that fit elsewhere."""
    words = name.split()
    return all(any(word.startswith(t) for word in words) for t in typed.split())


def _past(kind: str, row: Row, day: date) -> str:
    """The mark of a unit that is no longer one on the day."""
    over = kind == "unit" and row["valid_to"] is not None and row["valid_to"] < day.isoformat()
    return f" ({_('former')})" if over else ""


def measures_of(store: Store, kind_id: str) -> list[Row]:
    """The measures that activities of a kind are recorded with, in the order of the form."""
    return store.rows(
        "SELECT m.* FROM kind_measure k JOIN measure m ON m.id = k.measure_id"
        " WHERE k.activity_kind_id = ? AND k.voided_at IS NULL ORDER BY k.position, k.id",
        [kind_id],
    )


def roster(store: Store, cell_id: str, on: date) -> list[Row]:
    """The members of a cell on a day: its own, and those introduced to it; with the role of the latter.

    Columns: id, full_name, position, role, introduced (0 or 1); by the Vietnamese alphabet, given name first.
    """
    from fieldapp.domain.text import name_sort_key

    day = on.isoformat()
    rows = store.rows(
        "SELECT m.id, m.full_name, m.position, max(i.role) AS role, max(i.id IS NOT NULL) AS introduced FROM member m"
        " LEFT JOIN introduction i ON i.member_id = m.id AND i.party_cell_id = :cell AND i.voided_at IS NULL"
        "   AND i.date_from <= :day AND :day <= coalesce(i.date_to, '9999')"
        " WHERE m.voided_at IS NULL AND (m.party_cell_id = :cell OR i.id IS NOT NULL) GROUP BY m.id",
        {"cell": cell_id, "day": day},
    )
    return sorted(rows, key=lambda r: (name_sort_key(r["full_name"]), r["id"]))
