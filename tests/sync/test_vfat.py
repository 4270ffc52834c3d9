"""Exports onto a real FAT file system that is pulled, full, or cannot be written: what looks complete is.

The image is made by ``mkfs.vfat`` (FAT32) and mounted by ``fusefat``, a FAT driver in user space, through the kernel:
the program writes to it as to any stick. Pulling it is killing the driver: from then on every call fails, and the image
holds what was written until then. What is on it is read by ``mtools``, another implementation. Short here;
``make soak`` interrupts ``FIELDAPP_PULLS`` exports.
"""

import os
import random
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import on_windows
import pytest
from field import World
from sync_state import state

from fieldapp.errors import FieldappError
from fieldapp.store import leftovers
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import incoming, outgoing, status
from fieldapp.sync.format import bundle, drives
from fieldapp.sync.safety import backup, doctor

os.environ["PATH"] += os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"
MISSING = [t for t in ("mkfs.vfat", "fusefat", "fusermount", "mdir", "mcopy", "minfo") if shutil.which(t) is None]
if not os.access("/dev/fuse", os.R_OK | os.W_OK):
    MISSING.append("this kernel has no /dev/fuse")
pytestmark = [
    on_windows.SHELL,
    pytest.mark.skipif(bool(MISSING), reason=f"no FAT in user space here: {', '.join(MISSING)}"),
]

PULLS = int(os.environ.get("FIELDAPP_PULLS", "6"))
PATIENCE = 30
"""Seconds after which a driver or a tool that does nothing is given up"""
MB = 1 << 20


class Stick:
    """An image of a stick, and where it is plugged in."""

    def __init__(self, root: Path, megabytes: int) -> None:
        self.image, self.path = root / "stick.img", root / "stick"
        self.driver: subprocess.Popen[bytes] | None = None
        self.path.mkdir()
        with self.image.open("wb") as file:
            file.truncate(megabytes * MB)
        self.format()

    def format(self) -> None:
        """Empty it; FAT32, as sticks are."""
        tool("mkfs.vfat", "-F", "32", "-s", "1", self.image)

    def fill(self, leave: int) -> None:
        """Other people's files; ``leave`` bytes of room."""
        free = tool("minfo", "-i", self.image, "::")
        clusters = int(free.split("free clusters=")[1].split()[0])
        film = self.image.with_name("film.mp4")
        with film.open("wb") as file:
            file.truncate(max(0, clusters * 512 - leave))
        tool("mcopy", "-i", self.image, film, "::")

    def plug_in(self, how: str = "rw+") -> Path:
        """Mount it; ``how``: ``rw+`` or ``ro``."""
        command = ["fusefat", "-f", str(self.image), str(self.path), "-o", how]
        self.driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while not self.path.is_mount():
            assert self.driver.poll() is None and time.monotonic() < until, "fusefat does not mount the image"
            time.sleep(0.002)
        return self.path

    def pull(self) -> None:
        """The driver dies in the middle of whatever it does."""
        assert self.driver is not None
        self.driver.kill()

    def unplug(self) -> None:
        """Take it away, pulled or not."""
        if self.driver is not None:
            lazily = ["-z"] if self.driver.poll() is not None else []
            tool("fusermount", "-u", *lazily, self.path)
            self.driver.wait(PATIENCE)
            self.driver = None

    def read(self, to: Path) -> list[Path]:
        """What lies on it, copied out."""
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir()
        listed = subprocess.run(
            ["mdir", "-b", "-i", str(self.image), "::"], check=False, capture_output=True, text=True, timeout=PATIENCE
        )
        assert listed.returncode == 0 or "File not found" in listed.stderr, listed.stderr
        for name in (line.removeprefix("::/") for line in listed.stdout.splitlines()):
            if not name.endswith("/"):
                tool("mcopy", "-n", "-i", self.image, f"::{name}", to / name)
        return sorted(to.iterdir())


def tool(*command: object) -> str:
    done = subprocess.run([*map(str, command)], check=True, capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Stick]:
    made = Stick(tmp_path, 40)
    yield made
    made.unplug()


def memory_of(post: Store) -> tuple[Any, ...]:
    """What an export that failed must leave as it was: records, what is unsent, what was written before.

    Where something was begun is remembered before it is: what is left of it has to be found.
    """
    known = status.exchange_status(post)  # first, for what it computes is kept in a setting
    number: list[Row] = post.rows("SELECT * FROM local_setting WHERE key <> ? ORDER BY key", [leftovers.FOLDERS])
    return state(post), known, number, post.rows("SELECT * FROM local_written ORDER BY 1")


def look(world: World, stick: Stick, to: Path) -> tuple[set[str], int]:
    """Each file that has the name of a bundle or a backup is whole; (their names, how many others there are)."""
    whole, others = set(), 0
    for file in stick.read(to):
        if file.name.endswith(bundle.BUNDLE_SUFFIX):
            incoming.verify_bundle(world.hq, file)
        elif file.name.endswith(backup.SEALED_SUFFIX):
            opened = to.parent / "opened"
            shutil.rmtree(opened, ignore_errors=True)
            opened.mkdir()
            backup.open_sealed_backup(world.hq, file, opened)
        else:
            others += 1
            continue
        whole.add(file.name)
    return whole, others


def test_exports_that_are_interrupted(world: World, stick: Stick, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulled at any moment, full, or read-only. How much is free is not asked: fusefat says 0 for FAT32, and another
    program can fill a stick after it was asked."""
    monkeypatch.setattr(drives, "free_space", lambda _folder: 1000 * MB)
    chance = random.Random(13)
    for _ in range(10):
        world.well(description=chance.randbytes(1900).hex())
    outgoing.export(world.post, world.usb)
    stick.plug_in()
    began = time.monotonic()
    outgoing.export(world.post, stick.path)
    backup.backup_with_export(world.post, stick.path)
    usual = time.monotonic() - began
    stick.unplug()
    seen: Counter[str] = Counter()
    for number in range(PULLS):
        way = ("read-only", "full", "pulled", "pulled between members", "pulled", "pulled")[number % 6]
        stick.format()
        if way == "full":
            stick.fill(leave=chance.randrange(60_000))
        stick.plug_in("ro" if way == "read-only" else "rw+")
        progress = None
        timer = threading.Timer(chance.uniform(0, 1.2 * usual), stick.pull)
        if way == "pulled":
            timer.start()
        elif way == "pulled between members":
            progress = pulling(stick, chance.randrange(12))
        before = memory_of(world.post)
        said = None
        try:
            (said,) = outgoing.export(world.post, stick.path, progress=progress)
            backup.backup_with_export(world.post, stick.path)
        except FieldappError as error:
            assert str(error)
        timer.cancel()
        if timer.ident is not None:
            timer.join(PATIENCE)
        if said is None:
            assert memory_of(world.post) == before
        stick.unplug()
        whole, others = look(world, stick, world.root / "read")
        if said is not None:
            assert said.path.name in whole, "it was said that the stick may be pulled"
            assert status.exchange_status(world.post).unsent == before[1].unsent
        seen[f"{way}: {'written' if said else 'refused'}, {len(whole)} whole, {others} others"] += 1
    print(f"{PULLS} interrupted exports", dict(sorted(seen.items())))
    assert sum(n for what, n in seen.items() if "refused" in what) >= PULLS / 4
    assert doctor.examine_replica(world.post).healthy
    stick.format()
    outgoing.export(world.post, stick.plug_in())
    stick.unplug()
    stick.read(world.root / "read")
    assert all(r.complete for r in incoming.import_files(world.hq, [world.root / "read"]))
    assert state(world.post) == state(world.hq)


def pulling(stick: Stick, steps: int) -> bundle.Progress:
    left = iter(range(steps))

    def progress(_stage: str, _done: int, _of: int) -> None:
        if next(left, None) is None:
            stick.pull()

    return progress
