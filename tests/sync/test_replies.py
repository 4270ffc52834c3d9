"""The morning's sticks: many bundles in one call, said of each what became of it, and a reply on each stick.

With ``FIELDAPP_SOAK`` forty posts, else ten.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
from field import Run, World

from fieldapp.errors import Cancelled
from fieldapp.records import records
from fieldapp.store import vault
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing, replies, status
from fieldapp.sync.format import segment

POSTS = 40 if os.environ.get("FIELDAPP_SOAK") else 10
KEY = b"k" * 32


Enrol = Callable[..., list[Store]]


@pytest.fixture
def enrol(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Enrol:
    """Makes certified posts; what costs seconds for each, sealing its key and writing the shipped data, is spared."""
    Store.create(tmp_path / "template", KEY, "A").close()

    def create(home: Path, key: bytes, user: str) -> Store:
        shutil.copytree(tmp_path / "template", home, dirs_exist_ok=True)
        return Store.open(home, key, user)

    monkeypatch.setattr(vault, "new_key", lambda: KEY)
    monkeypatch.setattr(vault, "seal_for_user", lambda *_args: None)
    monkeypatch.setattr(Store, "create", create)

    def make(number: int, certify: bool = True) -> list[Store]:
        made = []
        first = tmp_path / "first"
        first.mkdir()
        for n in range(number):
            pack = enrolment.write_pack(world.hq, code=f"D{n:02d}", name=f"Đồn số {n}", dest=first)
            made.append(enrolment.init_post(tmp_path / "posts" / f"{n}", pack, user=f"Người {n}", passphrase="x"))
            outgoing.export(made[-1], first)
        assert all(not r.refused for r in incoming.import_files(world.hq, [first]))
        for post in made if certify else []:
            enrolment.trust_replica(world.hq, post.identity.replica_id)
        return made

    return make


def brought(post: Store, stick: Path) -> Path:
    """A post's stick with its bundle on it."""
    stick.mkdir(parents=True)
    return outgoing.export(post, stick)[0].path


def hide_the_first_part(post: Store) -> None:
    """Two parts, the first of which does not come."""
    for name in ("Một", "Hai"):
        records.save(post, "event", {"name": name, "date_from": "2013-01-20"})
        with post.transaction():
            segment.seal_open_changes(post)
    own = post.identity.replica_id
    post.db.execute("UPDATE local_segment SET state = 'quarantined' WHERE replica_id = ? AND first = 1", [own])


def test_the_sticks_of_a_morning(world: World, enrol: Enrol, run: Run, tmp_path: Path) -> None:
    posts = enrol(POSTS)
    for post in posts[:2]:
        hide_the_first_part(post)
    for number, post in enumerate(posts[2:]):
        records.save(post, "event", {"name": f"Tết {number}", "date_from": "2013-01-20"})
    sticks = [tmp_path / "sticks" / f"{n}" for n in range(POSTS)]
    files = [brought(post, stick) for post, stick in zip(posts, sticks, strict=True)]
    whole = [file.read_bytes() for file in files]
    files[2].write_bytes(whole[2][: len(whole[2]) // 2])
    files[3].write_bytes(whole[3][:700] + bytes([whole[3][700] ^ 1]) + whole[3][701:])
    files[4].write_bytes("xin chào".encode())
    secret = world.hq.value("SELECT age_secret FROM local_replica WHERE own = 1")
    plain = pyrage.decrypt(whole[5], [pyrage.x25519.Identity.from_str(secret)])
    files[5].write_bytes(pyrage.encrypt(plain, [pyrage.x25519.Identity.generate().to_public()]))

    code, out, err = run("sync", "import", *sticks, "--reply", "--json", home="hq")
    found = json.loads(out)
    assert code == 3
    by_file = {Path(f["path"]): f for f in found["files"]}
    assert [by_file[f]["state"] for f in files[:6]] == ["waits"] * 2 + ["refused"] * 3 + ["for_others"]
    assert Counter(f["state"] for f in found["files"]) == {
        "applied": POSTS - 6, "refused": 3, "waits": 2, "for_others": 1
    }  # fmt: skip
    for number, file in enumerate(files):
        said = by_file[file]
        if said["state"] in ("refused", "for_others"):
            assert (said["applied"], said["sender"]) == (0, "")
        else:
            assert (said["sender"], said["laptop"]) == (f"Đồn số {number}", "A")
            assert said["applied"] == (0 if number < 2 else 1)
    assert all("1–1" in by_file[f]["held"][0] for f in files[:2])
    assert all(by_file[f]["refused"] for f in files[2:5])
    assert len(err.splitlines()) == 5 + 1, err
    assert found["problems"] == []
    assert len(found["written"]) == POSTS
    for number, (post, stick) in enumerate(zip(posts, sticks, strict=True)):
        (reply,) = stick.glob("sch-*.age")
        assert f"sch-d{number:02d}_" in reply.name
        if number in (0, 2, 5, 6):
            (read,) = incoming.import_files(post, [reply])
            assert read.complete
            assert status.exchange_status(post).unsent == (0 if number == 6 else 2 if number == 0 else 1)

    world.post.close()
    for file, data in zip(files, whole, strict=True):
        file.write_bytes(data)
    for post in posts[:2]:
        post.db.execute("UPDATE local_segment SET state = 'applied' WHERE state = 'quarantined'")
        outgoing.export(post, sticks[0])
    results = incoming.import_files(world.hq, sticks)
    assert {r.state for r in results if not r.for_others} == {"applied", "known"}, "what waited, waits no longer"
    assert sum(r.applied for r in results) == 2 * 2 + 4
    assert status.exchange_status(world.hq).held == []


def test_what_waits_says_so_until_its_part_comes(world: World, enrol: Enrol, tmp_path: Path) -> None:
    (post,) = enrol(1)
    hide_the_first_part(post)
    later = brought(post, tmp_path / "a")
    for _twice in range(2):
        (found,) = incoming.import_files(world.hq, [later])
        assert (found.state, found.applied, found.known) == ("waits", 0, 0)
    post.db.execute("UPDATE local_segment SET state = 'applied' WHERE state = 'quarantined'")
    first = brought(post, tmp_path / "b")
    both = incoming.import_files(world.hq, [later, first])
    assert [r.state for r in both] == ["known", "applied"], "what came with both counts once"
    assert sum(r.applied for r in both) == 2


def test_a_reply_that_cannot_be_written_keeps_no_other_back(world: World, enrol: Enrol, tmp_path: Path) -> None:
    sticks = [tmp_path / "s0", tmp_path / "s1"]
    for post, stick in zip(enrol(2), sticks, strict=True):
        brought(post, stick)
    results = incoming.import_files(world.hq, [*sticks, tmp_path / "not there"])
    assert [r.state for r in results][-1] == "refused"
    shutil.rmtree(sticks[0])
    done = replies.reply(world.hq, results)
    assert [made.path.parent for made in done.written] == [sticks[1]]
    assert len(done.problems) == 1
    assert "Đồn số 0" in done.problems[0]
    together = tmp_path / "together"
    together.mkdir()
    assert len(replies.reply(world.hq, results, together).written) == 2
    assert len(list(together.glob("*.age"))) == 2


def test_a_reply_that_lies_there_and_says_the_same_is_not_written_again(
    world: World, enrol: Enrol, tmp_path: Path
) -> None:
    posts = enrol(2)
    sticks = [tmp_path / "s0", tmp_path / "s1"]
    for post, stick in zip(posts, sticks, strict=True):
        brought(post, stick)

    outgoing.export(world.hq, tmp_path, "IARVE")
    names = ["Đồn số 0 (A)", "Đồn số 1 (A)"]

    def again() -> list[str]:
        done = replies.reply(world.hq, incoming.import_files(world.hq, sticks))
        written = [made.recipient for made in done.written]
        assert [peer.title for peer in replies.unwritten(world.hq) if peer.title in names] == []
        assert sorted([*written, *done.kept]) == names
        return written

    assert again() == names
    assert again() == []
    (there,) = sticks[0].glob("sch-*")
    whole = there.read_bytes()
    there.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert again() == names[:1], "what is damaged is written anew"
    for file in sticks[1].glob("sch-*"):
        file.unlink()
    assert again() == names[1:], "as is what is gone"
    records.save(posts[0], "event", {"name": "Tết", "date_from": "2013-01-20"})
    outgoing.export(posts[0], sticks[0])
    assert again() == names[:1], "its receipt is new"
    records.save(world.hq, "measure", {"code": "mai", "name": "Cây mai", "unit_name": "cây", "nature": "quantity"})
    assert again() == names, "and what is new for all"
    assert again() == []


def test_replies_that_are_broken_off_leave_none(world: World, enrol: Enrol, tmp_path: Path) -> None:
    sticks = [tmp_path / "s0", tmp_path / "s1"]
    for post, stick in zip(enrol(2), sticks, strict=True):
        brought(post, stick)
    results = incoming.import_files(world.hq, sticks)

    def stop(_stage: str, done: int, _of: int) -> None:
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        replies.reply(world.hq, results, progress=stop)
    assert [len(list(s.glob("sch-*"))) for s in sticks] == [0, 0]


def test_who_is_not_certified_gets_no_reply_and_that_is_said(world: World, enrol: Enrol, tmp_path: Path) -> None:
    (post,) = enrol(1, certify=False)
    brought(post, tmp_path / "s")
    results = incoming.import_files(world.hq, [tmp_path / "s"])
    done = replies.reply(world.hq, results)
    assert done.written == []
    assert "Đồn số 0" in done.problems[0]


def test_no_reply_for_a_revoked_laptop_says_that_it_is_revoked(world: World, run: Run) -> None:
    """Not that it waits to be certified: a tired officer would certify what was stolen."""
    world.well()
    assert run("hq", "revoke", "IARVE", home="hq")[0] == 0
    assert run("sync", "export", world.usb)[0] == 0
    code, _out, err = run("sync", "import", world.usb, "--reply", home="hq")
    assert code != 0
    assert "Chưa ghi gói trả lời cho Đồn BP Ia Rvê (A): máy đã bị thu hồi" in err
    assert "chờ chứng thực" not in err
    assert list(world.usb.glob("sch-*.age")) == []
