"""Several processes on one workspace, one stick, one name, started together: what is said to be there is whole.

A few rounds here; ``make soak`` starts them ``FIELDAPP_TOGETHER`` times.
"""

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import on_windows
import pytest
from field import PASSPHRASE, USER, World

from fieldapp.reports import open_data
from fieldapp.store import disk, vault
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming
from fieldapp.sync.safety import backup, doctor

pytestmark = on_windows.KILL
ROUNDS = int(os.environ.get("FIELDAPP_TOGETHER", "2"))
AT_ONCE = 4
PATIENCE = 120
"""Seconds after which children that do not end are given up"""

CHILD = """
import os, sys
sys.path[:0] = sys.argv[1].split(os.pathsep)
from pathlib import Path
from fieldapp.errors import FieldappError
from fieldapp.reports import open_data
from fieldapp.reports.files.write import save_file
from fieldapp.store import vault
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, outgoing
from fieldapp.sync.safety import backup

what, home, key, user = sys.argv[2], Path(sys.argv[3]), bytes.fromhex(sys.argv[4]), sys.argv[5]
store = Store.open(home, key, user) if what not in ("unlock", "key file", "begin") else None
print("ready", flush=True)
for line in sys.stdin:
    own, dest = line[0], Path(line[1:].rstrip("\\n"))
    try:
        if what == "export":
            said = outgoing.export(store, dest)[0].path
        elif what == "backup":
            said = backup.write_backup(store, dest).path
        elif what == "backup on the stick":
            said = backup.backup_to_stick(store, dest).path
        elif what == "open data":
            said = open_data.write_package(store, dest / "data").path
        elif what == "report":
            save_file(dest / "report.html", own.encode() * 100_000)
            said = own
        elif what == "key file":
            vault.write_key_file(home, "x.user.age", own.encode() * 10_000)
            said = own
        elif what == "begin":
            said = enrolment.init_hq(dest / "begun", name=own, user="A", passphrase="x y z w").identity.name
        else:
            said = vault.unseal(home, user, os.environ["PHRASE"]).hex()
        print("done", said, flush=True)
    except FieldappError as error:
        print("refused", error, flush=True)
"""


@contextmanager
def together(what: str, home: Path, key: bytes, at_once: int = AT_ONCE) -> Iterator[Callable[[Path], list[str]]]:
    """Processes that begin the same at the same moment, each with a letter of its own, as often as they are asked to.

    Each time they are given a folder, and what they say comes back.
    """
    arguments = [os.pathsep.join(sys.path), what, str(home), key.hex(), USER]
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         text=True, env={**os.environ, "PHRASE": PASSPHRASE, "FIELDAPP_LANG": "en"})
        for _ in range(at_once)
    ]  # fmt: skip

    def heard() -> list[str]:
        given_up = [threading.Timer(PATIENCE, child.kill) for child in children]
        for timer in given_up:
            timer.start()
        said = [child.stdout.readline().rstrip("\n") for child in children if child.stdout]
        for timer in given_up:
            timer.cancel()
        return said

    def begin(dest: Path) -> list[str]:
        for letter, child in zip("abcdefghij", children, strict=False):
            assert child.stdin is not None
            child.stdin.write(f"{letter}{dest}\n")
            child.stdin.flush()
        said = heard()
        assert all(line.startswith(("done ", "refused ")) for line in said), said
        return said

    try:
        assert heard() == ["ready"] * at_once
        yield begin
    finally:
        for child in children:
            child.communicate()


def done(said: list[str]) -> list[str]:
    return [line.removeprefix("done ") for line in said if line.startswith("done ")]


def nothing_is_left(*folders: Path) -> None:
    left = [path for folder in folders for path in folder.rglob("*") if disk.is_begun(path.name)]
    assert left == []


@pytest.fixture
def closed(world: World) -> World:
    for _ in range(3):
        world.well()
    world.post.close()
    world.hq.close()
    return world


def test_exports_at_once_onto_one_stick_are_each_whole(world: World) -> None:
    home, key = world.root / "post", world.keys["post"]
    world.well(description="giếng " * 300)
    world.post.close()
    names: Counter[str] = Counter()
    with together("export", home, key) as begin:
        for _ in range(ROUNDS):
            written = done(begin(world.usb))
            assert len(written) == AT_ONCE
            names.update(written)
            for path in written:
                incoming.verify_bundle(world.hq, Path(path))
    assert set(names.values()) == {1}, "two exports took one name"
    with Store.open(home, key, USER) as post:
        numbers = [row["number"] for row in post.rows("SELECT number FROM local_written")]
        assert len(set(numbers)) == len(numbers) > len(names)
    assert all(result.complete for result in incoming.import_files(world.hq, [world.usb]))
    nothing_is_left(world.root)
    print(f"{ROUNDS} times {AT_ONCE} exports at once, {len(names)} bundles, all whole")


@pytest.mark.parametrize("what", ["backup", "backup on the stick"])
def test_backups_at_once_are_each_whole(closed: World, what: str, tmp_path: Path) -> None:
    home, key = closed.root / "post", closed.keys["post"]
    seen: set[str] = set()
    with together(what, home, key) as begin:
        for number in range(ROUNDS):
            written = done(begin(closed.usb))
            assert len(written) == AT_ONCE
            if what == "backup":
                assert len(set(written)) == AT_ONCE, "two backups took one name"
                assert seen.isdisjoint(written)
                seen |= set(written)
                whole = [Path(path) for path in written]
            else:
                closed.hq = Store.open(closed.root / "hq", closed.keys["hq"], "Trực ban")
                opened = tmp_path / f"opened-{number}"
                opened.mkdir()
                whole = [backup.open_sealed_backup(closed.hq, Path(written[0]), opened)]
                closed.hq.close()
            for path in whole:
                assert backup.restore_backup(path, tmp_path / f"{path.name}-{number}", USER, PASSPHRASE)
    nothing_is_left(closed.root)


def test_reports_at_once_under_one_name_are_one_whole_file(closed: World) -> None:
    home, key = closed.root / "post", closed.keys["post"]
    with together("report", home, key) as begin:
        for number in range(ROUNDS):
            folder = closed.root / f"reports-{number}"
            folder.mkdir()
            (written,) = done(begin(folder))
            assert (folder / "report.html").read_bytes() == written.encode() * 100_000
            assert [path.name for path in folder.iterdir()] == ["report.html"]


def test_open_data_at_once_into_one_folder_are_one_whole_folder(closed: World) -> None:
    home, key = closed.root / "post", closed.keys["post"]
    with together("open data", home, key, at_once=2) as begin:
        for number in range(ROUNDS):
            folder = closed.root / f"out-{number}"
            folder.mkdir()
            (written,) = done(begin(folder))
            assert (Path(written) / open_data.PACKAGE).is_file()
            assert [path.name for path in folder.iterdir()] == ["data"]


def test_five_right_passphrases_at_once_are_not_too_many_wrong_tries(openable: World) -> None:
    home, key = openable.root / "post", openable.keys["post"]
    with together("unlock", home, key, at_once=5) as begin:
        for _ in range(ROUNDS):
            said = begin(home)
            assert done(said) == [key.hex()] * 5, said
    assert vault.unseal(home, USER, PASSPHRASE) == key


def test_key_files_written_at_once_are_each_whole(closed: World) -> None:
    home, key = closed.root / "post", closed.keys["post"]
    with together("key file", home, key) as begin:
        for _ in range(ROUNDS):
            assert len(done(begin(home))) == AT_ONCE
            data = (home / vault.KEYS_FOLDER / "x.user.age").read_bytes()
            assert data == data[:1] * 10_000
    nothing_is_left(home)


def test_beginnings_at_once_in_one_folder_are_one_replica(closed: World, tmp_path: Path) -> None:
    with together("begin", closed.root / "post", closed.keys["post"], at_once=2) as begin:
        (name,) = done(begin(tmp_path))
    home = tmp_path / "begun"
    with Store.unlock(home, "A", "x y z w") as store:
        assert store.identity.name == name
        assert doctor.examine_replica(store).healthy
    nothing_is_left(home)


def test_who_waits_too_long_is_told(tmp_path: Path) -> None:
    with disk.alone(tmp_path / "lock"), disk.alone(tmp_path / "lock", wait=0):
        pass  # the same thread holds it already
    said: list[str] = []

    def other() -> None:
        try:
            with disk.alone(tmp_path / "lock", wait=0):
                said.append("nobody held it")
        except Exception as error:
            said.append(str(error))

    for held in (True, False):
        worker = threading.Thread(target=other)
        if held:
            with disk.alone(tmp_path / "lock"):
                worker.start()
                worker.join(PATIENCE)
        else:
            worker.start()
            worker.join(PATIENCE)
    assert "cửa sổ khác" in said[0]
    assert said[1] == "nobody held it"


def test_a_lock_that_its_holder_deletes_is_nobody_s(tmp_path: Path) -> None:
    held: list[int] = []
    most: list[int] = []

    def hold() -> None:
        for _ in range(20):
            with disk.alone(tmp_path / "lock", wait=PATIENCE):
                held.append(1)
                most.append(len(held))
                held.pop()  # from here on another one may hold the next file
                disk.try_remove(tmp_path / "lock")

    workers = [threading.Thread(target=hold) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(PATIENCE)
    assert (len(most), max(most)) == (80, 1)
