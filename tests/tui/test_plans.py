"""The plans of all posts on one screen of headquarters: typed like a sheet, saved together, kept through a crash."""

from pathlib import Path
from typing import Any

import pytest
from field import World, of_another_post
from screen_driver import ScreenDriver, run
from sheet_files import by_xlsxwriter
from textual.events import Paste

from fieldapp.records import plans, records
from fieldapp.records.plans import Aim, PlanCell
from fieldapp.reports.query import period_of
from fieldapp.store import people, wall
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.plans import PlansScreen, year_before

YEAR = wall.today().year


def stored(world: World, year: int = YEAR) -> set[tuple[str | None, str, int]]:
    rows = world.hq.rows(
        "SELECT p.code AS post, m.code AS measure, l.target FROM plan l JOIN measure m ON m.id = l.measure_id"
        " LEFT JOIN post p ON p.id = l.for_post_id WHERE l.voided_at IS NULL AND l.date_from = ?",
        [f"{year}-01-01"],
    )
    return {(r["post"], r["measure"], r["target"]) for r in rows}


def line(s: ScreenDriver, name: str) -> list[str]:
    """The parts of a post's line: plan, done, percent, forecast of each column."""
    found = next(x for x in s.text.splitlines() if x.strip().startswith(name))
    return [part.strip() for part in found.split("│")[1:]]


async def to_plans(s: ScreenDriver, *measures: str) -> None:
    """Open the plans, with columns for these measures; their names are pasted, for each key looks through all."""
    s.app.push_screen(PlansScreen())
    await s.press()
    for measure in measures:
        await s.press("f4")
        await paste(s, measure)
        await s.press("enter")


async def paste(s: ScreenDriver, text: str) -> None:
    s.app.post_message(Paste(text))
    await s.press()


async def test_figures_are_typed_like_in_a_sheet_and_saved_together(world: World) -> None:
    of_another_post(world.hq)
    world.well(date_from=wall.today().isoformat())
    world.carry(world.post, world.hq)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("ctrl+p", "ke hoach cua", "enter")
        assert isinstance(s.app.screen, PlansScreen)
        await to_plans(s, "gieng khoan", "ngay cong")
        await s.press("up", "up", "left", "20", "enter", "4", "enter", "5", "enter")  # below the last: the next column
        await s.press("down", "1.200")
        assert "4 ô chưa ghi (*)" in s.text
        assert line(s, "Đồn BP Ia Rvê")[0].startswith("* 4")
        assert stored(world) == set()
        await s.press("f2")
        assert stored(world) == {(None, "gieng", 20), ("IARVE", "gieng", 4), ("IALOP", "gieng", 5),
                                 ("IARVE", "ngay_cong", 1200)}  # fmt: skip
        first, *_ = line(s, "Đồn BP Ia Rvê")
        assert first.split()[:3] == ["4", "1", "25%"]
        assert line(s, "Đồn IALOP")[0].split() == ["5", "–", "–", "–"], "unknown is not zero"
        await s.press("up", "left")
        assert "cộng các đồn: 9 giếng" in s.text
        await s.press("delete", "f2", "tính lại", "enter")
        assert (None, "gieng", 20) not in stored(world)
        await s.press("f4", f"{YEAR + 1}", "enter", "f5", "f2")
        assert stored(world, YEAR + 1) == stored(world) == {
            ("IARVE", "gieng", 4), ("IALOP", "gieng", 5), ("IARVE", "ngay_cong", 1200)}  # fmt: skip


async def test_what_is_wrong_is_named_and_nothing_is_saved(world: World) -> None:
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await to_plans(s, "gieng khoan")
        await s.press("20", "enter", "nhieu", "enter", "f2")
        assert "Chưa ghi gì" in s.text
        assert "Đồn BP Ia Rvê, Giếng khoan" in s.text
        assert stored(world) == set()
        await s.press("4", "f2")
        assert stored(world) == {(None, "gieng", 20), ("IARVE", "gieng", 4)}


async def test_what_is_typed_is_there_again_after_a_crash(world: World) -> None:
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await to_plans(s, "gieng khoan")
        await s.press("20", "enter")
        async with run(world.root / "hq", world.hq.reopen()) as again:  # nobody has left the first screen
            await to_plans(again)
            assert line(again, "Tất cả các đồn")[0].startswith("* 20")
            await again.press("down", "7", "f2")
            assert stored(world) == {(None, "gieng", 20), ("IARVE", "gieng", 7)}


async def test_what_could_not_be_kept_is_not_lost_unsaid(world: World) -> None:
    """The disk is full, or another window writes: that is said while one types, and Esc asks."""
    store, other = world.hq.reopen(), world.hq.reopen()
    async with run(world.root / "hq", store) as s:
        await to_plans(s, "gieng khoan")
        store.db.execute("PRAGMA busy_timeout = 0")
        other.db.execute("BEGIN IMMEDIATE")
        await s.press("20", "enter")
        assert "chưa lưu được gì" in s.text
        await s.press("escape")
        assert isinstance(s.app.screen, PlansScreen)
        assert "Bấm Esc lần nữa để ra" in " ".join(s.text.split())
        other.db.execute("ROLLBACK")
        await s.press("escape")
        assert not isinstance(s.app.screen, PlansScreen)
    other.close()
    async with run(world.root / "hq", world.hq.reopen()) as again:
        await to_plans(again)
        assert line(again, "Tất cả các đồn")[0].startswith("* 20")


async def test_a_range_is_pasted_by_names_or_from_the_cell_on(world: World) -> None:
    of_another_post(world.hq)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await to_plans(s, "gieng khoan", "ngay cong")
        await s.press("left", "down")
        for number, text in enumerate((
            "Đồn\tGiếng khoan\tNgày công\nĐồn IALOP\t5\t-\nIARVE\t4\t1.200",
            "14\t1.201\n15\t",
            "Chỉ tiêu\tIARVE\tIALOP\nGiếng khoan\t24\t25\nNgày công\t1202\t",
        )):  # fmt: skip
            await paste(s, text)
            assert "3 ô chưa ghi" in s.text
            await s.press("f2")
            assert stored(world) == {("IARVE", "gieng", 4 + 10 * number), ("IALOP", "gieng", 5 + 10 * number),
                                     ("IARVE", "ngay_cong", 1200 + number)}  # fmt: skip
        await paste(s, "1\t2\n3\t4\n5\t6\n7\t8")
        assert "Chưa dán gì" in s.text
        await paste(s, "Đồn\tGiếng khoan\nIARVE\t4\nĐồn Bo Heng\t5")
        assert "Đồn Bo Heng" in s.text
        assert "chưa ghi (*)" not in s.text


async def test_a_sheet_is_entered_and_what_is_written_can_be_entered_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldapp.tui.screens.file_page.documents", lambda: tmp_path)
    rows: list[list[Any]] = [["Đồn", "Giếng khoan", "Tiền mặt (triệu đồng)"], ["IARVE", 4, 70.5]]
    by_xlsxwriter(tmp_path / "a.xlsx", rows)
    wanted = {("IARVE", "gieng", 4), ("IARVE", "tien_mat", 70_500_000)}
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await to_plans(s)
        await s.press("f6", "tab", str(tmp_path / "a.xlsx"), "enter")
        assert "2 ô từ a.xlsx" in s.text
        await s.press("f2", "f8")
        assert stored(world) == wanted
        world.hq.db.execute("UPDATE plan SET voided_at = 'x', void_reason = 'x'")
        written = next(tmp_path.glob("ke-hoach_*.xlsx"))
        await s.press("f6", "tab", str(written), "enter", "f2")
    assert stored(world) == wanted


async def test_in_a_browser_too_only_officers_get_the_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(FieldApp, "is_web", True)
    monkeypatch.setattr(FieldApp, "deliver_binary", lambda _app, _file, *, save_filename, **_more: sent.append(
        save_filename))  # fmt: skip
    people.add_person(world.hq, "Người ghi", "mật khẩu dài", people.Role.RECORDER)
    store = world.hq.reopen()
    store.user = "Người ghi"
    async with run(world.root / "hq", store) as s:
        await to_plans(s, "gieng khoan")
        await s.press("f8")
        assert "cần vai trò" in s.text
    assert sent == []


async def test_names_stay_in_sight_while_columns_scroll(world: World) -> None:
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await to_plans(s, "gieng khoan", "ngay cong", "tien mat", "gao", "suat qua", "to roi")
        assert "cột" in s.text
        await s.press(*["left"] * 6)
        assert line(s, "Đồn BP Ia Rvê")
        assert "Giếng khoan" in s.text
        await s.pilot.resize_terminal(160, 50)
        await s.wait("Tờ rơi")
        assert len(line(s, "Đồn BP Ia Rvê")) == 6
        assert "cột" not in s.text


def test_the_year_before_has_the_same_months() -> None:
    for text, before in (("2024-02", "2023-02"), ("2026", "2025"), ("2025-2", "2024-02"), ("2026-Q1", "2025-Q1")):
        assert year_before(period_of(text, wall.today())) == period_of(before, wall.today())


async def test_plans_of_a_post_that_is_no_more_hold_up_nothing(world: World) -> None:
    """Neither those of the year before, nor what was typed before the post was voided: nobody could take them out."""
    of_another_post(world.hq)
    one, other = (world.hq.value("SELECT id FROM post WHERE code = ?", [code]) for code in ("IARVE", "IALOP"))
    wells = Aim(world.hq.value("SELECT id FROM measure WHERE code = 'gieng'"))
    year = period_of(str(YEAR), wall.today())
    both = {PlanCell(one, wells): 4, PlanCell(other, wells): 5}
    plans.save_plans(world.hq, year.first, year.last, both, reason="", confirm=True)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await to_plans(s)
        await s.press("f4", f"{YEAR + 1}", "enter", "f5", "escape")
        records.void(world.hq, other, "giải thể")
        await to_plans(s)
        await s.press("f4", f"{YEAR + 1}", "enter", "f2")
        assert stored(world, YEAR + 1) == {("IARVE", "gieng", 4)}
        await s.press("f5", "f2")
        assert stored(world, YEAR + 1) == {("IARVE", "gieng", 4)}


async def test_a_post_s_plan_beyond_that_of_all_posts_is_pointed_out(world: World) -> None:
    """5.000 of one post of the 900 of all are a slip of the pen; they are saved all the same."""
    wells = Aim(world.hq.value("SELECT id FROM measure WHERE code = 'gieng'"))
    year = period_of(str(YEAR), wall.today())
    plans.save_plans(world.hq, year.first, year.last, {PlanCell(None, wells): 900}, reason="", confirm=True)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await to_plans(s)
        said = "nhiều hơn kế hoạch chung của tất cả các đồn (900 giếng)"
        assert said not in s.text
        await s.press("down", "5.000")
        assert said in s.text
        await s.press("f2", "up", "down")
        assert ("IARVE", "gieng", 5000) in stored(world)
        assert said in s.text
        await s.press("800")
        assert said not in s.text
