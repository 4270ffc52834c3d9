"""``kill -9`` at random moments of recording, exporting and importing: what was confirmed is there, nothing is half.

Short here; ``make soak`` kills ``FIELDAPP_KILLS`` times, a third each.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import on_windows
from field import World
from sync_state import state

from fieldapp.records import attachments
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing
from fieldapp.sync.format import drives
from fieldapp.sync.safety import doctor

pytestmark = on_windows.KILL
ROUNDS = -(-int(os.environ.get("FIELDAPP_KILLS", "9")) // 3)
PATIENCE = 120
"""Seconds after which a child that says nothing is given up"""
BUNDLES = 8
"""On the stick that is imported"""
SETTLE = 20
"""Rounds of exports after which headquarters reads the stick and answers: otherwise each bundle holds all before it"""

CHILD = """
import os, sys
sys.path[:0] = sys.argv[1].split(os.pathsep)
from pathlib import Path
from fieldapp.records import attachments, records, search_index, words, lists, soft_limits
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing
what, home, key, stick = sys.argv[2], Path(sys.argv[3]), bytes.fromhex(sys.argv[4]), Path(sys.argv[5])
store = Store.open(home, key, sys.argv[6])
well = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221"}
print("ready", flush=True)
while True:
    if what == "record":
        entry = {**well, "description": "một", "measures": [{"measure_id": "gieng", "amount": 1}]}
        saved = records.save(store, "activity", entry, confirm=True)
        print(saved, flush=True)
        attachments.add(store, saved, [attachments.Prepared("a.jpg", "image/jpeg", os.urandom(20_000))])
    elif what == "export":
        print(records.save(store, "activity", well, confirm=True), flush=True)
        for made in outgoing.export(store, stick):
            print(made.path, flush=True)
    else:
        for file in sorted(stick.glob("*.age"), key=lambda p: int(p.name.split("_")[-1].split(".")[0])):
            result, = incoming.import_files(store, [file])
            print(file if result.complete else result, flush=True)
        break
"""


def killed(what: str, home: Path, key: bytes, stick: Path, user: str, seconds: float, said_first: int = 0) -> list[str]:
    """What the program said was done, until it was killed so long after it was ready and had said so many lines."""
    arguments = [os.pathsep.join(sys.path), what, str(home), key.hex(), str(stick), user]
    child = subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    given_up = threading.Timer(PATIENCE, child.kill)
    given_up.start()
    assert child.stdout.readline() == "ready\n", f"the child did not open the file within {PATIENCE} s"
    first = "".join(child.stdout.readline() for _ in range(said_first))  # however busy the machine is
    time.sleep(seconds)
    child.kill()
    said = first + child.stdout.read()
    ended = {-signal.SIGKILL, 0} if what == "import" and said.count("\n") == BUNDLES else {-signal.SIGKILL}
    assert child.wait(PATIENCE) in ended, "the child ended by itself"
    given_up.cancel()
    return said.split("\n")[:-1]  # a line that was cut off was not said


def test_killed_while_recording(world: World) -> None:
    home, key = world.root / "post", world.keys["post"]
    user = world.post.user
    world.post.close()
    chance = random.Random(1)
    confirmed: list[str] = []
    for number in range(ROUNDS):
        confirmed += killed("record", home, key, world.usb, user, chance.uniform(0, 0.3), (0, 2, 5)[number % 3])
        with Store.open(home, key, user) as store:
            there = {r["id"] for r in store.rows("SELECT id FROM activity")}
            assert set(confirmed) <= there
            figures = store.value("SELECT count(*) FROM activity_measure")
            assert len(there) == figures  # none without its figure
            files = store.rows("SELECT sha256 FROM attachment")
            assert all(attachments.content(store, row["sha256"]) for row in files)  # no row without its file
    with Store.open(home, key, user) as store:
        assert doctor.examine_replica(store).healthy
        assert len(confirmed) > ROUNDS
    print(f"{ROUNDS} kills while recording, {len(confirmed)} confirmed records, all there")


def test_killed_while_exporting(world: World) -> None:
    home, key = world.root / "post", world.keys["post"]
    user = world.post.user
    world.post.close()
    chance = random.Random(2)
    confirmed: set[str] = set()
    whole: set[Path] = set()
    for number in range(ROUNDS):
        said = killed("export", home, key, world.usb, user, chance.uniform(0, 0.4), (0, 3, 8)[number % 3])
        confirmed |= {line for line in said if len(line) == 36}
        files = set(drives.bundles_in(world.usb))
        assert {Path(line) for line in said if len(line) != 36} <= files
        for file in files - whole:
            incoming.verify_bundle(world.hq, file)  # what has a bundle's name is whole
        whole |= files
        if number % SETTLE == SETTLE - 1:
            assert all(r.complete for r in incoming.import_files(world.hq, [world.usb]))
            for file in files:
                file.unlink()
            whole.clear()
            with Store.open(home, key, user) as store:
                assert all(r.complete for r in world.carry(world.hq, store))
    incoming.import_files(world.hq, [world.usb])
    with Store.open(home, key, user) as store:
        assert confirmed <= {r["id"] for r in store.rows("SELECT id FROM activity")}
        assert doctor.examine_replica(store).healthy
        (world.root / "last").mkdir()
        outgoing.export(store, world.root / "last")
        assert all(r.complete for r in incoming.import_files(world.hq, [world.root / "last"]))
        assert state(store)["activity"] == state(world.hq)["activity"]
    assert len(confirmed) > ROUNDS
    print(f"{ROUNDS} kills while exporting, {len(confirmed)} confirmed records, all arrived")


def test_killed_while_importing(world: World) -> None:
    for _ in range(BUNDLES):
        for _ in range(20):
            world.well()
        outgoing.export(world.post, world.usb)
    home, key, user = world.root / "hq", world.keys["hq"], world.hq.user
    world.hq.close()
    begin = world.root / "begin"
    shutil.copytree(home, begin)
    chance = random.Random(3)
    halves = 0
    for _ in range(ROUNDS):
        shutil.rmtree(home)
        shutil.copytree(begin, home)
        said = killed("import", home, key, world.usb, user, chance.uniform(0, 0.5))
        with Store.open(home, key, user) as store:
            count = store.value("SELECT count(*) FROM activity")
            halves += 0 < count < 160
            assert count % 20 == 0  # whole bundles only
            assert count >= 20 * len(said)
            assert store.value("SELECT count(*) FROM activity_measure") == 2 * count
            incoming.import_files(store, [world.usb])
            assert state(store)["activity"] == state(world.post)["activity"]
    with Store.open(home, key, user) as store:
        assert doctor.examine_replica(store).healthy
    print(f"{ROUNDS} kills while importing, {halves} of them after some bundles and before others, none half applied")
