"""How fast the program and its screen are with many records, beside the build before and a bare Textual application.

    python benchmarks/screen.py [--rows N] [--home DIR] [--before PYTHON] [--rounds N] [--only WORDS …] [--first]

Fills a post's encrypted file with N activities (100,000), or uses the one that ``--home`` has. ``--before`` is the
interpreter of another environment, in which an earlier build is installed: everything is measured there too, on a copy
of that file. All take turns in real pseudo-terminals, in each of the rounds (3), so that noise hits all alike.

Starts and commands are measured in processor time, which other work on the machine changes least; keys by the clock,
from the key to the first and to the last painted byte. ``--first`` gives what is measured the processor before all
other work (SCHED_FIFO; needs root): on a busy machine the clock says nothing otherwise. Each line says the median over
the rounds, and their spread.
"""

import argparse
import json
import os
import random
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
SETTLED = 1.0
"""Seconds after which the memory of a screen is read"""

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
PROGRAM_OF_COMMANDS = "from fieldapp.cli import main; main()"
OURS = """
import os, sys
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "1"  # as the command line does
from pathlib import Path
import fieldapp
if "STARTED" in (Path(fieldapp.__file__).parent / "cli" / "__init__.py").read_text(encoding="utf-8"):
    from fieldapp.cli import STARTED, collect_seldom
    collect_seldom(STARTED)  # as its command line does
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
KINDS = ("gieng khoan", "nha dai doan ket", "kham benh", "tang qua", "tuan tra", "sua duong")
COMMUNES = ("ea sup", "krong na", "ia rve", "buon don", "ia lop", "ea bung", "cu mgar", "ea kiet")
QUERIES = ("giếng khoan", "ea sup", "tuan tra 45", "nha dai doan ket", "krong na 1234", "kham benh", "ho ngheo 99")


class Terminal:
    """A program in a terminal of 80×24."""

    def __init__(self, python: str, code: str, *arguments: str) -> None:
        self.began = time.perf_counter()
        self._child = pexpect.spawn(python, ["-P", "-c", code, *arguments], dimensions=(24, 80), env=environment())
        self._child.delaybeforesend = None
        self._fd = self._child.child_fd

    def processor(self) -> float:
        """Seconds of the processor that it has used."""
        return time.clock_gettime((~self._child.pid << 3) | 2)  # its CLOCK_PROCESS_CPUTIME_ID

    def memory(self) -> float:
        """MiB of memory that are resident."""
        pages = int(Path(f"/proc/{self._child.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

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
        """Seconds of the processor from the start until the words are painted."""
        seen = b""
        while words.encode() not in seen:
            seen += self.read(60)
        return self.processor()

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

    def typed(self, texts: Sequence[str]) -> Iterator[tuple[float, float, float]]:
        """For each key of some texts: seconds to the first and to the last painted byte, and of the processor."""
        for text in texts:
            for letter in text:
                began, used = time.perf_counter(), self.processor()
                first = self.first_byte(letter)
                yield first, self.rest() - began, self.processor() - used
            self.last_byte("\x15")

    def end(self) -> None:
        self._child.kill(signal.SIGKILL)
        self._child.wait()
        self._child.close()


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


def environment() -> dict[str, str]:
    """That of a person: compiled modules are kept, and the language is Vietnamese."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "FIELDAPP_LANG": "vi", "TERM": "xterm-256color"}


def p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


BARE_BUILD, BEFORE = "bare", "before"
Values = dict[str, dict[str, list[float]]]
"""What is measured -> build -> its value in each round"""


@dataclass(frozen=True)
class Workplace:
    """A post with many records, and the key of its file."""

    homes: Mapping[str, Path]
    """Build -> its folder. Each has its own: at each start one would undo what the other brings up to date"""
    key: str

    def opened(self, build: str, python: str) -> Terminal:
        """The first screen, at rest."""
        terminal = Terminal(python, OURS, str(self.homes[build]), self.key, USER)
        terminal.until("Cần làm")
        terminal.rest()
        return terminal


def starts(place: Workplace, builds: Mapping[str, str], found: Values) -> None:
    """From the start to the field for the passphrase, and to the first screen of an open file; its memory."""
    for build, python in builds.items():
        for what, program, painted in (
            ("start to the passphrase, ms", PROGRAM, "khẩu"),
            ("start to the first screen, unlocked, ms", OURS, "Cần làm"),
        ):
            code, words = (BARE, "ready") if build == BARE_BUILD else (program, painted)
            taken = []
            for _ in range(STARTS):
                terminal = Terminal(python, code, str(place.homes[build]), place.key, USER)
                taken.append(1e3 * terminal.until(words))
                if what.endswith("unlocked, ms"):
                    time.sleep(SETTLED)
                    memory = terminal.memory()
                terminal.end()
            enter(found, what, build, statistics.median(taken))
        enter(found, "memory of the open screen, MiB", build, memory)


def commands(place: Workplace, builds: Mapping[str, str], found: Values) -> None:
    """A command from beginning to end, without what unlocking takes."""
    with tempfile.TemporaryDirectory() as folder:
        words, event = Path(folder) / "passphrase", Path(folder) / "event.json"
        words.write_text(PASSPHRASE, encoding="utf-8")
        words.chmod(0o600)
        event.write_text(json.dumps({"name": "Ngày hội", "date_from": date.today().isoformat()}), encoding="utf-8")
        env = {**environment(), "FIELDAPP_PASSPHRASE_FILE": str(words)}
        unlocking = (
            "from pathlib import Path; from fieldapp.store import vault; "
            f"vault.unseal(Path({str(place.homes['ours'])!r}), {USER!r}, {PASSPHRASE!r})"
        )
        for build, python in builds.items():
            if build == BARE_BUILD:
                continue

            def taken(*arguments: str, code: str = PROGRAM_OF_COMMANDS, python: str = python) -> float:
                return statistics.median(
                    1e3 * processor_of([python, "-P", "-c", code, *arguments], env) for _ in range(STARTS)
                )

            unlock = taken(code=unlocking) - taken(code="pass")
            home = ["--home", str(place.homes[build])]
            enter(found, "fieldapp --help, ms", build, taken("--help"))
            enter(found, "fieldapp list event, ms", build, taken(*home, "list", "event") - unlock)
            added = taken(*home, "add", "event", "--json", str(event), "--confirm")
            enter(found, "fieldapp add event, ms", build, added - unlock)


def processor_of(command: Sequence[str], env: Mapping[str, str]) -> float:
    """Seconds of the processor that a command takes."""
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, cwd="/") as child:
        _pid, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command} ended with {child.returncode}")
    return used.ru_utime + used.ru_stime


def keys(place: Workplace, builds: Mapping[str, str], found: Values) -> None:
    """Key press to first painted byte: ours in the description of an activity, theirs in a bare Input."""
    terminals = {}
    for build, python in builds.items():
        if build == BARE_BUILD:
            terminals[build] = Terminal(python, BARE)
            terminals[build].until("ready")
        else:
            terminals[build] = place.opened(build, python)
            for pressed in ("\x1bOQ", "\r", "gieng", "\r", "\r", "\r", "\r", "Buon Ba Na\r", "\r"):
                terminals[build].last_byte(pressed)
        terminals[build].rest()
    taken: dict[str, list[float]] = {build: [] for build in builds}
    for block in range(BLOCKS + 1):
        for build, terminal in terminals.items():
            for number in range(KEYS):
                terminal.rest(0.03)
                seconds = terminal.first_byte("aeiouybcdghklmn t"[number % 17])
                if block:  # the first block warms up
                    taken[build].append(1e3 * seconds)
            terminal.last_byte("\x15")
    for build, terminal in terminals.items():
        terminal.end()
        enter(found, "key in a form to first byte, p95, ms", build, p95(taken[build]))
        enter(found, "key in a form to first byte, median, ms", build, statistics.median(taken[build]))


def searches(place: Workplace, builds: Mapping[str, str], found: Values) -> None:
    """Each key of a search in all records (F3) and in a list; opening the list."""
    for build, python in builds.items():
        opened: list[float] = []
        worked: list[float] = []
        if build == BARE_BUILD:
            terminal = Terminal(python, BARE)
            terminal.until("ready")
            terminal.rest()
            typed = [*terminal.typed(QUERIES)]
            for what in ("F3", "a list"):
                enter_keys(found, what, build, typed)
        else:
            terminal = place.opened(build, python)
            for _ in range(STARTS):
                terminal.last_byte("\x1bOS")
                used = terminal.processor()
                opened.append(1e3 * terminal.last_byte("\r"))
                worked.append(1e3 * (terminal.processor() - used))
                terminal.last_byte("\x1b")
                terminal.rest()
            enter(found, "opening the list, the first time, ms", build, opened[0])
            enter(found, "opening the list, ms", build, statistics.median(opened[1:]))
            enter(found, "opening the list, of the processor, ms", build, statistics.median(worked[1:]))
            terminal.last_byte("\x1bOS")
            terminal.last_byte("\r")
            enter_keys(found, "a list", build, [*terminal.typed(QUERIES)])
            terminal.last_byte("\x1b")
            terminal.rest()
            terminal.last_byte("\x1bOR")
            enter_keys(found, "F3", build, [*terminal.typed(QUERIES)])
        terminal.end()


def pick_lists(place: Workplace, builds: Mapping[str, str], found: Values) -> None:
    """Each key in the fields of a form under which a list drops down: the kind of an activity, and its commune."""
    for build, python in builds.items():
        if build == BARE_BUILD:
            terminal = Terminal(python, BARE)
            terminal.until("ready")
            terminal.rest()
            for what, texts in (("kind", KINDS), ("commune", COMMUNES)):
                enter_keys(found, what, build, [*terminal.typed(texts)])
        else:
            terminal = place.opened(build, python)
            terminal.last_byte("\x1bOQ")
            terminal.last_byte("\r")
            enter_keys(found, "kind", build, [*terminal.typed(KINDS)])
            for pressed in ("gieng", "\r", "\r"):
                terminal.last_byte(pressed)
            enter_keys(found, "commune", build, [*terminal.typed(COMMUNES)])
        terminal.end()


def enter_keys(found: Values, where: str, build: str, typed: Sequence[tuple[float, float, float]]) -> None:
    for at, what in enumerate(("to first byte", "to last byte", "of the processor")):
        taken = [1e3 * of_key[at] for of_key in typed]
        if at == 0 or build != BARE_BUILD:
            enter(found, f"letter in {where} {what}, p95, ms", build, p95(taken))
            enter(found, f"letter in {where} {what}, median, ms", build, statistics.median(taken))


def enter(found: Values, what: str, build: str, value: float) -> None:
    found.setdefault(what, {}).setdefault(build, []).append(value)


def print_found(found: Values) -> None:
    for what, values in found.items():
        line = f"{what:<50}"
        middle = {build: statistics.median(rounds) for build, rounds in values.items()}
        for build, rounds in values.items():
            line += f"  {build} {middle[build]:.1f} [{min(rounds):.1f}–{max(rounds):.1f}]"
        for build in middle.keys() - {"ours"}:
            line += f"  {middle['ours'] / middle[build]:.2f}× {build}"
        print(line, flush=True)


PARTS = {"starts": starts, "commands": commands, "keys": keys, "searches": searches, "lists": pick_lists}


def measured(rows: int, root: Path, before: str | None, rounds: int, only: Sequence[str]) -> Values:
    """Fill a post in ``root``, where there is none, and measure."""
    if not (root / "post").exists():
        began = time.perf_counter()
        fill(root, rows)
        print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
    post = root / "post"
    key = vault.unseal(post, USER, PASSPHRASE)
    with Store.open(post, key, USER) as store:
        count, size = store.value("SELECT count(*) FROM activity"), (post / "fieldapp.db").stat().st_size
    if before and not (root / "before").exists():
        shutil.copytree(post, root / "before")
    load = os.getloadavg()[0]
    print(f"{count:,} activities, {size >> 20} MiB; load {load:.1f} on {os.cpu_count()} cores", flush=True)
    builds = {"ours": sys.executable, **({BEFORE: before} if before else {}), BARE_BUILD: sys.executable}
    homes = {build: root / (BEFORE if build == BEFORE else "post") for build in builds}
    place, found = Workplace(homes, key.hex()), Values()
    for _ in range(rounds):
        for part in only:
            PARTS[part](place, builds, found)
    return found


def come_first() -> None:
    """Let this process and those it starts have the processor before all others."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--before", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=[*PARTS])
    parser.add_argument("--first", action="store_true")
    given = parser.parse_args()
    if given.first:
        come_first()
    with tempfile.TemporaryDirectory() as folder:
        print_found(measured(given.rows, given.home or Path(folder), given.before, given.rounds, given.only))
