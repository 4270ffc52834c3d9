"""On a wide screen a list has what Enter would open at its right; on a narrow one nothing is different."""

from datetime import date
from typing import Any

from field import World
from report_files import fill
from rich.cells import cell_len
from sync_state import second_laptop
from textual.pilot import Pilot
from textual.screen import Screen

from fieldapp.records import records
from fieldapp.reports.query import Query, period_of
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.merge import merge
from fieldapp.sync.peers import peers
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.beside import LEAST, WIDE
from fieldapp.tui.screens.conflicts import ConflictsScreen
from fieldapp.tui.screens.coverage import CoverageScreen
from fieldapp.tui.screens.dashboard import DashboardScreen
from fieldapp.tui.screens.list import ListScreen
from fieldapp.tui.screens.report import ReportScreen
from fieldapp.tui.screens.review_list import ReviewListScreen
from fieldapp.tui.screens.review_overview import ReviewOverviewScreen
from fieldapp.tui.screens.search import SearchScreen
from fieldapp.tui.widgets.text_field import TextField

NARROW, SIZES = (80, 24), ((120, 30), (160, 50))
UNIT = "cây giống lâm nghiệp"
YEAR = Query(period_of("2013", date(2026, 1, 1)), today=date(2026, 1, 1))


def rows(app: FieldApp) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


def halves(app: FieldApp) -> tuple[str, str]:
    """What stands left and right of the line between the two; all is left where there is none."""
    shown = rows(app)
    at = next((row.index("│") for row in shown if "│" in row), None)
    right = "" if at is None else " ".join(" ".join(row[at + 1 :] for row in shown if row[at : at + 1] == "│").split())
    return "\n".join(row[:at].rstrip() for row in shown), right


async def settle(pilot: Pilot[Any], *keys: str, size: tuple[int, int] | None = None) -> None:
    """Press keys, and give the terminal another size."""
    if size is not None:
        await pilot.resize_terminal(*size)
        await pilot.pause(0.02)  # Textual waits for the last size of several
    await pilot.press(*keys)
    for _ in range(4):
        await pilot.pause()


async def test_a_narrow_screen_makes_nothing_beside_its_list(world: World) -> None:
    """It is made when there is room for it, and stays."""
    world.well(description="Giếng nghĩa tình")
    app = FieldApp(world.post.home, world.post)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot, "f3")
        assert isinstance(app.screen, SearchScreen)
        assert not app.screen.query("#beside")
        await settle(pilot, size=SIZES[0])
        assert "Giếng nghĩa tình" in halves(app)[1]
        await settle(pilot, size=NARROW)
        await settle(pilot, size=SIZES[1])
        assert len(app.screen.query("#beside")) == 1 and "Giếng nghĩa tình" in halves(app)[1]


async def test_what_enter_would_open_stands_beside_the_list(world: World) -> None:
    fill(world)
    world.carry(world.post, world.hq)
    post = str(world.hq.value("SELECT id FROM post"))
    app = FieldApp(world.root / "hq", world.hq.reopen())
    pages: list[tuple[Screen[Any], str]] = [
        (CoverageScreen(), "Chờ duyệt"),
        (ReportScreen(), "Giếng khoan: 2 giếng"),
        (DashboardScreen(YEAR), "Giếng khoan: 1 giếng"),
        (ReviewOverviewScreen(), "· Giếng khoan"),
        (ReviewListScreen("activity", post), "Loại hoạt động: Giếng khoan"),
        (ListScreen("activity"), "Số liệu: "),
        (SearchScreen("gieng"), "Loại hoạt động: Giếng khoan"),
    ]
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        for number, (page, words) in enumerate(pages):
            app.push_screen(page)
            await settle(pilot, *(["f4", *"2013", "enter"] if isinstance(page, ReportScreen) else []))
            at_first = halves(app)
            assert at_first[1] == ""
            focused = app.screen.focused
            size = SIZES[number % 2]
            await settle(pilot, size=size)
            left, right = halves(app)
            assert words in right, (type(page).__name__, right)
            assert all(len(line) <= max(LEAST, size[0] // 2) + 1 for line in left.splitlines()[1:-2])
            if isinstance(page, ReportScreen):
                await settle(pilot, "down")
                assert halves(app)[1] != right, "it follows the arrows"
                await settle(pilot, "up")
            assert app.screen.focused is focused
            await settle(pilot, size=NARROW)
            assert halves(app) == at_first, type(page).__name__
            app.pop_screen()
            await settle(pilot)


async def test_two_records_that_may_be_one_are_beside_each_other(world: World) -> None:
    world.well(), world.well(measures=[{"measure_id": "gieng", "amount": 2}])
    world.carry(world.post, world.hq)
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=SIZES[1]) as pilot:
        await settle(pilot, "f7", "enter")
        assert "≠ Số liệu Giếng: 1 giếng Giếng: 2 giếng" in halves(app)[1]
        assert "bản ghi này: ghi trước bản ghi đối chiếu: ghi sau" in halves(app)[1]
        await settle(pilot, "down")
        assert "≠ Số liệu Giếng: 2 giếng Giếng: 1 giếng" in halves(app)[1]
        assert "bản ghi này: ghi sau bản ghi đối chiếu: ghi trước" in halves(app)[1]


async def test_a_conflict_has_both_values_and_its_record_beside_it(world: World) -> None:
    well = world.well(hamlet="Buôn gốc")
    world.carry(world.post, world.hq)
    b = second_laptop(world)
    for laptop, hamlet in ((world.post, "Buôn [b]A[/]"), (b, "Buôn B")):
        records.save(laptop, "activity", {"hamlet": hamlet}, well, confirm=True)
        world.carry(laptop, world.hq)
    pack = enrolment.write_pack(world.hq, code="EABUNG", name="Đồn Ea Bung", dest=world.usb)
    new = enrolment.init_post(world.root / "new", pack, user="C", passphrase="x y")
    asking = peers.own(new).fingerprint.split()
    outgoing.export(new, world.usb)
    incoming.import_files(world.hq, [world.usb])
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=SIZES[0]) as pilot:
        app.push_screen(ConflictsScreen())
        await settle(pilot)
        right = halves(app)[1]
        assert "đang dùng: Buôn B (Trần Văn B" in right
        assert "không được dùng: Buôn [b]A[/] (Nguyễn Văn A" in right
        assert "Loại hoạt động: Giếng khoan" in right
        await settle(pilot, *["down"] * len(merge.conflicts(world.hq)))
        assert all(word in halves(app)[1] for word in asking), "the words of a laptop that waits to be certified"
    for store in (b, new):
        store.close()


async def test_a_screen_that_grows_and_shrinks_takes_neither_focus_nor_text(world: World) -> None:
    world.well()
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=NARROW) as pilot:
        app.push_screen(SearchScreen())
        await settle(pilot)
        typed = ""
        for letter, size in zip("gieng", (SIZES[0], NARROW, SIZES[1], SIZES[0], NARROW), strict=True):
            await settle(pilot, letter)
            typed += letter
            await settle(pilot, size=size)
            field = app.screen.focused
            assert isinstance(field, TextField)
            assert field.value == typed
            assert ("Giếng khoan" in halves(app)[1]) == (size[0] >= WIDE)


async def test_no_bar_runs_over_its_number(world: World) -> None:
    """A long unit, and a number of fifteen digits."""
    measure = {"code": "cay", "name": "Cây trồng phân tán", "unit_name": UNIT, "nature": "quantity"}
    records.save(world.hq, "measure", measure)
    records.save(world.hq, "kind_measure", {"activity_kind_id": "gieng_khoan", "measure_id": "cay", "position": 9})
    world.carry(world.hq, world.post)
    world.well(measures=[{"measure_id": "cay", "amount": 999_999_999_999_999}])
    world.carry(world.post, world.hq)
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=NARROW) as pilot:
        app.push_screen(DashboardScreen(YEAR))
        for size in (NARROW, *SIZES):
            await settle(pilot, size=size)
            left, right = halves(app)
            assert all(cell_len(line) <= size[0] for line in left.splitlines())
            (bar,) = [line for line in left.splitlines() if "█" in line]
            assert "█ " in bar, bar
            assert bar.rstrip().endswith(f"999.999.999.999.999 {UNIT}"), bar
            assert ("999.999" in right) == (size[0] >= WIDE)
        for _split in range(4):
            assert halves(app)[1]
            await settle(pilot, "f7")
        assert halves(app)[1] == "", "there is no plan, and nothing to open"
