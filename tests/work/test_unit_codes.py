"""Records that may have their unit by a code that is another unit's now."""

from datetime import date

import pytest
from field import World

from fieldapp.records import records
from fieldapp.store import migrations
from fieldapp.sync.format import segment
from fieldapp.work.todo import todo

pytestmark = pytest.mark.usefixtures("whole_baseline")

SAID = "ghi theo mã 01558, nay là Xã Hạ Lang"


def unit(world: World, code: str) -> str:
    """The id of the unit that has a code today."""
    found: str = world.post.value("SELECT id FROM unit WHERE code = ? AND valid_from = '2025-07-01'", [code])
    return found


def test_what_was_recorded_before_the_official_codes_is_listed(world: World) -> None:
    """Lý Quốc had 01558, which is Hạ Lang. At the post by its clock, at headquarters by what the segment says."""
    before = world.well(unit_id=unit(world, "01537"), date_from="2025-11-05")
    hlc = world.post.value("SELECT hlc FROM local_session")
    world.post.set_setting(migrations.OFFICIAL_CODES_SINCE, str(hlc))
    with pytest.MonkeyPatch.context() as older:
        older.setattr(segment, "SEGMENT_SCHEMA", 4)
        world.carry(world.post, world.hq)
    world.well(unit_id=unit(world, "01537"), date_from="2026-11-06")
    world.well(unit_id=unit(world, "01558"), date_from="2026-11-07")
    world.carry(world.post, world.hq)
    for store in (world.post, world.hq):
        assert [t.target for t in todo(store, date(2026, 11, 30)) if SAID in t.text] == [before], store.role
    records.save(world.post, "activity", {"unit_id": unit(world, "01558")}, before)
    assert [t for t in todo(world.post, date(2026, 11, 30)) if SAID in t.text] == []
