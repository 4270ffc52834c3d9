"""PostgreSQL gives the figures of a recount in plain Python, over a random world."""

import os
from pathlib import Path
from typing import Any

import psycopg
import pytest
import worlds
from field import World
from recount import Recount
from recount_compare import asked_of, queries, rows_of

from fieldapp.publish.mirror import publish
from fieldapp.publish.tables import Place
from fieldapp.reports.query import Query

WORLDS = int(os.environ.get("FIELDAPP_WORLDS", "1"))
QUERIES = 6 if WORLDS == 1 else 40


def there(pg: psycopg.Connection[Any], query: Query, by: str | None) -> dict[Any, Any]:
    rows = pg.execute(
        "SELECT part, section, code, value, records, approximate, in_words"
        " FROM fieldapp.figures(%s, %s, %s, %s, %s, %s, %s)",
        [query.period.first, query.period.last, by, query.post, query.unit, query.view, query.today],
    ).fetchall()
    return {tuple(r[:3]): (r[3], r[4], r[5], sorted(r[6])) for r in rows}


def told(recount: Recount, query: Query, by: str | None) -> dict[Any, Any]:
    asked = asked_of(query)
    return {
        (part, *key): (t.value, t.count, t.approximate, sorted(t.words))
        for part, figures in recount.grouped(asked, by).items()
        for key, t in figures.items()
    }


@pytest.mark.parametrize("seed", range(WORLDS))
def test_postgresql_gives_the_figures_of_the_recount(
    first_world: World, tmp_path: Path, database: str, pg: psycopg.Connection[Any], seed: int
) -> None:
    made = worlds.make(worlds.base(first_world, tmp_path / "base"), tmp_path / "world", seed)
    try:
        publish(made.hq, database, Place(3))
        recount = Recount(rows_of(made.hq), made.returned)
        for query, by in queries(made, QUERIES):
            expected, got = told(recount, query, by), there(pg, query, by)
            differs = {k: (expected.get(k), got.get(k)) for k in {*expected, *got} if expected.get(k) != got.get(k)}
            assert differs == {}, f"world {seed}, {query}, by {by}: expected and got"
    finally:
        made.close()
