"""A record of a divided commune says where all its people went, and so the record."""

import pytest
from field import Run, World
from screen_driver import at_post

from fieldapp.tui.screens.record import RecordScreen

pytestmark = pytest.mark.usefixtures("whole_baseline")

WENT = "toàn bộ dân cư chuyển sang Phường Tây Hồ"


def ward(world: World, code: str, *, old: bool) -> str:
    found: str = world.post.value("SELECT id FROM unit WHERE code = ? AND (valid_to IS NOT NULL) = ?", [code, old])
    return found


async def test_the_record_s_page_and_show_say_so(world: World, run: Run) -> None:
    """Phường Thụy Khuê: its people went to Tây Hồ, land to another."""
    well = world.well(unit_id=ward(world, "00112", old=True))
    assert WENT in run("show", well, home="post")[1]
    async with at_post(world) as s:
        s.app.push_screen(RecordScreen(well))
        await s.wait(WENT)


def test_a_body_s_line_says_so_too(world: World, run: Run) -> None:
    well = world.well(targets=[{"target_type": "party_cell", "unit_id": ward(world, "00112", old=True)}])
    assert WENT in run("show", well, home="post")[1]


def test_not_where_the_record_names_a_successor_nor_where_people_live_in_several_parts(world: World, run: Run) -> None:
    for fields in (
        {"unit_id": ward(world, "00112", old=True), "unit_now_id": ward(world, "00103", old=False)},
        {"unit_id": ward(world, "22225", old=True)},
        {"unit_id": "24221"},
    ):
        assert "toàn bộ dân cư" not in run("show", world.well(**fields), home="post")[1]
