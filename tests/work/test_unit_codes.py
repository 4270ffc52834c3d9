"""Records that may have their unit by a code that is another unit's now."""

from datetime import date

import pytest
from field import Run, World
from form_driver import form_driver

from fieldapp.records import records
from fieldapp.store import log, migrations
from fieldapp.store.store import Store
from fieldapp.sync.format import segment
from fieldapp.work.todo import todo

pytestmark = pytest.mark.usefixtures("whole_baseline")

SAID = "ghi theo mã 01558, nay là Xã Hạ Lang"
ASKED = "Xã Lý Quốc: ghi theo mã 01558, mã này nay là Xã Hạ Lang. Có đúng không?"


def unit(world: World, code: str) -> str:
    """The id of the unit that has a code today."""
    found: str = world.post.value("SELECT id FROM unit WHERE code = ? AND valid_from = '2025-07-01'", [code])
    return found


def to_check(store: Store) -> list[tuple[str, str]]:
    return [(t.kind, t.target) for t in todo(store, date(2026, 11, 30)) if SAID in t.text]


def upgraded(world: World) -> None:
    """The post gets the official codes now."""
    hlc = world.post.value("SELECT hlc FROM local_session")
    world.post.set_setting(migrations.OFFICIAL_CODES_SINCE, str(hlc))


def recorded_before(world: World, **fields: object) -> str:
    """An activity of the post from before it got the official codes."""
    row_id = world.well(**{"unit_id": unit(world, "01537"), "date_from": "2025-11-05", **fields})
    upgraded(world)
    return row_id


def test_what_was_recorded_before_the_official_codes_is_listed(world: World) -> None:
    """Lý Quốc had 01558, which is Hạ Lang. At the post by its clock, at headquarters by what the segment says."""
    before = recorded_before(world)
    with pytest.MonkeyPatch.context() as older:
        older.setattr(segment, "SEGMENT_SCHEMA", 4)
        world.carry(world.post, world.hq)
    world.well(unit_id=unit(world, "01537"), date_from="2026-11-06")
    world.well(unit_id=unit(world, "01558"), date_from="2026-11-07")
    world.carry(world.post, world.hq)
    for store in (world.post, world.hq):
        assert to_check(store) == [("activity", before)], store.role
    records.save(world.post, "activity", {"unit_id": unit(world, "01558")}, before)
    assert to_check(world.post) == []


def test_nothing_is_looked_through_where_nobody_had_the_first_codes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.well(unit_id=unit(world, "01537"), date_from="2026-11-06")
    world.carry(world.post, world.hq)
    monkeypatch.delattr(log, "changes_of_rows")
    for store in (world.post, world.hq):
        assert to_check(store) == [], store.role


def test_what_was_sealed_after_the_upgrade_is_found_at_headquarters_too(world: World) -> None:
    """Recorded before, exported after it, together with later records."""
    before = recorded_before(world)
    world.well(unit_id=unit(world, "01537"), date_from="2026-11-06")
    world.carry(world.post, world.hq)
    for store in (world.post, world.hq):
        assert to_check(store) == [("activity", before)], store.role


def test_that_it_is_right_is_confirmed_on_the_command_line(world: World, run: Run) -> None:
    before = recorded_before(world)
    world.carry(world.post, world.hq)
    assert f"{ASKED} Hãy chọn đúng đơn vị; nếu đã đúng thì lưu bản ghi và xác nhận." in run("show", before)[1]
    assert f"{ASKED} Trả lại đồn kèm ý kiến: đồn sửa, hoặc xác nhận." in run("show", before, home="hq")[1]
    code, _out, err = run("edit", before, "--json", "-", home="post", stdin={})
    assert code != 0
    assert ASKED in err
    assert run("edit", before, "--json", "-", "--confirm", home="post", stdin={})[0] == 0
    told = run("show", before, home="post")[1]
    assert (f"Cần xem lại: {ASKED}" in told, f"Máy đã hỏi: “{ASKED}” Đồn trả lời: đúng." in told) == (False, True)
    world.carry(world.post, world.hq)
    assert [to_check(store) for store in (world.post, world.hq)] == [[], []]
    assert run("edit", before, "--json", "-", home="post", stdin={"hamlet": "Xóm Khác"})[0] == 0, "asked once"
    world.carry(world.post, world.hq)
    assert [to_check(store) for store in (world.post, world.hq)] == [[], []]


async def test_that_it_is_right_is_confirmed_on_the_form(world: World) -> None:
    before = recorded_before(world)
    async with form_driver(world.post, "activity", before) as form:
        await form.type("<f2>")
        assert form.app.result == "open"
        assert "mã này nay là Xã Hạ Lang" in " ".join(form.text().split())
        await form.type("<f2>")
        assert form.app.result == before, form.text()
    assert to_check(world.post) == []


def test_the_place_of_a_body_is_listed_and_confirmed_with_its_activity(world: World, run: Run) -> None:
    before = recorded_before(
        world, unit_id="24221", targets=[{"target_type": "party_cell", "unit_id": unit(world, "01537")}]
    )
    assert to_check(world.post) == [("activity", before)]
    assert run("edit", before, "--json", "-", home="post", stdin={})[0] != 0
    assert run("edit", before, "--json", "-", "--confirm", home="post", stdin={})[0] == 0
    assert to_check(world.post) == []


def test_a_post_is_not_told_of_what_only_headquarters_can_correct(world: World, run: Run) -> None:
    """A party cell of headquarters' list. There the unit is chosen again, away and back."""
    cell = records.save(world.hq, "party_cell", {"name": "Chi bộ xóm", "unit_id": unit(world, "01537")})
    hlc = world.hq.value("SELECT hlc FROM local_session")
    world.hq.set_setting(migrations.OFFICIAL_CODES_SINCE, str(hlc))
    world.carry(world.hq, world.post)
    assert to_check(world.hq) == [("party_cell", cell)]
    assert to_check(world.post) == []
    assert "mã này nay là" not in run("show", cell, home="post")[1]
    assert "đã đúng thì chọn đơn vị khác, lưu, rồi chọn lại" in run("show", cell, home="hq")[1]
    for code in ("01558", "01537"):
        records.save(world.hq, "party_cell", {"unit_id": unit(world, code)}, cell)
    assert to_check(world.hq) == []
