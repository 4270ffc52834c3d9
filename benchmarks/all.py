"""Every row of issue 21's table in one run: beside the build before, a bare Textual application and the peers.

    python benchmarks/all.py --before TREE --keep DIR [--rounds 3] [--quick] [--only screen million exchange]

``TREE``: a checkout of the build before, with its environment in ``.venv``. What is made takes long (a million records,
200,000 rows on both sides) and stays in ``DIR`` for the next time. ``--quick`` looks whether all of it still runs: one
round with few records, whose figures say nothing.

Starts, commands and exchange are processor time. Keys and the list of a million records are by the clock; as root
they come before all other work on the machine. Each row: ours, the other, the median of the rounds' ratios, their
spread, and the target. Linux; needs the extra ``bench``, and PostgreSQL for the mirror (``exchange.py``).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import screen
from exchange import HERE, PARTS, Row

Parts = list[tuple[str, Callable[[], Sequence[Row | str]]]]

FEW, MANY, EXCHANGED, REBUILT = 20_000, 1_000_000, 200_000, 20_000
"""Records of the screen's two posts, rows that both sides of an exchange have, rows of the file that is rebuilt"""
UNSEAL = """
import resource, sys
from pathlib import Path
from fieldapp.store import vault
home, task = Path(sys.argv[1]), sys.argv[2]
if task == "seal":
    vault.seal_for_user(home, "A", "lúa nước sông", bytes(32))
else:
    vault.unseal(home, "A", "lúa nước sông")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)
"""

RATIOS = {
    "start to the passphrase, ms": (screen.BARE_BUILD, 1.2),
    "start to the first screen, unlocked, ms": (screen.BARE_BUILD, 1.5),
    "memory of the open screen, MiB": (screen.BARE_BUILD, 1.5),
    "fieldapp --help, ms": (screen.BEFORE, 0.5),
    "fieldapp list event, ms": (screen.BEFORE, 0.5),
    "fieldapp add event, ms": (screen.BEFORE, 0.5),
    "letter in F3 to first byte, p95, ms": (screen.BARE_BUILD, 1.5),
}
"""What ``screen.py`` measures -> beside which build, and the greatest ratio"""
LIMITS = {"letter in F3 to last byte, p95, ms": 40.0, "opening the list, ms": 120.0}
"""The same with a million records, beside the build before -> the greatest value of ours"""


class Within(Row):
    """A row whose target is a value, not a ratio."""

    def line(self) -> str:
        """As of a row, with the value that ours has to keep within."""
        shown = super().line().partition("  target")[0]
        ours = screen.statistics.median(mine for mine, _other in self.rounds)
        return f"{shown}  target {self.target:g} {self.unit}  {'reached' if ours <= self.target else 'NOT reached'}"


def unlocking(before: str, rounds: int) -> list[Row]:
    """What it takes to open what the same build has sealed: the peak of the process that does it."""
    rows: list[Row] = [Within("unlocking, memory", "MiB", 160), Within("unlocking, processor", "s", 1.0)]
    for _ in range(rounds):
        found = []
        for python in (sys.executable, before):
            with tempfile.TemporaryDirectory() as home:
                for task in ("seal", "unseal"):
                    said = subprocess.run(
                        [python, "-P", "-c", UNSEAL, home, task], capture_output=True, text=True, check=True
                    )
                found.append([*map(float, said.stdout.split())])
        for row, ours, other in zip(rows, *found, strict=True):
            row.add(ours, other)
    return rows


def rows_of(found: screen.Values, what: str, row: Row, build: str) -> Row:
    """Fill a row with the rounds of what was measured."""
    for ours, other in zip(found[what]["ours"], found[what][build], strict=True):
        row.add(ours, other)
    return row


def on_the_screen(folder: Path, before: str, rounds: int, records: int) -> list[Row]:
    """Unlocking, starts, commands, memory and letters."""
    folder.mkdir(parents=True, exist_ok=True)
    unlocked = unlocking(before, rounds)
    found = screen.measured(records, folder, before, rounds, ["starts", "commands", "searches"])
    measured = [rows_of(found, what, Row(what, "", most), build) for what, (build, most) in RATIOS.items()]
    return [*unlocked, *measured]


def among_many(folder: Path, before: str, rounds: int, records: int) -> list[Row]:
    """Hits and the list where there are many records."""
    folder.mkdir(parents=True, exist_ok=True)
    found = screen.measured(records, folder, before, rounds, ["searches"])
    return [
        rows_of(found, what, Within(f"{records:,}: {what}", "ms", most), screen.BEFORE) for what, most in LIMITS.items()
    ]


def exchange(folder: Path, tree: Path, rounds: int, quick: bool, part: str) -> list[str]:
    """The rows of a part of ``exchange.py``."""
    sizes = ["--rows", str(EXCHANGED), "--rebuild-rows", str(REBUILT)]
    if quick:
        sizes = ["--rows", "2000", "--rebuild-rows", "500"]
    command = [sys.executable, str(HERE / "benchmarks" / "exchange.py"), "--before", str(tree), "--keep", str(folder)]
    done = subprocess.run(
        [*command, "--rounds", str(rounds), *sizes, "--only", part], stdout=subprocess.PIPE, text=True, check=True
    )
    return [line for line in done.stdout.splitlines() if "  target " in line]


def parts_of(tree: Path, keep: Path, rounds: int, quick: bool, only: Sequence[str]) -> Parts:
    """(name, what measures it and gives its lines) of each part that is asked for."""
    before = str(tree.absolute() / ".venv" / "bin" / "python")
    few, many = (200, 2_000) if quick else (FEW, MANY)
    found: Parts = []
    if "exchange" in only:
        folder = keep / f"exchange{'-quick' * quick}"
        found += [(f"exchange: {part}", partial(exchange, folder, tree.absolute(), rounds, quick, part))
                  for part in PARTS]  # fmt: skip
    for part, measure, records in (("screen", on_the_screen, few), ("million", among_many, many)):
        if part in only:
            folder = keep / f"screen-{records}"
            found.append((part, partial(measure, folder, before, rounds, records)))
    return found


def main(tree: Path, keep: Path, rounds: int, quick: bool, only: Sequence[str]) -> int:
    """Measure and print, each part when it is done; how many parts failed. A part that fails keeps no other back."""
    print(f"{date.today()}  load {os.getloadavg()[0]:.1f}  {rounds} rounds", flush=True)
    failed = []
    for name, measure in parts_of(tree, keep, rounds, quick, only):
        if os.geteuid() == 0 and not name.startswith("exchange"):
            screen.come_first()
        try:
            lines = measure()
        except (Exception, SystemExit):
            traceback.print_exc()
            failed.append(name)
        else:
            print("\n".join(line if isinstance(line, str) else line.line() for line in lines), flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return len(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Every row of the table, in one run")
    parser.add_argument("--before", type=Path, required=True, help="a checkout of the build before")
    parser.add_argument("--keep", type=Path, required=True, help="folder that keeps what is prepared")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=["screen", "million", "exchange"])
    given = parser.parse_args()
    parts = given.only or ["screen", "million", "exchange"]
    sys.exit(min(main(given.before, given.keep, 1 if given.quick else given.rounds, given.quick, parts), 1))
