"""A monkey at the keyboard: whatever is typed, nothing is lost, and nothing is recorded that was not asked for.

2,000 bursts go with all tests. ``make soak`` sends ``FIELDAPP_BURSTS`` bursts, in outings over all processors.
"""

import os
from pathlib import Path

import monkey
import pytest
from field import World
from form_driver import members
from tui.test_opened_in_a_burst import set_at_odds

BURSTS = int(os.environ.get("FIELDAPP_BURSTS", "2000"))
FIRST = int(os.environ.get("FIELDAPP_SOAK_SEED", "0"))
BURSTS_PER_OUTING = 400
"""At least; an outing has one world"""
OUTINGS = -(-BURSTS // BURSTS_PER_OUTING)


@pytest.mark.usefixtures("painted")
@pytest.mark.parametrize("outing", range(FIRST, FIRST + OUTINGS))
async def test_whatever_is_typed_nothing_is_lost_and_nothing_recorded_unasked(
    world: World, outing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where a folder is asked for, the monkey may type one
    members(world, 3)
    set_at_odds(world)
    sent = number = 0
    while sent < BURSTS_PER_OUTING:
        sent += await monkey.round_(world, number, outing)
        number += 1
