"""The first screen: what must be done, each line opening what it is about, and what was recorded this month."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from field import World
from textual.pilot import Pilot
from textual.widgets import OptionList

from fieldapp.records import lists, records
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.tui import second_press
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.screens.sync import SyncScreen
from fieldapp.tui.screens.todo_sort import TodoSortScreen

TODAY = date(2024, 11, 25)


@pytest.fixture(autouse=True)
def on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall, "today", lambda: TODAY)


class Eyes:
    """The running program."""

    def __init__(self, app: FieldApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        for _ in range(3):
            await self.pilot.pause()

    async def choose(self, words: str) -> None:
        """Go down to the line that has the words, and open it."""
        screen = self.app.screen
        assert isinstance(screen, HomeScreen)
        at = next(n for n, todo in enumerate(screen._todo) if words in todo.text)
        await self.press("home", *["down"] * at, "enter")

    @property
    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@asynccontextmanager
async def looking(root: Path, store: Store) -> AsyncGenerator[Eyes, None]:
    app = FieldApp(root, store)
    async with app.run_test(size=(80, 24)) as pilot:
        eyes = Eyes(app, pilot)
        await eyes.press()
        yield eyes


def cell(world: World) -> str:
    found: str = lists.record_window(world.post, "party_cell").rows[0]["id"]
    return found


def day(days: int) -> str:
    return (TODAY + timedelta(days)).isoformat()


def late(world: World, subject: str) -> None:
    """A matter that was due three days ago."""
    entry = {"matter_type": "information_exchange", "counterpart": "Xã Ia Lốp", "subject": subject}
    records.save(world.post, "matter", {**entry, "opened_on": day(-20), "due_on": day(-3)})


async def test_each_line_opens_what_it_is_about(world: World) -> None:
    binh = records.save(world.post, "member", {"full_name": "Trần Văn Bình"})
    entry = {"member_id": binh, "party_cell_id": cell(world), "date_from": "2024-01-01"}
    records.save(world.post, "introduction", entry)
    for held_on in (day(-70), day(-40)):
        attendance = [{"member_id": binh, "status": "absent"}]
        records.save(
            world.post, "meeting", {"party_cell_id": cell(world), "held_on": held_on, "attendance": attendance}
        )
    late(world, "[b]Cột mốc[/]")
    async with looking(world.root, world.post.reopen()) as eyes:
        assert "! trễ 3 ngày" in eyes.text
        assert "[b]Cột mốc[/] (hạn 22/11)" in eyes.text
        for words, name in (("Cột mốc", "Xã Ia Lốp"), ("Trần Văn Bình", "Trần Văn Bình")):
            await eyes.choose(words)
            assert isinstance(eyes.app.screen, RecordScreen)
            assert name in eyes.text
            await eyes.press("escape")
        await eyes.choose("chưa ghi kỳ sinh hoạt")
        assert isinstance(eyes.app.screen, FormScreen)
        assert eyes.app.screen.kind == "meeting"
        assert "Chi bộ buôn Ba Na" in eyes.text
        await eyes.press("escape")
        assert isinstance(eyes.app.screen, HomeScreen)
        assert world.post.drafts() == [], "nothing was typed"
        await eyes.choose("F9")
        assert isinstance(eyes.app.screen, SyncScreen)


async def test_the_form_that_the_cell_is_filled_in_for(world: World) -> None:
    records.save(world.post, "meeting", {"party_cell_id": cell(world), "held_on": "2024-10-03"})
    async with looking(world.root, world.post.reopen()) as eyes:
        await eyes.choose("chưa ghi kỳ sinh hoạt")
        form = eyes.app.screen
        assert isinstance(form, FormScreen)
        next(e for e in form._editors if e.key == "held_on").focus_problem()
        await eyes.press(*"3/11/2024", "enter")
        form.keep()
        (draft,) = world.post.drafts()
        assert set(draft.data) >= {"party_cell_id", "held_on"}, "the draft is whole without the line it came from"
        await eyes.press("f2")
        assert isinstance(eyes.app.screen, HomeScreen)
        assert "chưa ghi kỳ sinh hoạt" not in eyes.text
        assert [m["held_on"] for m in lists.record_window(world.post, "meeting").rows] == ["2024-11-03", "2024-10-03"]


async def test_the_month_s_counts_stay_below_the_list(world: World) -> None:
    for number in range(30):
        late(world, f"Tin {number}")
        world.well(date_from="2024-11-01", measures=[])
    kinds = {
        "event": {"name": "Lũ", "date_from": day(0)},
        "review_meeting": {"review_type": "periodic_review", "held_on": day(-1)},
        "commendation": {"recipient": "Buôn Ba Na", "recipient_type": "collective", "awarded_on": day(-1)},
        "agreement": {"name": "Quy chế", "date_from": day(-2)},
        "meeting": {"party_cell_id": cell(world), "held_on": day(-2)},
    }
    for kind, data in kinds.items():
        records.save(world.post, kind, data)
    async with looking(world.root, world.post.reopen()) as eyes:
        heads = [number for number, line in enumerate(eyes.lines) if "Bản ghi của tháng" in line]
        at = heads[0]
        assert eyes.lines[at].split()[-2:] == ["10/2024", "11/2024"]
        counts = eyes.lines[at:]
        assert counts[1].endswith(" 30")
        assert sum(line.rstrip().endswith((" 1", " 30")) for line in counts) == 6
        assert "F2" in eyes.lines[-2] and "F1" in eyes.lines[-1]


async def test_a_month_without_records_says_so(world: World) -> None:
    async with looking(world.root, world.post.reopen()) as eyes:
        assert "Chưa ghi gì trong tháng 11/2024" in eyes.text


async def test_thirty_cells_without_a_meeting_are_one_line_below_what_is_late_and_unsent(world: World) -> None:
    for number in range(29):
        records.save(world.hq, "party_cell", {"name": f"Chi bộ thôn {number}", "unit_id": "24221"})
    world.carry(world.hq, world.post)
    for row in lists.record_window(world.post, "party_cell").rows:
        meeting = {"party_cell_id": row["id"], "held_on": "2024-10-03"}
        records.save(world.post, "meeting", meeting, confirm=True)
    late(world, "Cột mốc")
    async with looking(world.root, world.post.reopen()) as eyes:
        texts = [todo.text for todo in eyes.app.screen._todo]  # type: ignore[attr-defined]
        assert texts == [
            "31 bản ghi: F9 để xuất ra USB",
            "Trao đổi thông tin · Xã Ia Lốp: Cột mốc (hạn 22/11)",
            "31 bản ghi: xem danh sách",
            "30 chi bộ chưa ghi kỳ sinh hoạt",
        ]
        assert "▼" not in eyes.text
        await eyes.choose("30 chi bộ")
        assert isinstance(eyes.app.screen, TodoSortScreen)
        assert "Chi bộ buôn Ba Na" in eyes.text
        hidden = 30 - sum("chưa ghi kỳ sinh hoạt" in line for line in eyes.lines[3:])
        assert f"▼ còn {hidden} dòng ở dưới" in eyes.text
        await eyes.press("end")
        assert "▼" not in eyes.text
        await eyes.press("home", "enter")
        assert isinstance(eyes.app.screen, FormScreen)
        await eyes.press("escape", "escape")
        assert isinstance(eyes.app.screen, HomeScreen)


async def test_a_line_that_is_entered_and_clicked_at_once_opens_one_form(world: World) -> None:
    """Of two forms of one draft the lower would overwrite what was typed in the upper."""
    world.post.save_draft("1", "activity", None, {"description": "Gõ dở"})
    async with looking(world.root, world.post.reopen()) as eyes:
        listed = eyes.app.screen.query_one(OptionList)
        listed.highlighted = next(n for n, one in enumerate(eyes.app.screen._todo) if one.draft)  # type: ignore[attr-defined]
        listed.action_select()
        listed.action_select()
        await eyes.pilot.pause()
        assert [type(screen) for screen in eyes.app.screen_stack[2:]] == [FormScreen]


async def test_a_draft_among_many_can_be_dropped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_press, "now", lambda: 0.0)
    for number in range(5):
        world.post.save_draft(str(number), "activity", None, {"description": f"Gõ dở {number}"})
    async with looking(world.root, world.post.reopen()) as eyes:
        await eyes.choose("5 bản nháp")
        assert "Del Bỏ bản nháp" in " ".join(eyes.text.split())
        await eyes.press("down", "delete")
        assert len(world.post.drafts()) == 5
        await eyes.press("delete", "delete")
        assert len(world.post.drafts()) == 5, "a key that is held is no answer"
        monkeypatch.setattr(second_press, "now", lambda: 2.0)
        await eyes.press("delete")
        assert len(world.post.drafts()) == 4
        assert "4 bản nháp" in eyes.text
