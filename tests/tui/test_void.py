"""Voiding a record on the screen: what hangs on it is said before, shown afterwards, and the void can be taken back."""

from field import World
from screen_driver import ScreenDriver, at_post, run

from fieldapp.records import lists, records
from fieldapp.records.search import Filter
from fieldapp.store.store import Store
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.search import SearchScreen


def a_member(store: Store) -> dict[str, str]:
    """Kind -> a member, and one record of each kind that is about them or names them."""
    who = records.save(store, "member", {"full_name": "Lê Văn Sáu"})
    cell = lists.record_window(store, "party_cell").rows[0]["id"]
    about = {"member_id": who, "date_from": "2018-01-01"}
    letter = records.save(store, "introduction", {**about, "party_cell_id": cell, "date_to": "2018-06-30"})
    for name in ("Ama Blêh", "Ama Kông"):
        records.save(store, "household_charge", {**about, "household": name, "unit_id": "24221"}, confirm=True)
    held = {"party_cell_id": cell, "held_on": "2018-03-05", "attendance": [{"member_id": who, "status": "present"}]}
    meeting = records.save(store, "meeting", held, confirm=True)
    return {"member": who, "party_cell": cell, "introduction": letter, "meeting": meeting}


def flat(s: ScreenDriver) -> str:
    return " ".join(s.text.split())


async def test_voiding_a_member_says_what_hangs_on_it_and_shows_it_afterwards(world: World) -> None:
    made = a_member(world.post)
    async with at_post(world) as s:
        s.app.push_screen(RecordScreen(made["member"]))
        await s.press()
        await s.press("delete")
        asked = flat(s)
        assert "không còn được tính: 1 giới thiệu sinh hoạt, 2 hộ phụ trách." in asked
        assert "Để nguyên, vẫn nêu bản ghi này: 1 lượt điểm danh." in asked
        assert "Báo cáo tháng 6/2018: " in asked
        assert " −1 đảng viên" in asked
        assert " −2 hộ" in asked
        await s.press("trung", "enter")
        assert "Vẫn nêu bản ghi này" in s.text
        await s.press("pagedown", "enter", "enter")  # opens the first of what still names it
        assert isinstance(s.app.screen, RecordScreen)
        assert "Lê Văn Sáu (đã hủy " in flat(s)
        assert ": trung)" in flat(s)
        await s.press("escape", "escape", "escape")
        s.app.push_screen(RecordScreen(made["meeting"]))
        await s.press()
        assert "Lê Văn Sáu · Có mặt (đã hủy " in flat(s)
        await s.press("escape")
        assert isinstance(s.app.screen, HomeScreen)
        assert "còn được nêu trong 1 giới thiệu sinh hoạt, 1 lượt điểm danh, 2 hộ phụ trách: sửa" in flat(s)
        finding = SearchScreen()
        s.app.push_screen(finding)
        finding._search_filter = Filter(state="any")
        await s.press("sau le")
        (line,) = (line for line in s.text.splitlines() if "[đã hủy]" in line)
        assert line.split() == ["×", "Đảng", "viên", "[đã", "hủy]", "Lê", "Văn", "Sáu"]
    assert records.get(world.post, made["member"]).row["voided_at"] is not None


async def test_the_reason_is_asked_while_another_window_writes(world: World) -> None:
    """What the void changes cannot be worked out then; it can be voided as soon as the other has done."""
    well = world.well()
    async with at_post(world) as s:
        s.app.store.db.execute("PRAGMA busy_timeout = 10")
        s.app.push_screen(RecordScreen(well))
        await s.press()
        with s.app.store.reopen() as other:
            other.db.execute("BEGIN IMMEDIATE")
            await s.press("delete")
            assert "Chương trình khác" in flat(s) and "Lý do hủy bản ghi" in flat(s)
            other.db.execute("ROLLBACK")
        await s.press("trung", "enter")
    assert records.get(world.post, well).row["void_reason"] == "trung"


async def test_a_retired_unit_lists_a_record_that_names_it_in_two_ways(world: World) -> None:
    unit = records.save(world.hq, "unit", {"name": "Thôn 9", "level": "hamlet", "parent_id": "24221"}, confirm=True)
    world.carry(world.hq, world.post)
    well = world.well(unit_id=unit, targets=[{"target_type": "hamlet", "name": "Thôn 9", "unit_id": unit}])
    world.carry(world.post, world.hq)
    records.void(world.hq, unit, "nhập nhầm")
    async with run(world.root / "hq", world.hq.reopen()) as s:
        s.app.push_screen(RecordScreen(unit))
        await s.press()
        assert s.text.count("   Giếng khoan · ") == 2
        await s.press("enter", "down", "enter")
        assert isinstance(s.app.screen, RecordScreen)
        assert s.app.screen._record_id == well
        await s.press("escape", "escape", "f2")
        assert "F2 lần nữa: dùng lại; Esc: vẫn ngừng dùng." in flat(s)
        await s.press("f2")
    assert records.get(world.hq, unit).row["voided_at"] is None


async def test_a_void_is_taken_back_on_the_screen_with_the_questions_of_saving(world: World) -> None:
    made = a_member(world.post)
    well = world.well()
    records.void(world.post, well, "ghi trùng với bản kia")
    again = world.well()
    letter = records.get(world.post, made["introduction"]).row
    records.void(world.post, letter["id"], "nhầm người")
    over = {f: letter[f] for f in ("member_id", "party_cell_id")} | {"date_from": "2018-04-01"}
    records.save(world.post, "introduction", over)
    async with at_post(world) as s:
        s.app.push_screen(RecordScreen(well))
        await s.press()
        await s.press("f2")
        assert "Báo cáo tháng 10/2013: " in flat(s)
        assert " +1 giếng" in flat(s)
        assert "Đây có phải việc khác không?" in flat(s), "another record seems to be the same"
        await s.press("escape")
        assert records.get(world.post, well).row["voided_at"] is not None
        await s.press("f2")
        await s.press("f2")
        history = flat(s)[flat(s).index("Lịch sử") :]
        assert "Lý do: — → ghi trùng với bản kia" in history
        assert "Lấy lại: Hoạt động" in history
        assert "ghi trùng với bản kia → —" not in history
        s.app.push_screen(RecordScreen(letter["id"]))
        await s.press()
        await s.press("f2")
        assert "vẫn hủy. Đảng viên này đã có giới thiệu trong thời gian đó" in flat(s)
    assert records.get(world.post, well).row["voided_at"] is None
    assert records.get(world.post, again).row["voided_at"] is None
    assert records.get(world.post, letter["id"]).row["voided_at"] is not None, "it would break a rule"
