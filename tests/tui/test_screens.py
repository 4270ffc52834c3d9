"""Every screen as in its picture, and what lists and records do.

``FIELDAPP_UPDATE_SCREENS=1`` draws the pictures anew: look at each before committing it.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pictures
import pytest
from field import World
from textual.pilot import Pilot

from fieldapp.records import lists, records
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens import list
from fieldapp.work import month_counts as home_queries

pytestmark = pytest.mark.usefixtures("whole_baseline")

PATIENCE = 600
"""Seconds for all English pictures, on a machine that does much else"""


@pytest.fixture(scope="module")
def filled(whole_baseline: None, first_whole_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A post with the records of the source, and its headquarters."""
    made = first_whole_world.copy(tmp_path_factory.mktemp("filled"))
    pictures.fill(made)
    made.close()
    return made


@pytest.fixture
def post(filled: World, tmp_path: Path) -> Generator[World, None, None]:
    made = filled.copy(tmp_path / "w")
    yield made
    made.close()


async def settle(pilot: Pilot[Any]) -> None:
    for _ in range(3):
        await pilot.pause()


async def write(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


@pytest.mark.parametrize("name", pictures.TOURS)
async def test_screens_look_as_in_their_pictures(filled: World, name: str, tmp_path: Path) -> None:
    shutil.copytree(filled.root, tmp_path / "w")
    assert await pictures.tour(name, tmp_path / "w", filled.keys) == []


def test_they_do_in_english(filled: World, tmp_path: Path) -> None:
    shutil.copytree(filled.root, tmp_path / "w")
    folders = os.pathsep.join(map(str, (Path(pictures.__file__).parent, Path(pictures.__file__).parents[1])))
    done = subprocess.run(
        [sys.executable, "-m", "pictures", str(tmp_path / "w")],
        input=json.dumps({name: key.hex() for name, key in filled.keys.items()}),
        env={**os.environ, "FIELDAPP_LANG": "en", "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def test_a_list_reads_on_window_by_window(post: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list, "WINDOW", 5)
    app = FieldApp(post.root / "post", post.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await write(pilot, "f4", "enter")
        assert len(app.screen._rows) == 5  # type: ignore[attr-defined]
        await write(pilot, *["down"] * 30)
        assert len(app.screen._rows) == lists.count(post.post, "activity")  # type: ignore[attr-defined]


async def test_a_record_is_voided_with_its_reason(post: World) -> None:
    app = FieldApp(post.root / "post", post.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await write(pilot, "f4", "enter", *"so 6", "enter", "delete", *"nhap trung", "enter")
        rows = lists.record_window(post.post, "activity", text="so 6", voided=True).rows
        assert [r["void_reason"] for r in rows] == ["nhap trung"]
        await write(pilot, "escape")
        assert app.screen._rows == []  # type: ignore[attr-defined]


async def test_text_is_never_markup(post: World) -> None:
    harm = "[red]đỏ[/] [/] [link=x] \\[ $(x)"
    row_id = records.save(post.post, "event", {"name": harm, "date_from": "2013-11-01", "description": harm})
    app = FieldApp(post.root / "post", post.post.reopen())
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await write(pilot, "f4", *["s", "u", "space", "k", "i", "e", "n"], "enter")
        assert harm in "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        await write(pilot, "enter", "f2")
        assert records.get(post.post, row_id).row["name"] == harm


async def test_what_was_not_foreseen_goes_to_the_log_file(post: World, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "bí" + " mật"

    def fail(*_args: object) -> None:
        raise ZeroDivisionError(secret)

    monkeypatch.setattr(home_queries, "month_counts", fail)
    app = FieldApp(post.root / "post", post.post.reopen())
    await asyncio.wait_for(app.run_async(headless=True), 30)
    assert app.return_code == 1
    log = (post.root / "post" / "fieldapp.log").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in log
    assert secret not in log
