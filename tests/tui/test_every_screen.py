"""Every screen at every size: every key that works is named, nothing is cut, what is chosen can be seen.

``every_screen`` walks; here it is called in both languages.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import every_screen
import pytest
from field import World
from form_driver import members
from tui.test_opened_in_a_burst import set_at_odds

from fieldapp.records import records

PATIENCE = 170
"""Seconds for the English walk, on a machine that does much else"""


def fill(world: World) -> None:
    """Give each screen something to show."""
    members(world, 3)
    set_at_odds(world)
    for name in every_screen.VOIDED, every_screen.STANDING:
        about = {"member_id": records.save(world.post, "member", {"full_name": name}, confirm=True)}
        household = {**about, "household": "Ama Blêh", "unit_id": "24221", "date_from": "2018-01-01"}
        records.save(world.post, "household_charge", household, confirm=True)
        rating = {**about, "year": 2017, "rating": "good"}
        records.save(world.post, "member_rating", rating, confirm=True)
    records.void(world.post, every_screen.member(world.post, every_screen.VOIDED), "ghi trùng với người khác")
    world.post.save_draft("1", "activity", None, {"description": "gõ dở"})


async def test_every_key_is_named_nothing_is_cut_and_the_choice_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-16color")
    fill(world)
    wrong = await every_screen.both(world)
    assert not wrong, "\n".join(wrong)


def test_so_it_is_in_english_and_without_colours(world: World) -> None:
    fill(world)
    folders = os.pathsep.join(map(str, (Path(every_screen.__file__).parent, Path(every_screen.__file__).parents[1])))
    done = subprocess.run(
        [sys.executable, "-m", "every_screen", str(world.root)],
        input=json.dumps({name: key.hex() for name, key in world.keys.items()}),
        env={**os.environ, "FIELDAPP_LANG": "en", "TERM": "linux", "NO_COLOR": "1", "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert not done.stdout.strip(), done.stdout + done.stderr
