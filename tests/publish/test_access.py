"""Who may read what, and where the rows lie: tried as the logins would."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import postgres
import psycopg
import pytest
import random_records
from field import World
from postgres import login, new_database, rows, rows_here
from psycopg.errors import InsufficientPrivilege

from fieldapp.errors import FieldappError
from fieldapp.publish.mirror import publish
from fieldapp.publish.tables import Place, tables
from fieldapp.records import attachments, records
from fieldapp.reports.figures import figures
from fieldapp.reports.query import Period, Query

YEARS = Query(Period(date(2023, 1, 1), date(2026, 12, 31)))
FIGURES = "SELECT section, code, value FROM fieldapp.figures('2023-01-01', '2026-12-31')"


@contextmanager
def as_login(url: str, name: str, *roles: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(login(url, name, *roles), autocommit=True) as connection:
        yield connection


def here(world: World, query: Query = YEARS) -> dict[tuple[str, str], int | None]:
    return {(f.section, f.code): f.value for f in figures(world.hq, query)}


def there(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], Any]:
    return {(r[0], r[1]): r[2] for r in connection.execute(FIGURES).fetchall()}


def test_an_analyst_reads_what_was_chosen_from_a_list_and_no_other_value(world: World, database: str) -> None:
    for code, sort in (("cach", "choice"), ("ghi", "text")):
        options = {"choices": "khoan; đào"} if sort == "choice" else {}
        records.save(world.hq, "kind_field", {"activity_kind_id": "gieng_khoan", "code": code, "name": code,
                                              "field_type": sort, "position": 1, **options})  # fmt: skip
    world.carry(world.hq, world.post)
    world.well(extras={"cach": "đào", "ghi": "nhà ông Ama Blêh"})
    world.carry(world.post, world.hq)
    publish(world.hq, database, Place(1))
    with as_login(database, "phan_tich_2", "fieldapp_analyst") as analyst:
        chosen = analyst.execute("SELECT chosen_value FROM fieldapp.open_activity_extra").fetchall()
        assert {value for (value,) in chosen} == {"đào", None}
        with pytest.raises(InsufficientPrivilege):
            analyst.execute("SELECT value FROM fieldapp.activity_extra")


def test_an_analyst_sees_which_activities_have_their_files(world: World, database: str) -> None:
    """The same as headquarters' file says, without names and captions."""
    wells = [world.well(date_from=f"2014-0{n}-01") for n in (1, 2)]
    given = [attachments.Prepared("Ama Blêh.jpg", "image/jpeg", b"a"), attachments.Prepared("bb.pdf", "a/pdf", b"b")]
    attachments.add(world.post, wells[0], given)
    world.carry(world.post, world.hq)
    publish(world.hq, database, Place(2))
    asked = "SELECT activity_id, photographs_wanted, minutes_wanted, photographs, minutes FROM"
    with as_login(database, "phan_tich_3", "fieldapp_analyst") as analyst:
        seen = analyst.execute(f"{asked} fieldapp.activity_files").fetchall()
    assert {*seen} == {(wells[0], 1, 1, 1, 1), (wells[1], 1, 1, 0, 0)}
    assert {*seen} == {tuple(row.values()) for row in world.hq.rows(f"{asked} activity_files")}


def test_an_analyst_reads_every_figure_and_no_name(world: World, database: str) -> None:
    random_records.fill(world.hq, 4, 30)
    publish(world.hq, database, Place(2))
    with as_login(database, "phan_tich", "fieldapp_analyst") as analyst:
        assert there(analyst) == here(world)
        for table in tables(world.hq):
            for column in table.columns:
                ask = f"SELECT {column.name} FROM fieldapp.{table.name}"
                if column.personal:
                    with pytest.raises(InsufficientPrivilege):
                        analyst.execute(ask)
                else:
                    analyst.execute(ask)
            for part in (table.name, table.name + "_0"):
                with pytest.raises((InsufficientPrivilege, psycopg.errors.UndefinedTable)):
                    analyst.execute(f"SELECT * FROM fieldapp.{part}")
            count = analyst.execute(f"SELECT count(*) FROM (SELECT * FROM fieldapp.open_{table.name}) o").fetchone()
            assert count == (world.hq.value(f"SELECT count(*) FROM {table.name}"),)
        for statement in ("SELECT * FROM fieldapp.review_latest", "SELECT * FROM fieldapp_control.access",
                          "DELETE FROM fieldapp.activity", "CREATE TABLE fieldapp.mine (x int)"):  # fmt: skip
            with pytest.raises(InsufficientPrivilege):
                analyst.execute(statement)
        assert analyst.execute("SELECT count(*) FROM fieldapp.unit_today").fetchone() is not None


@pytest.mark.usefixtures("whole_baseline")
def test_a_province_reads_its_own_posts_only(world: World, database: str, pg: psycopg.Connection[Any]) -> None:
    random_records.fill(world.hq, 5, 30)
    publish(world.hq, database, Place(2))
    province = world.hq.value(
        "SELECT id FROM unit WHERE code = '66' AND level = 'province' AND valid_to IS NULL AND voided_at IS NULL"
    )
    posts_in = "SELECT p.id FROM post p JOIN unit u ON u.id = p.unit_id WHERE ? IN (u.id, u.parent_id)"
    inside = {r["id"] for r in world.hq.rows(posts_in, [province])}
    outside = {r["id"] for r in world.hq.rows("SELECT id FROM post")} - inside
    assert inside
    assert outside
    with as_login(database, "dak_lak", "fieldapp_province") as own:
        assert own.execute("SELECT count(*) FROM fieldapp.member").fetchone() == (0,)
        assert there(own) == {}
        pg.execute("INSERT INTO fieldapp_control.access VALUES ('dak_lak', '66')")
        for table in tables(world.hq):
            if not table.reference:
                seen = own.execute(f"SELECT id, post_id FROM fieldapp.{table.name}").fetchall()
                assert {post for _id, post in seen} <= inside
                of_mine = world.hq.value(
                    f"SELECT count(*) FROM {table.name} WHERE post_id IN ({', '.join('?' * len(inside))})", [*inside]
                )
                assert len(seen) == of_mine
                assert own.execute(f"SELECT count(*) FROM fieldapp.open_{table.name}").fetchone() == (of_mine,)
                with pytest.raises(InsufficientPrivilege):
                    own.execute(f"SELECT * FROM fieldapp.{table.name}_0")
        assert {row[0] for row in own.execute("SELECT post_id FROM fieldapp.review_latest")} <= inside
        assert own.execute("SELECT full_name FROM fieldapp.member").fetchall()
        of_posts = own.execute(FIGURES.replace("section, code, value", "DISTINCT part").replace(
            "'2026-12-31'", "'2026-12-31', 'post'")).fetchall()  # fmt: skip
        assert {part for (part,) in of_posts} <= inside
        with pytest.raises(InsufficientPrivilege):
            own.execute("INSERT INTO fieldapp_control.access VALUES ('dak_lak', '01')")
        code = world.hq.value("SELECT code FROM post WHERE id = ?", [min(outside)])
        pg.execute("INSERT INTO fieldapp_control.access VALUES ('dak_lak', %s)", [code])
        posts = {row[0] for row in own.execute("SELECT DISTINCT post_id FROM fieldapp.activity")}
        assert posts == inside | {min(outside)}
    pg.execute("SET ROLE dak_lak")
    assert {row[0] for row in pg.execute("SELECT DISTINCT post_id FROM fieldapp.activity")} == posts
    assert there(pg).keys() <= here(world).keys()


def test_the_writer_needs_no_more_than_a_database_of_its_own(world: World, cluster: str) -> None:
    with psycopg.connect(cluster, autocommit=True) as admin:
        for role in ("fieldapp_writer", "fieldapp_analyst", "fieldapp_province"):
            if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
                admin.execute(f"CREATE ROLE {role}")
    url = login(new_database(cluster, "of_writer", "fieldapp_writer"), "soi_guong", "fieldapp_writer")
    assert publish(world.hq, url, Place(2)).loaded
    world.well()
    world.carry(world.post, world.hq)
    assert publish(world.hq, url).rows == 3
    with psycopg.connect(url, autocommit=True) as connection:
        assert rows(connection, world.hq) == rows_here(world.hq)
    with pytest.raises(FieldappError, match="permission denied"):
        publish(world.hq, login(new_database(cluster, "of_nobody"), "khong_ai"))


def test_two_servers_answer_as_one(world: World, database: str, pg: psycopg.Connection[Any]) -> None:
    random_records.fill(world.hq, 6, 40, posts=8)
    with postgres.cluster() as second:
        host = second.split("host=")[1]
        for statement in (
            "CREATE EXTENSION postgres_fdw",
            f"CREATE SERVER second FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{host}', dbname 'postgres')",
            "CREATE USER MAPPING FOR PUBLIC SERVER second OPTIONS (user 'fieldapp', password_required 'false')",
        ):
            pg.execute(statement)
        publish(world.hq, database, Place(4, ("second",)))
        assert rows(pg, world.hq) == rows_here(world.hq)
        assert there(pg) == here(world)
        with as_login(database, "phan_tich", "fieldapp_analyst") as analyst:
            assert there(analyst) == here(world)
            assert analyst.execute("SELECT count(*) FROM fieldapp.activity").fetchone() == (
                world.hq.value("SELECT count(*) FROM activity"),
            )

        def elsewhere(connection: psycopg.Connection[Any]) -> int:
            row = connection.execute(
                "SELECT sum((xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', oid::regclass),"
                " false, true, '')))[1]::text::int) FROM pg_class WHERE relkind = 'r' AND relname ~ '^activity_[0-9]$'"
                " AND relnamespace::regnamespace::text LIKE 'fieldapp%'"
            ).fetchone()
            assert row is not None
            return int(row[0])

        with psycopg.connect(second, autocommit=True) as other:
            total = world.hq.value("SELECT count(*) FROM activity")
            assert 0 < elsewhere(other) < total
            assert elsewhere(pg) + elsewhere(other) == total
            world.well()
            world.carry(world.post, world.hq)
            assert not publish(world.hq, database).loaded
            assert publish(world.hq, database, anew=True).loaded
            assert elsewhere(pg) + elsewhere(other) == total + 1
            schemas = other.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'fieldapp%'").fetchone()
            assert schemas == (1,)
        assert rows(pg, world.hq) == rows_here(world.hq)
        assert there(pg) == here(world)
