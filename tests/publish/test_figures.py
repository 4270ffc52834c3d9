"""Every figure is the same in PostgreSQL: over random records of every kind, and what a person would compare."""

from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import random_records
from field import World

from fieldapp.domain.indicators import INDICATORS
from fieldapp.publish.mirror import publish
from fieldapp.publish.tables import Place
from fieldapp.reports.figure_sql import GROUPS
from fieldapp.reports.figures import figures, grouped
from fieldapp.reports.query import Period, Query
from fieldapp.store.store import Store

TODAY = date(2025, 12, 1)
PERIODS = (Period(date(2024, 1, 1), date(2024, 12, 31)), Period(date(2025, 6, 1), date(2025, 8, 31)),
           Period(date(2023, 1, 1), date(2026, 12, 31)))  # fmt: skip


def here(store: Store, query: Query, by: Any) -> dict[Any, Any]:
    return {
        (part, f.section, f.code): (f.title, f.value, f.decimals, f.unit, f.approximate, sorted(f.in_words), f.count,
                                    f.adds_up, f.shared)
        for part, found in grouped(store, query, by).items()
        for f in found
    }  # fmt: skip


def there(pg: psycopg.Connection[Any], query: Query, by: Any) -> dict[Any, Any]:
    rows = pg.execute(
        "SELECT part, section, code, title, value, decimals, unit_name, approximate, in_words, records, adds_up,"
        " shared"
        " FROM fieldapp.figures(%s, %s, %s, %s, %s, %s, %s)",
        [query.period.first, query.period.last, by, query.post, query.unit, query.view, query.today],
    ).fetchall()
    return {(r[0], r[1], r[2]): (r[3], r[4], r[5], r[6], r[7], sorted(r[8]), *r[9:]) for r in rows}


def test_every_figure_is_the_same(world: World, database: str, pg: psycopg.Connection[Any]) -> None:
    random_records.fill(world.hq, 2, 100)
    publish(world.hq, database, Place(2))
    own = "SELECT id FROM unit WHERE code IN ('99900', '99901') OR name = 'Buôn 2' ORDER BY id"
    units = [
        r["id"] for sql in ("SELECT DISTINCT unit_id AS id FROM activity LIMIT 3", own) for r in world.hq.rows(sql)
    ]
    queries = [Query(period, None, None, view, TODAY) for period in PERIODS for view in ("then", "now")]
    queries += [
        Query(PERIODS[2], unit, None, view, TODAY) for unit in (*units, "99902", "66") for view in ("then", "now")
    ]
    queries += [Query(period, None, "P1", "now", TODAY) for period in PERIODS]
    said = set()
    for query in queries:
        expected = here(world.hq, query, None)
        assert there(pg, query, None) == expected
        said |= {code for _part, _section, code in expected}
    for by in GROUPS:
        assert there(pg, queries[1], by) == here(world.hq, queries[1], by)
    for query in queries:
        assert there(pg, query, "commune") == here(world.hq, query, "commune")
    assert {i.code for i in INDICATORS} - said == set()  # each was compared
    assert any("." in code for code in said)  # and works, and other measures
    assert any(f.in_words for f in figures(world.hq, queries[4]))


def test_joint_deeds_are_the_same(world: World, database: str, pg: psycopg.Connection[Any]) -> None:
    """Few references, days and kinds, so that posts meet in one deed; a post that may see its own alone has its own."""
    random_records.fill(world.hq, 7, 60, joint=True)
    publish(world.hq, database, Place(2))
    unit = world.hq.value("SELECT unit_id FROM activity WHERE unit_id IN (SELECT id FROM unit WHERE voided_at IS NULL)")
    whole = Query(PERIODS[2], today=TODAY)
    starred = set()
    for query in (whole, replace(whole, period=PERIODS[1]), replace(whole, post="P1"), replace(whole, unit=unit)):
        for by in (None, "post", "commune", "kind"):
            expected = here(world.hq, query, by)
            assert there(pg, query, by) == expected
            starred |= {(query.post, by) for f in expected.values() if f[-1]}
    assert {("P1", None), (None, "post"), (None, "commune")} <= starred
    own = here(world.hq, replace(whole, post="P1"), None)
    pg.execute("CREATE ROLE joint_reader LOGIN IN ROLE fieldapp_province")
    try:
        pg.execute("INSERT INTO fieldapp_control.access VALUES ('joint_reader', 'P1')")
        pg.execute("SET ROLE joint_reader")
        seen = there(pg, whole, None)
        assert {k: v[:-1] for k, v in seen.items()} == {k: v[:-1] for k, v in own.items()}
        assert not any(v[-1] for v in seen.values())  # what another post recorded is not told
    finally:
        pg.execute("RESET ROLE")
        pg.execute("DROP OWNED BY joint_reader; DROP ROLE joint_reader")


def test_the_views_are_the_figures_of_their_periods(world: World, database: str, pg: psycopg.Connection[Any]) -> None:
    random_records.fill(world.hq, 3, 20)
    publish(world.hq, database, Place(1))
    query = Query(PERIODS[0])
    columns = "section, code, value, records"
    wanted = {(f.section, f.code): (f.value, f.count) for f in figures(world.hq, query)}
    rows = pg.execute(f"SELECT {columns} FROM fieldapp.figures_by_year WHERE first_day = '2024-01-01'").fetchall()
    assert {(r[0], r[1]): (r[2], r[3]) for r in rows} == wanted
    by_post = {(part, f.section, f.code): f.value for part, found in grouped(world.hq, query, "post").items()
               for f in found}  # fmt: skip
    rows = pg.execute(
        "SELECT part, section, code, value FROM fieldapp.figures_by_post WHERE first_day = '2024-01-01'"
    ).fetchall()
    assert {r[:3]: r[3] for r in rows} == by_post
    month = Query(Period(date(2024, 5, 1), date(2024, 5, 31)))
    rows = pg.execute(
        "SELECT section, code, value FROM fieldapp.figures_by_month WHERE first_day = '2024-05-01'"
    ).fetchall()
    assert {r[:2]: r[2] for r in rows} == {(f.section, f.code): f.value for f in figures(world.hq, month)}
