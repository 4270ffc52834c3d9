"""A file of an older version becomes one of this version."""

from field import World

from fieldapp.domain.records import RECORDS
from fieldapp.store import migrations, records
from fieldapp.store.capture import synced_tables
from fieldapp.sync import doctor, merge

NEW = ("household_charge", "cell_rating", "member_rating", "candidacy", "matter", "self_management_group",
       "review_meeting", "commendation", "agreement_amendment", "plan", "kind_field", "ethnic_group",
       "activity_extra")  # fmt: skip


def make_old(world: World) -> None:
    """Take the post's file back to version 1: without what version 2 added, as far as SQLite drops it."""
    db = world.post.db
    world.well()
    db.execute("UPDATE local_session SET applying = 1")
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("DROP VIEW unit_today")
    for table in NEW:
        db.execute(f"DROP TABLE {table}")
    for table in ("event", "member", "meeting", "introduction"):
        db.execute(f"DROP TRIGGER capture_insert_{table}")
        db.execute(f"DROP TRIGGER capture_update_{table}")
        db.execute(f"ALTER TABLE {table} DROP COLUMN confirmed")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("UPDATE local_session SET applying = 0")
    db.execute("DELETE FROM _sqlite_migrations WHERE name = '0002_all_records'")
    seq = db.execute(
        "SELECT min(seq) - 1 FROM local_change WHERE log_id = 'baseline' AND table_name = 'ethnic_group'"
    ).fetchone()[0]
    db.execute("DELETE FROM local_change WHERE log_id = 'baseline' AND seq > ?", [seq])
    db.execute("UPDATE local_log SET seq = ? WHERE id = 'baseline'", [seq])


def test_an_old_file_gets_all_tables_columns_and_reference_rows(world: World) -> None:
    make_old(world)
    shape = "SELECT type, name FROM sqlite_master ORDER BY type, name"
    assert migrations.migrate(world.post.db)
    assert world.post.rows(shape) == world.hq.rows(shape)
    for table in synced_tables(world.hq.db):
        columns = [{c.name for c in store.db.table(table).columns} for store in (world.post, world.hq)]
        assert columns[0] == columns[1], table
    assert {m.KIND for m in RECORDS} == set(synced_tables(world.post.db))
    baseline = "SELECT * FROM local_change WHERE log_id = 'baseline' ORDER BY seq"
    assert world.post.rows(baseline) == world.hq.rows(baseline)
    merge.catch_up(world.post)
    assert world.post.setting(migrations.REFOLD) is None
    assert doctor.examine(world.post).healthy
    world.carry(world.post, world.hq)


def test_what_an_older_version_did_not_know_is_folded_in(world: World) -> None:
    """Headquarters of version 2 sent a group of people; the post's version 1 kept the change and set it aside."""
    group = records.save(world.hq, "ethnic_group", {"code": "khac", "name": "Nhóm khác"})
    world.carry(world.hq, world.post)
    with world.post.transaction(applying=True):
        world.post.db.execute("DELETE FROM ethnic_group WHERE id = ?", [group])
        world.post.db.execute(
            "INSERT INTO local_set_aside SELECT log_id, seq, 'unknown_table' FROM local_change WHERE row_id = ?",
            [group],
        )
    world.post.set_setting(migrations.REFOLD, "1")
    merge.catch_up(world.post)
    assert records.get(world.post, group).row["name"] == "Nhóm khác"
    assert world.post.value("SELECT count(*) FROM local_set_aside") == 0
