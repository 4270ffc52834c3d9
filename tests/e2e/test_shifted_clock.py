"""The real program, as a process of its own, on a machine whose clock stands far ahead (``faketime``)."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import light_seal
import on_windows
import pytest
from clock_world import FAR, all_is_well, reopen, restore, rounds, save_disk, wells
from field import PASSPHRASE, World

from fieldapp.sync.exchange import incoming, outgoing

pytestmark = [
    on_windows.SHELL,
    pytest.mark.skipif(shutil.which("faketime") is None, reason="Debian tools are missing: faketime"),
]
WELL = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-06", "unit_id": "24221",
        "measures": [{"measure_id": "gieng", "amount": 1}]}  # fmt: skip
CELLS = [(3_400, False), (3_800, False), (FAR, False), (FAR, True)]
"""Days ahead; whether the laptop is restored from a backup afterwards"""


class Shifted:
    """Runs commands on the laptop ``who`` whose clock is ``days`` ahead; other processes see the right one."""

    def __init__(self, world: World, who: str, days: int, folder: Path) -> None:
        self.home, self.days = world.root / who, days
        self.secret = folder / "passphrase"
        self.secret.write_text(PASSPHRASE + "\n", encoding="utf-8")

    def run(self, *arguments: object, stdin: object = None) -> tuple[int, str]:
        """(exit code, messages)"""
        done = subprocess.run(
            ["faketime", "-f", f"+{self.days}d", sys.executable, "-c",
             f"{light_seal.usual()}\nfrom fieldapp.cli import main; main()", "--home", str(self.home),
             *map(str, arguments)],
            input=json.dumps(stdin), capture_output=True, text=True, check=False,
            env=os.environ | {"FIELDAPP_PASSPHRASE_FILE": str(self.secret)},
        )  # fmt: skip
        return done.returncode, done.stderr

    def run_when_told_the_day(self, *arguments: object) -> None:
        """It refuses and says what to do; that works."""
        code, said = self.run(*arguments)
        assert (code, "--today" in said) == (1, True), said
        code, said = self.run("--today", f"{datetime.now(UTC).astimezone():%d/%m/%Y}", *arguments)
        assert code == 0, said


@pytest.mark.parametrize(("days", "restored"), CELLS)
def test_headquarters_answers_one_post(openable: World, tmp_path: Path, days: int, restored: bool) -> None:
    world = openable
    world.well()
    rounds(world, 1)
    save_disk(world, "hq")
    world.well(date_from="2013-10-06")
    outgoing.export(world.post, world.usb)
    world.hq.close()
    shifted = Shifted(world, "hq", days, tmp_path)
    code, said = shifted.run("sync", "import", world.usb)
    assert (code, "hôm nay là ngày nào" in said) == (0, True), said
    shifted.run_when_told_the_day("sync", "export", world.usb)
    incoming.import_files(world.post, [world.usb])
    (restore if restored else reopen)(world, "hq")
    world.well(date_from="2013-10-07")
    rounds(world)
    all_is_well(world, 3)


@pytest.mark.parametrize(("days", "restored"), CELLS)
def test_a_post_records_one_well(openable: World, tmp_path: Path, days: int, restored: bool) -> None:
    world = openable
    world.well()
    rounds(world, 1)
    save_disk(world, "post")
    world.post.close()
    shifted = Shifted(world, "post", days, tmp_path)
    code, said = shifted.run("add", "activity", "--confirm", "--json", "-", stdin=[WELL])
    assert (code, "hôm nay là ngày nào" in said) == (0, True), said
    shifted.run_when_told_the_day("sync", "export", world.usb)
    assert incoming.import_files(world.hq, [world.usb])[0].complete
    (restore if restored else reopen)(world, "post")
    world.well(date_from="2013-10-07")
    rounds(world)
    assert wells(world.hq) == 3
    all_is_well(world, 3)
