"""A whole evening on a machine with little memory, and on one whose disk answers slowly.

    python benchmarks/limits.py                         memory: without a limit, with 1,000, 700, 400 and 300 MB
    python benchmarks/limits.py --slow MS [SYNC_MS]     each read and write of the file takes so much longer, each sync

Unlock, 20 records, search, report, export at a post with 20,000 records; 5,000 changes imported at headquarters; the
same evening on the screen, in a pseudo-terminal of 80×24. The limit is one of address space (``ulimit -v``), which is
stricter than memory: what a library reserves counts. Each line says how long a step took by the clock, and how it
ended; on the screen also the longest time in which nothing was painted.

The slow disk is a library that the program is started with (``LD_PRELOAD``): it waits in ``pread``, ``pwrite``,
``fsync`` and ``fdatasync``, by which SQLite and our own atomic files reach the disk. It needs gcc.
"""

import argparse
import json
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

import field  # noqa: E402
import pexpect  # noqa: E402
import screen  # noqa: E402

from fieldapp.sync.exchange import outgoing  # noqa: E402

ROWS, CHANGES = 20_000, 5_000
PATIENCE, QUIET = 120, 2.5
"""Seconds: until a step counts as hanging; without a byte after which a screen is complete. The sign of work that goes
on is written at once, then from two seconds on"""
PROGRAM = ["-P", "-c", "from fieldapp.cli import main; main()"]
WAIT = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
static void pause_for(const char *name) {
    const char *text = getenv(name);
    double ms = text ? atof(text) : 0;
    struct timespec t = {ms / 1000, (long)(ms * 1e6) % 1000000000L};
    nanosleep(&t, 0);
}
#define NEXT(call) static __typeof__(call) *next; if (!next) next = (__typeof__(call) *)dlsym(RTLD_NEXT, #call)
ssize_t pread64(int fd, void *b, size_t n, off64_t at) {
    NEXT(pread64); pause_for("SLOW_MS"); return next(fd, b, n, at); }
ssize_t pread(int fd, void *b, size_t n, off_t at) { return pread64(fd, b, n, at); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t at) {
    NEXT(pwrite64); pause_for("SLOW_MS"); return next(fd, b, n, at); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t at) { return pwrite64(fd, b, n, at); }
int fsync(int fd) { NEXT(fsync); pause_for("SLOW_SYNC_MS"); return next(fd); }
int fdatasync(int fd) { NEXT(fdatasync); pause_for("SLOW_SYNC_MS"); return next(fd); }
"""


def fill(world: field.World) -> None:
    """Records that headquarters has, and changes that it lacks."""
    kinds = [row["id"] for row in world.post.rows("SELECT id FROM activity_kind")]
    units = [
        row["id"] for row in world.post.rows("SELECT id FROM unit WHERE level = 'commune' ORDER BY code LIMIT 300")
    ]
    statement = (
        "INSERT INTO activity (id, post_id, created_at, created_by, activity_kind_id, date_from, unit_id, description)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    post = world.post.identity.post_id
    for store in (world.post, world.hq):
        with store.transaction(applying=True):
            store.db.conn.executemany(statement, screen.activities(ROWS, post, kinds, units))
    with world.post.transaction():
        world.post.db.conn.executemany(statement, screen.activities(CHANGES, post, kinds, units))
    outgoing.export(world.post, world.usb, world.hq.identity.replica_id)


def commands(root: Path) -> Mapping[str, tuple[str, list[str]]]:
    """What is done -> whose folder, and the command."""
    well = {"activity_kind_id": "gieng_khoan", "date_from": "2026-11-05", "unit_id": "24221"}
    twenty = root / "twenty.json"
    twenty.write_text(json.dumps([{**well, "hamlet": f"Buôn {n}"} for n in range(20)]), encoding="utf-8")
    stick = root / "stick"
    stick.mkdir(exist_ok=True)
    return {
        "unlock, list": ("post", ["list", "event"]),
        "20 records": ("post", ["add", "activity", "--json", str(twenty), "--confirm"]),
        "search": ("post", ["list", "activity", "--search", "gieng khoan ba na 19"]),
        "report": ("post", ["report", "--period", "2026"]),
        "report as a letter": (
            "post",
            ["report", "--period", "2026", "--format", "docx", "--out", str(stick / "b.docx")],
        ),
        "report as a sheet": (
            "post",
            ["report", "--period", "2026", "--format", "xlsx", "--out", str(stick / "b.xlsx")],
        ),
        "report as PDF": ("post", ["report", "--period", "2026", "--format", "pdf", "--out", str(stick / "b.pdf")]),
        "export": ("post", ["sync", "export", str(stick)]),
        "import of 5,000 changes": ("hq", ["sync", "import", str(root / "usb")]),
    }


def limited(megabytes: int | None) -> Callable[[], None]:
    def limit() -> None:
        if megabytes:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes * 10**6, megabytes * 10**6))

    return limit


def by_commands(root: Path, env: Mapping[str, str], megabytes: int | None) -> None:
    for what, (whose, arguments) in commands(root).items():
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *PROGRAM, "--home", str(root / whose), *arguments],
            env=env, capture_output=True, text=True, preexec_fn=limited(megabytes), check=False, cwd="/",
        )  # fmt: skip
        said = "" if done.returncode in (0, 3) else " ".join(done.stderr.split())[-300:]
        tell(what, time.perf_counter() - began, "done" if not said else f"{done.returncode}: {said}")


def by_screen(root: Path, env: Mapping[str, str], megabytes: int | None) -> None:
    began = time.perf_counter()
    child = pexpect.spawn(
        sys.executable, [*PROGRAM, "--home", str(root / "post")], dimensions=(24, 80), env=dict(env),
        preexec_fn=limited(megabytes), timeout=PATIENCE,
    )  # fmt: skip
    child.delaybeforesend = None

    def drain() -> None:
        while True:
            try:
                child.read_nonblocking(1 << 16, timeout=0.5)
            except (pexpect.EOF, pexpect.TIMEOUT):
                return

    def step(what: str, keys: str, words: Sequence[str]) -> bool:
        nonlocal began
        if keys:
            drain()
            began = time.perf_counter()
            child.send(keys)
        seen, last, longest = b"", began, 0.0
        while not any(word.encode() in seen for word in words):
            try:
                seen += child.read_nonblocking(1 << 16, timeout=QUIET if seen and not words else PATIENCE)
            except (pexpect.EOF, pexpect.TIMEOUT):
                if child.isalive() and seen and not words:
                    break
                tell(what, time.perf_counter() - began, "ended: " + seen.decode(errors="replace")[-300:])
                return False
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
        tell(what, last - began, f"done; nothing painted for at most {longest:.1f} s")
        return True

    steps: Sequence[tuple[str, str, Sequence[str]]] = (
        ("screen: start", "", ["khẩu"]),
        ("screen: unlock", field.PASSPHRASE + "\r", ["Cần làm"]),
        ("screen: the list of activities", "\x1bOS\r", []),
        ("screen: search in it", "gieng ba na", []),
        ("screen: back", "\x1b", []),
        ("screen: search of all, F3", "\x1bORgieng", []),
        ("screen: back", "\x1b", []),
        ("screen: form", "\x1bOQdang vien\r", []),
        ("screen: save", "Nguyễn Văn Bình\x1bOQ", ["Đã ghi"]),
        ("screen: back", "\x1b", []),
        ("screen: report, F8", "\x1b[19~", []),
        ("screen: back", "\x1b", []),
        ("screen: USB, F9", "\x1b[20~", []),
    )
    for what, keys, words in steps:
        if not step(what, keys, words):
            break
    child.kill(signal.SIGKILL)
    child.wait()
    child.close()


def tell(what: str, seconds: float, ended: str) -> None:
    print(f"  {what:<32}{seconds:7.1f} s   {ended}", flush=True)


def main(slow: Sequence[float], limits: Sequence[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        world = field.build(root / "made")
        fill(world)
        world.close()
        words = root / "passphrase"
        words.write_text(field.PASSPHRASE, encoding="utf-8")
        words.chmod(0o600)
        env = {**screen.environment(), "FIELDAPP_PASSPHRASE_FILE": str(words)}
        ways: list[tuple[str, dict[str, str], int | None]] = [("as it is", env, None)]
        if slow:
            library = root / "wait.so"
            subprocess.run(
                ["gcc", "-shared", "-fPIC", "-O2", "-o", library, "-xc", "-", "-ldl"], input=WAIT, text=True, check=True
            )
            waits = {"LD_PRELOAD": str(library), "SLOW_MS": str(slow[0]), "SLOW_SYNC_MS": str(slow[-1])}
            ways.append(
                (f"each read and write takes {slow[0]} ms longer, each sync {slow[-1]} ms", {**env, **waits}, None)
            )
        else:
            ways += [(f"at most {limit} MB of address space", env, limit) for limit in limits]
        for number, (name, with_env, limit) in enumerate(ways):
            print(name, flush=True)
            copy = root / f"copy-{number}"
            shutil.copytree(root / "made", copy)
            by_commands(copy, with_env, limit)
            by_screen(copy, {k: v for k, v in with_env.items() if k != "FIELDAPP_PASSPHRASE_FILE"}, limit)
            shutil.rmtree(copy)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--slow", type=float, nargs="+", default=[], metavar="MS")
    parser.add_argument("--limits", type=int, nargs="+", default=[1000, 700, 400, 300], metavar="MB")
    given = parser.parse_args()
    main(given.slow, given.limits)
