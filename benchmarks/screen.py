"""How fast the screen is with many records, against a bare Textual application, in real pseudo-terminals.

    python benchmarks/screen.py [--rows N] [--home DIR]

Fills a post's encrypted file with N activities (100,000), or uses the one that ``--home`` has. Prints the time from
key press to first painted byte in a form, and from start to first screen, each beside a bare application in the same
run. Prints also the time of a search while typing, and of opening the list, each until the last byte is painted. Ours
and theirs take turns, so that noise hits both.
"""

import argparse
import os
import random
import select
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pexpect
import uuid_utils

from fieldapp.records import search_index
from fieldapp.store import vault
from fieldapp.store.store import Store
from fieldapp.store.wall import instant
from fieldapp.sync.exchange import enrolment
from fieldapp.vietnamese.text import search_key

PASSPHRASE = "lúa nước sông"
USER = "Nguyễn Văn A"
QUIET = 0.15
"""Seconds without a byte after which a screen is complete"""
KEYS, BLOCKS = 40, 8
STARTS = 5
OPENINGS = 3

BARE = """
from textual.app import App
from textual.widgets import Input, Static
class Bare(App):
    def compose(self):
        yield Input()
        yield Static("ready")
Bare().run()
"""
PROGRAM = """
import sys
sys.argv = ["fieldapp", "--home", sys.argv[1]]
from fieldapp.cli import main
main()
"""
OURS = """
import os, sys
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "1"  # as the command line does
from pathlib import Path
from fieldapp.store.store import Store
from fieldapp.tui.app import FieldApp
home = Path(sys.argv[1])
FieldApp(home, Store.open(home, bytes.fromhex(sys.argv[2]), sys.argv[3])).run()
"""

VERBS = ("Bàn giao", "Giúp dân", "Khám bệnh cho", "Tuần tra cùng", "Sửa chữa", "Tuyên truyền ở", "Củng cố", "Hỗ trợ")
THINGS = (
    "giếng khoan",
    "nhà đại đoàn kết",
    "bà con",
    "dân quân",
    "đường liên thôn",
    "trường học",
    "chi bộ",
    "hộ nghèo",
)
PLACES = ("Ba Na", "Đrăng Phốk", "Ea Súp", "Ia Rvê", "Krông Na", "Ia Lốp", "Ea Bung", "Trí", "Jang Lành", "Thống Nhất")
QUERIES = ("giếng khoan", "ea sup", "tuan tra 45", "nha dai doan ket", "krong na 1234", "kham benh", "ho ngheo 99")


class Terminal:
    """A program in a terminal of 80×24."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.began = time.perf_counter()
        self._child = pexpect.spawn(
            sys.executable,
            ["-c", code, *arguments],
            dimensions=(24, 80),
            env={**os.environ, "FIELDAPP_LANG": "vi", "TERM": "xterm-256color"},
        )
        self._child.delaybeforesend = None
        self._fd = self._child.child_fd

    def read(self, seconds: float) -> bytes:
        """The next bytes that it paints; none if it paints nothing for so many seconds."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        return os.read(self._fd, 1 << 20) if ready else b""

    def rest(self, seconds: float = QUIET) -> float:
        """Read what it paints until it is quiet; the time of the last byte."""
        last = time.perf_counter()
        while self.read(seconds):
            last = time.perf_counter()
        return last

    def until(self, words: str) -> float:
        """Seconds from the start until the words are painted."""
        seen = b""
        while words.encode() not in seen:
            seen += self.read(60)
        return time.perf_counter() - self.began

    def first_byte(self, keys: str) -> float:
        """Seconds from the keys to the first painted byte."""
        began = time.perf_counter()
        os.write(self._fd, keys.encode())
        self.read(10)
        return time.perf_counter() - began

    def last_byte(self, keys: str) -> float:
        """Seconds from the keys until the screen is complete."""
        began = time.perf_counter()
        os.write(self._fd, keys.encode())
        self.read(10)
        return self.rest() - began

    def searched(self) -> list[float]:
        """Seconds until the screen is complete, for each key of some searches."""
        taken = []
        for query in QUERIES:
            taken += [self.last_byte(letter) for letter in query]
            self.last_byte("\x15")
        return taken

    def end(self) -> None:
        self._child.close(force=True)


def fill(root: Path, rows: int) -> None:
    """Make a post with so many activities, which headquarters already has, and with their words in the search index."""
    hq = enrolment.init_hq(root / "hq", name="SCH", user=USER, passphrase=PASSPHRASE)
    pack = enrolment.write_pack(hq, code="IARVE", name="Đồn BP Ia Rvê", dest=root)
    store = enrolment.init_post(root / "post", pack, user=USER, passphrase=PASSPHRASE)
    kinds = store.rows("SELECT id, name FROM activity_kind")
    units = store.rows("SELECT id, name FROM unit WHERE level = 'commune' ORDER BY code LIMIT 300")
    store.db.execute("PRAGMA cache_size = -200000")
    with store.transaction(applying=True):
        made = list(activities(rows, store.identity.post_id, [k["id"] for k in kinds], [u["id"] for u in units]))
        store.db.conn.executemany(
            "INSERT INTO activity (id, post_id, created_at, created_by, activity_kind_id, date_from, unit_id,"
            " description) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            made,
        )
        named = {row["id"]: row["name"] for row in (*kinds, *units)}
        numbers = [search_index.entry_range("activity", date.fromisoformat(m[5]))[0] + n for n, m in enumerate(made)]
        store.db.conn.executemany(
            "INSERT INTO local_search (rowid, kind, row_id, words) VALUES (?, 'activity', ?, ?)",
            [(n, m[0], search_key(f"{m[7]} {named[m[4]]} {named[m[6]]}")) for n, m in zip(numbers, made, strict=True)],
        )
        store.db.conn.executemany(
            "INSERT INTO local_search_row VALUES (?, ?)", [(m[0], n) for n, m in zip(numbers, made, strict=True)]
        )
    store.close()
    hq.close()


def activities(rows: int, post: str | None, kinds: Sequence[str], units: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Rows of activities over twelve years, the newest today."""
    rng, at, today = random.Random(1), instant(), date.today()
    for number in range(rows):
        day = today - timedelta(days=(rows - number) * 4380 // rows)
        text = f"{rng.choice(VERBS)} {rng.choice(THINGS)} buôn {rng.choice(PLACES)}, số {number}"
        yield (str(uuid_utils.uuid7()), post, at, USER, rng.choice(kinds), day.isoformat(), rng.choice(units), text)


def p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def keys(home: Path, key: str) -> tuple[list[float], list[float]]:
    """Key press to first painted byte: ours in the description of an activity, theirs in a bare Input."""
    ours, bare = Terminal(OURS, str(home), key, USER), Terminal(BARE)
    ours.until("Cần làm")
    bare.until("ready")
    for pressed in ("\x1bOQ", "\r", "gieng", "\r", "\r", "\r", "\r", "Buon Ba Na\r", "\r"):
        ours.last_byte(pressed)
    bare.rest()
    taken: tuple[list[float], list[float]] = ([], [])
    for block in range(BLOCKS + 1):
        for terminal, times in zip((ours, bare), taken, strict=True):
            for number in range(KEYS):
                terminal.rest(0.03)
                seconds = terminal.first_byte("aeiouybcdghklmn t"[number % 17])
                if block:  # the first block warms up
                    times.append(seconds)
            terminal.last_byte("\x15")
    ours.end()
    bare.end()
    return taken


def searches(home: Path, key: str) -> tuple[list[float], list[float], list[float]]:
    """Seconds to the last byte: opening the list of activities; each key of a search in it; each of one in all (F3)."""
    opened, in_list, in_all = [], [], []
    for _ in range(OPENINGS):
        ours = Terminal(OURS, str(home), key, USER)
        ours.until("Cần làm")
        ours.rest()
        ours.last_byte("\x1bOS")
        opened.append(ours.last_byte("\r"))
        in_list += ours.searched()
        ours.last_byte("\x1b")
        ours.rest()
        ours.last_byte("\x1bOR")
        in_all += ours.searched()
        ours.end()
    return opened, in_list, in_all


def starts(home: Path, key: str) -> tuple[list[float], list[float], list[float]]:
    """Start to first screen: ours up to the passphrase, ours with the file unlocked, and the bare application."""
    locked, opened, bare = [], [], []
    for _ in range(STARTS):
        for taken, words, code in ((locked, "khẩu", PROGRAM), (opened, "Cần làm", OURS), (bare, "ready", BARE)):
            terminal = Terminal(code, str(home), key, USER)
            taken.append(terminal.until(words))
            terminal.end()
    return locked, opened, bare


def print_ratio(
    what: str, ours: Sequence[float], bare: Sequence[float], of: Callable[[Sequence[float]], float]
) -> None:
    mine, theirs = of(ours), of(bare)
    print(f"{what:<34}{1e3 * mine:8.1f} ms   bare {1e3 * theirs:8.1f} ms   {mine / theirs:.2f}×")


def main(rows: int, home: Path) -> None:
    if not (home / "post").exists():
        began = time.perf_counter()
        fill(home, rows)
        print(f"filled in {time.perf_counter() - began:.0f} s")
    post = home / "post"
    key = vault.unseal(post, USER, PASSPHRASE)
    store = Store.open(post, key, USER)
    count, size = store.value("SELECT count(*) FROM activity"), (post / "fieldapp.db").stat().st_size
    store.close()
    print(f"{count:,} activities, {size >> 20} MiB; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    pressed = keys(post, key.hex())
    print_ratio("key to first byte, p95 (2×)", *pressed, p95)
    print_ratio("                   median", *pressed, statistics.median)
    locked, opened, bare = starts(post, key.hex())
    print_ratio("start to passphrase", locked, bare, statistics.median)
    print_ratio("start to first screen, unlocked", opened, bare, statistics.median)
    shown, in_list, in_all = searches(post, key.hex())
    print(f"{'opening the list (300 ms)':<34}{1e3 * statistics.median(shown):8.1f} ms")
    for what, taken in (("in a list", in_list), ("of all, F3", in_all)):
        print(f"{f'search {what}, p95 (50 ms)':<34}{1e3 * p95(taken):8.1f} ms")
        print(f"{'                    median':<34}{1e3 * statistics.median(taken):8.1f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        main(given.rows, given.home or Path(folder))
