"""Voiding a record on the screen says beforehand what no longer counts."""

from field import World
from screen_driver import at_post

from fieldapp.records import lists, records
from fieldapp.tui.screens.record import RecordScreen


async def test_voiding_a_member_asks_with_what_leaves_the_figures(world: World) -> None:
    who = records.save(world.post, "member", {"full_name": "Lê Văn Sáu"})
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    about = {"member_id": who, "date_from": "2018-01-01"}
    records.save(world.post, "introduction", {**about, "party_cell_id": cell})
    for name in ("Ama Blêh", "Ama Kông"):
        records.save(world.post, "household_charge", {**about, "household": name, "unit_id": "24221"}, confirm=True)
    async with at_post(world) as s:
        s.app.push_screen(RecordScreen(who))
        await s.press("delete")
        assert "không còn được tính: 1 giới thiệu sinh hoạt, 2 hộ phụ trách." in " ".join(s.text.split())
        assert "Lý do hủy bản ghi." in s.text
        await s.press("ghi nham", "enter")
        assert "Đã hủy" in s.text
    assert records.get(world.post, who).row["voided_at"] is not None
