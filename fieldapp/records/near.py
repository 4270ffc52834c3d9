"""What is near to a post: its own commune, those where it worked lately, and the hamlets that it has named there."""

import json
import re
from collections.abc import Sequence

from fieldapp.records.words import labels
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key, tidy

LATEST = 40
"""Records of each kind that count as the last ones"""

WITH_HAMLETS = ("activity", "household_charge", "self_management_group", "party_cell")

_CELL_OF = re.compile(r"chi bộ ((?:thôn|buôn|bon|làng|bản|ấp|khóm|tổ dân phố) .+)", re.IGNORECASE)


def communes(store: Store) -> tuple[list[str], list[str]]:
    """The post's own commune, and those of what it recorded last; each with what it was before and became since.

    At headquarters there are none.
    """
    return store.cached_until_changed("near communes", lambda: _communes(store))


def _communes(store: Store) -> tuple[list[str], list[str]]:
    post = store.row("SELECT name, unit_id FROM post WHERE id = ?", [store.identity.post_id])
    if store.role == "hq" or post is None:
        return [], []
    lately = store.rows(
        f"SELECT unit_id AS id FROM (SELECT unit_id FROM activity ORDER BY id DESC LIMIT {LATEST})"
        " UNION SELECT unit_id FROM party_cell WHERE id IN ("
        f"SELECT party_cell_id FROM (SELECT party_cell_id FROM meeting ORDER BY id DESC LIMIT {LATEST}) UNION"
        f" SELECT party_cell_id FROM (SELECT party_cell_id FROM introduction ORDER BY id DESC LIMIT {LATEST}))"
    )
    own = store.rows(  # packs name the province; a post is named after its commune: “Đồn BP Ia Rvê”
        "SELECT id FROM unit WHERE level = 'commune' AND voided_at IS NULL"
        " AND (id = :unit OR ' ' || :name LIKE '% ' || substr(name, instr(name, ' ') + 1))",
        {"unit": post["unit_id"], "name": post["name"]},
    )
    return _through_time(store, own), _through_time(store, lately)


def _through_time(store: Store, units: Sequence[Row]) -> list[str]:
    """Units, what they became, and what these came from."""
    became = store.rows(
        "WITH RECURSIVE heir (id) AS (SELECT value FROM json_each(?) UNION SELECT s.new_unit_id"
        " FROM heir h JOIN unit_succession s ON s.old_unit_id = h.id WHERE s.voided_at IS NULL) SELECT id FROM heir",
        [json.dumps([unit["id"] for unit in units])],
    )
    ids = [row["id"] for row in became]
    came_from = store.rows(
        "SELECT old_unit_id AS id FROM unit_succession WHERE voided_at IS NULL"
        " AND new_unit_id IN (SELECT value FROM json_each(?))",
        [json.dumps(ids)],
    )
    return [*dict.fromkeys([*ids, *(row["id"] for row in came_from)])]


def hamlets(store: Store, unit_id: str) -> list[str]:
    """The hamlets of a commune that records or party cells name, the most frequent first."""
    units = json.dumps(_through_time(store, [{"id": unit_id}]))
    named: dict[str, tuple[int, str]] = {}
    told = [
        (row["hamlet"], row["n"])
        for kind in WITH_HAMLETS
        for row in store.rows(
            f"SELECT hamlet, count(*) AS n FROM {kind} WHERE voided_at IS NULL AND hamlet IS NOT NULL"
            " AND unit_id IN (SELECT value FROM json_each(?)) GROUP BY hamlet",
            [units],
        )
    ]
    cells = "SELECT name, unit_id FROM party_cell WHERE voided_at IS NULL AND hamlet IS NULL AND unit_id IN"
    rows = store.rows(f"{cells} (SELECT value FROM json_each(?)) ORDER BY id", [units])
    communes_named = labels(store, "unit", {row["unit_id"] for row in rows}, short=True)
    told += [(hamlet, 0) for row in rows if (hamlet := _hamlet_of(row["name"], communes_named[row["unit_id"]]))]
    told.sort(key=lambda one: -one[1])  # of several spellings the most frequent is shown
    for hamlet, number in told:
        key = search_key(hamlet)
        before = named.get(key, (0, hamlet))
        named[key] = before[0] + number, before[1]
    return [hamlet for _n, hamlet in sorted(named.values(), key=lambda one: -one[0])]


def _hamlet_of(cell: str, commune: str) -> str:
    """The hamlet in the name of a cell, without the commune after a number: “Chi bộ thôn 8 Ia Lốp”; '' if none."""
    found = _CELL_OF.fullmatch(tidy(cell))
    bare = re.escape(commune.partition(" ")[2])
    before = re.fullmatch(rf"(.*\d),? (xã )?{bare}", found[1], re.IGNORECASE) if found and bare else None
    return before[1] if before else found[1] if found else ""
