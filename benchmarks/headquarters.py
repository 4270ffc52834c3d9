"""What each key of headquarters' screens, and of a post's, costs beside the build before.

    python benchmarks/headquarters.py --before PYTHON [--home DIR] [--rounds 5] [--only hq post]

Makes a headquarters with 60 posts, 1,440 activities that wait for review and 40 bundles in a folder, and a post with
2,000 activities, or uses those in ``DIR``. ``PYTHON`` is the interpreter of an environment with an earlier build. Both
work on copies of the same files, in turns, each in a real pseudo-terminal (``screen.py``). Of each key: milliseconds
of the processor until the screen is at rest, the median of the rounds and their spread, and the ratio.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import screen
from nation import Nation
from screen import BEFORE, OURS, PASSPHRASE, USER, Terminal, Values, enter

from fieldapp.store import vault
from fieldapp.sync.exchange import incoming

POSTS, CHANGES, WAITING, ROWS = 60, 100, 40, 2_000
REST = 0.3
"""Seconds without a byte after which a screen is at rest: some of it is read by a thread"""
F = {2: "\x1bOQ", 3: "\x1bOR", 4: "\x1bOS", 6: "\x1b[17~", 7: "\x1b[18~", 8: "\x1b[19~", 9: "\x1b[20~"}
ESC, ENTER = "\x1b", "\r"

Walk = Sequence[tuple[str, str]]
"""What a key does, and the key; nothing is entered for a key without words"""


def again(name: str, key: str) -> Walk:
    """A screen opened by a key from the first screen, three times, and left."""
    opened = (f"{name}, the first time", f"{name}, the second time", f"{name}, the third time")
    return [step for what in opened for step in ((what, key), (f"back from {name}", ESC))]


HEADQUARTERS: Walk = (
    *again("F2 (what to record)", F[2]),
    *again("F4 (books)", F[4]),
    *again("Ctrl+P", "\x10"),
    *again("F3 (search)", F[3]),
    ("", F[3]),
    *((f"F3: letter {n} of gieng", letter) for n, letter in enumerate("gieng", 1)),
    ("a record's page from F3, the first time", ENTER),
    ("back from a record's page", ESC),
    ("a record's page from F3, the second time", ENTER),
    ("", ESC),
    ("", ESC),
    *again("F6 (posts)", F[6]),
    *again("F7 (review)", F[7]),
    ("", F[7]),
    ("a pile of the review, the first time", ENTER),
    ("a record in review, the first time", ENTER),
    ("back to the pile", ESC),
    ("a record in review, the second time", ENTER),
    ("", ESC),
    ("back to F7 from a pile", ESC),
    ("a pile of the review, the second time", ENTER),
    ("", ESC),
    ("", ESC),
    *again("F8 (report)", F[8]),
    *again("F9 (sync)", F[9]),
    ("", F[4]),
    ("a book, the first time", ENTER),
    ("", ESC),
    ("", F[4]),
    ("a book, the second time", ENTER),
    ("", ESC),
)
POST: Walk = (
    *again("F3 (search)", F[3]),
    *again("F6 (meetings)", F[6]),
    *again("F8 (report)", F[8]),
    *again("F9 (sync)", F[9]),
    ("", F[2]),
    ("a form, the first time", ENTER),
    ("F4 in a form", F[4]),
    ("", ESC),
    ("a form, left", ESC),
    ("", F[2]),
    ("a form, the second time", ENTER),
    ("", ESC),
    ("", F[4]),
    ("a book, the first time", ENTER),
    ("a record's page, the first time", ENTER),
    ("", ESC),
    ("a record's page, the second time", ENTER),
    ("", ESC),
    ("the grid, the first time", F[6]),
    ("", ESC),
    ("the grid, the second time", F[6]),
    ("", ESC),
    ("", ESC),
)
WALKS = {"hq": HEADQUARTERS, "post": POST}
WHO = {"hq": "A", "post": USER}
"""Who works there; at headquarters, the officer of ``nation.py``"""


def fill(root: Path) -> None:
    """Make ``root/hq``, the folder ``root/waiting`` and ``root/post``."""
    seal = vault.seal_with_passphrase
    nation = Nation(root, POSTS, 1)
    nation.days = max(date.today().timetuple().tm_yday - 2, 1)  # nothing is of tomorrow: the clock would be doubted
    vault.seal_with_passphrase = seal
    for folder in ("came", "waiting"):
        (root / folder).mkdir()
    nation.year(date.today().year, CHANGES, 1, root / "came")
    incoming.import_files(nation.hq, [root / "came"])
    nation.year(date.today().year, CHANGES // 10, 1, root / "waiting")
    for bundle in sorted((root / "waiting").iterdir())[WAITING:]:
        bundle.unlink()
    vault.seal_for_user(root / "hq", WHO["hq"], PASSPHRASE, nation.hq.key)
    nation.hq.close()
    screen.fill(root / "a-post", ROWS)
    shutil.move(root / "a-post" / "post", root / "post")


def walk(place: str, python: str, home: Path, key: str, build: str, found: Values) -> None:
    """Press the keys of a place, from the first screen; enter what each takes."""
    terminal = Terminal(python, OURS, str(home), key, WHO[place])
    terminal.until("Cần làm")
    terminal.rest(2 * REST)
    enter(found, f"{place}: start to the first screen at rest", build, 1e3 * terminal.processor())
    for what, pressed in WALKS[place]:
        used = terminal.processor()
        terminal.first_byte(pressed)
        terminal.rest(REST)
        if what:
            enter(found, f"{place}: {what}", build, 1e3 * (terminal.processor() - used))
    if place == "hq":
        for pressed in (F[9], str(home.parent / "waiting")):
            terminal.first_byte(pressed)
            terminal.rest(REST)
        used = terminal.processor()
        terminal.first_byte(ENTER)
        terminal.rest(10 * REST)
        enter(found, f"{place}: {WAITING} bundles imported and answered", build, 1e3 * (terminal.processor() - used))
    terminal.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", metavar="PYTHON", required=True)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=WALKS, default=[*WALKS])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = given.home or Path(folder)
        if not (root / "post").exists():
            fill(root)
        found = Values()
        for round_ in range(given.rounds):
            builds = {"ours": sys.executable, BEFORE: given.before}
            for place in given.only:
                key = vault.unseal(root / place, WHO[place], PASSPHRASE).hex()
                for build in [*builds][:: 1 if round_ % 2 else -1]:
                    with tempfile.TemporaryDirectory() as copied:
                        shutil.copytree(root / place, Path(copied) / "home")
                        if place == "hq":
                            shutil.copytree(root / "waiting", Path(copied) / "waiting")
                        walk(place, builds[build], Path(copied) / "home", key, build, found)
        screen.print_found(found)


if __name__ == "__main__":
    main()
