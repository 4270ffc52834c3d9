"""A forgotten passphrase: headquarters opens the laptop again, by telephone or by stick, and nobody else does."""

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pyrage
import pytest
from field import PASSPHRASE, USER, Run, World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldapp.errors import FieldappError
from fieldapp.store import people, vault
from fieldapp.store.people import Role
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.peers import peers, recovery

pytestmark = pytest.mark.usefixtures("spared")
NEW = "rừng khộp mùa khô"


def sent(world: World) -> None:
    """A bundle that headquarters has read: the code travels in it."""
    world.carry(world.post, world.hq)


def test_by_telephone_once(world: World) -> None:
    sent(world)
    row_id = world.well()
    world.post.close()
    home = world.root / "post"
    code = recovery.code_of(world.hq, peers.others(world.hq)[0])
    wrong = code[:4] + str((int(code[4]) + 1) % 10) + code[5:]
    with pytest.raises(FieldappError, match="nhóm 1"):
        recovery.accept_code(home, USER, wrong, NEW)
    with pytest.raises(FieldappError, match="không có người dùng"):
        recovery.accept_code(home, "Kẻ lạ", code, NEW)
    store = recovery.accept_code(home, USER, code.replace(" ", "-"), NEW)
    assert store.value("SELECT id FROM activity") == row_id
    assert vault.unseal(home, USER, NEW) == world.keys["post"]
    with pytest.raises(FieldappError, match="đã được dùng"):
        recovery.accept_code(home, USER, code, "một câu khác hẳn")
    world.post = store
    sent(world)
    fresh = recovery.code_of(world.hq, peers.others(world.hq)[0])
    assert fresh != code
    assert vault.unseal_with_code(home, recovery.read_code(fresh)) == world.keys["post"]


def test_an_older_bundle_does_not_bring_the_old_code_back(world: World) -> None:
    (first,) = outgoing.export(world.post, world.usb)
    incoming.import_files(world.hq, [first.path])
    code = recovery.renew_code(world.post)
    (second,) = outgoing.export(world.post, world.usb)
    incoming.import_files(world.hq, [second.path])
    incoming.import_files(world.hq, [first.path])
    assert recovery.code_of(world.hq, peers.others(world.hq)[0]) == code


def test_the_code_is_readable_by_headquarters_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the laptop's files nor the bundle hold it in the open."""
    monkeypatch.undo()  # the real derivation
    code = recovery.renew_code(world.post)
    (made,) = outgoing.export(world.post, world.usb)
    digits = code.replace(" ", "").encode(), recovery.read_code(code).encode(), code.encode()
    files = [p for p in world.root.rglob("*") if p.is_file()]
    assert made.path in files
    assert not [p for p in files if any(d in p.read_bytes() for d in digits)]
    with pytest.raises(FieldappError, match="Chỉ sở chỉ huy"):
        recovery.code_of(world.post, peers.others(world.post)[0])


def test_by_stick(world: World) -> None:
    home = world.root / "post"
    row_id = world.well()
    world.post.close()
    path, words = recovery.request(home, USER, NEW, world.usb)
    asked = recovery.read_request(world.hq, path)
    assert (asked.user, asked.laptop, asked.words) == (USER, "Đồn BP Ia Rvê A", words)
    answer = recovery.answer(asked, world.usb)
    assert world.keys["post"] not in answer.read_bytes()
    with pytest.raises(FieldappError, match="Mật khẩu sai"):
        recovery.accept(home, answer, "không phải câu ấy")
    assert recovery.accept(home, answer, NEW) == USER
    with Store.unlock(home, USER, NEW) as store:
        assert store.value("SELECT id FROM activity") == row_id
    with pytest.raises(FieldappError, match="chưa gửi yêu cầu"):
        recovery.accept(home, answer, NEW)


def test_when_all_key_files_are_lost_the_recovered_one_is_administrator(world: World) -> None:
    sent(world)
    world.post.close()
    home = world.root / "post"
    for path in (home / "keys").glob("*.user.age"):
        path.unlink()
    code = recovery.code_of(world.hq, peers.others(world.hq)[0])
    with recovery.accept_code(home, "Trần Văn B", code, NEW) as store:
        assert people.role_of(store, "Trần Văn B") is Role.ADMINISTRATOR


def test_an_answer_opens_the_laptop_for_the_one_who_asked_alone(world: World) -> None:
    """A recorder asks, and writes an administrator's name into headquarters' answer."""
    home = world.root / "post"
    people.add_person(world.post, "Người ghi", "mật khẩu cũ", Role.RECORDER)
    before = vault.unseal(home, USER, PASSPHRASE)
    world.post.close()
    asked, _words = recovery.request(home, "Người ghi", NEW, world.usb)
    answer = recovery.answer(recovery.read_request(world.hq, asked), world.usb)
    said = json.loads(answer.read_bytes())
    answer.write_text(json.dumps({**said, "user": USER}), encoding="utf-8")
    with pytest.raises(FieldappError, match="Không có gì thay đổi"):
        recovery.accept(home, answer, NEW)
    assert vault.unseal(home, USER, PASSPHRASE) == before
    answer.write_text(json.dumps(said), encoding="utf-8")
    assert recovery.accept(home, answer, NEW) == "Người ghi"
    world.post = Store.open(home, world.keys["post"], USER)


def test_an_answer_to_somebody_else_opens_nothing(world: World) -> None:
    """A thief who exchanges the key in the request gets other words; one who takes the stick gets nothing."""
    home = world.root / "post"
    path, words = recovery.request(home, USER, NEW, world.usb)
    thief = pyrage.x25519.Identity.generate()
    forged = json.loads(path.read_text(encoding="utf-8")) | {"to": str(thief.to_public())}
    path.write_text(json.dumps(forged), encoding="utf-8")
    asked = recovery.read_request(world.hq, path)
    assert asked.words != words
    with pytest.raises(FieldappError, match="yêu cầu khác"):
        recovery.accept(home, recovery.answer(asked, world.usb), NEW)


def keys_of(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (home / "keys").iterdir()}


def test_an_answer_for_another_laptop_or_to_an_older_request_opens_nothing(world: World, tmp_path: Path) -> None:
    """What headquarters once gave out is of no use again: neither here nor on the laptop beside, nor the other way."""
    beside = enrolment.init_post(
        world.root / "beside", next(world.usb.glob("*.tar")), user=USER, passphrase=PASSPHRASE, laptop="B"
    )
    beside.close()
    world.post.close()
    home, other = world.root / "post", world.root / "beside"
    first, _words = recovery.request(home, USER, NEW, world.usb)
    old = recovery.answer(recovery.read_request(world.hq, first), world.usb)
    theirs, _words = recovery.request(other, USER, NEW, world.usb)
    for_beside = recovery.answer(recovery.read_request(world.hq, theirs), world.usb)
    again, _words = recovery.request(home, USER, NEW, world.usb)  # the request is made again: the first is void
    before = keys_of(home), keys_of(other)
    for laptop, answer in ((home, old), (home, for_beside), (other, old)):
        with pytest.raises(FieldappError, match=f"{answer.name} trả lời một yêu cầu khác"):
            recovery.accept(laptop, answer, NEW)
    assert (keys_of(home), keys_of(other)) == before
    right = recovery.answer(recovery.read_request(world.hq, again), world.usb)
    assert recovery.accept(home, right, NEW) == USER
    with pytest.raises(FieldappError, match="chưa gửi yêu cầu"):  # once
        recovery.accept(home, right, NEW)
    recovery.request(home, USER, NEW, world.usb)
    with pytest.raises(FieldappError, match="yêu cầu khác"):
        recovery.accept(home, right, NEW)
    world.post = Store.open(home, world.keys["post"], USER)


def test_a_request_with_another_laptop_s_sealed_key_is_seen_by_its_name_and_opens_nothing_here(world: World) -> None:
    """The file beside the database was exchanged: headquarters reads the other laptop's name; the key does not fit."""
    beside = enrolment.init_post(
        world.root / "beside", next(world.usb.glob("*.tar")), user=USER, passphrase=PASSPHRASE, laptop="B"
    )
    beside.close()
    world.post.close()
    home = world.root / "post"
    path, _words = recovery.request(home, USER, NEW, world.usb)
    sealed = b64encode(vault.sealed_for_recovery(world.root / "beside")).decode()
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"sealed": sealed}), encoding="utf-8")
    asked = recovery.read_request(world.hq, path)
    assert asked.laptop == "Đồn BP Ia Rvê B"
    before = keys_of(home)
    with pytest.raises(FieldappError):
        recovery.accept(home, recovery.answer(asked, world.usb), NEW)
    assert keys_of(home) == before
    world.post = Store.open(home, world.keys["post"], USER)


def test_headquarters_opens_no_laptop_of_another_headquarters(world: World, tmp_path: Path) -> None:
    """Not even one of the same names and codes; and an answer of that one opens none of ours."""
    other = enrolment.init_hq(world.root / "other", name="Sở chỉ huy", user="Trực ban", passphrase=PASSPHRASE)
    pack = enrolment.write_pack(other, code="IARVE", name="Đồn BP Ia Rvê", dest=tmp_path)
    enrolment.init_post(world.root / "theirs", pack, user=USER, passphrase=PASSPHRASE).close()
    theirs, _words = recovery.request(world.root / "theirs", USER, NEW, tmp_path)
    with pytest.raises(FieldappError, match=f"{theirs.name} không phải"):
        recovery.read_request(world.hq, theirs)
    world.post.close()
    ours, _words = recovery.request(world.root / "post", USER, NEW, world.usb)
    with pytest.raises(FieldappError, match=f"{ours.name} không phải"):
        recovery.read_request(other, ours)
    answer = recovery.answer(recovery.read_request(other, theirs), tmp_path)
    with pytest.raises(FieldappError, match="yêu cầu khác"):
        recovery.accept(world.root / "post", answer, NEW)
    other.close()
    world.post = Store.open(world.root / "post", world.keys["post"], USER)


@pytest.mark.parametrize("change", ["one byte", "cut", "another format", "no age file"])
def test_an_answer_that_was_changed_opens_nothing(world: World, change: str) -> None:
    home = world.root / "post"
    world.post.close()
    path, _words = recovery.request(home, USER, NEW, world.usb)
    answer = recovery.answer(recovery.read_request(world.hq, path), world.usb)
    said = json.loads(answer.read_bytes())
    sealed = b64decode(said["sealed"])
    said |= {
        "one byte": {"sealed": b64encode(sealed[:-1] + bytes([sealed[-1] ^ 1])).decode()},
        "cut": {"sealed": b64encode(sealed[:-9]).decode()},
        "another format": {"format": "fieldapp-recovery-answer/9"},
        "no age file": {"sealed": "…"},
    }[change]
    answer.write_text(json.dumps(said), encoding="utf-8")
    before = keys_of(home)
    with pytest.raises(FieldappError, match=answer.name):
        recovery.accept(home, answer, NEW)
    assert keys_of(home) == before
    world.post = Store.open(home, world.keys["post"], USER)


@pytest.mark.parametrize(
    "change",
    [
        {"to": "age1nothing"},
        {"sealed": "…"},
        {"sealed": b64encode(b"no age file").decode()},
        {"sealed": ""},
        {"format": "fieldapp-recovery-request/9"},
        {"user": 7},
    ],
)
def test_a_request_that_is_none_is_refused(world: World, change: dict[str, object], tmp_path: Path) -> None:
    sealed = vault.sealed_for_recovery(world.root / "post")
    to = str(pyrage.x25519.Identity.generate().to_public())
    paper = {"format": recovery.REQUEST, "user": USER, "to": to, "sealed": b64encode(sealed).decode()}
    path = tmp_path / "x.json"
    path.write_text(json.dumps({**paper, **change}), encoding="utf-8")
    with pytest.raises(FieldappError, match="Không có gì thay đổi"):
        recovery.read_request(world.hq, path)


def test_only_an_administrator_of_headquarters_gives_out(world: World, tmp_path: Path) -> None:
    sent(world)
    people.add_person(world.hq, "Người ghi", NEW, Role.OFFICER)
    other = Store.open(world.root / "hq", world.keys["hq"], "Người ghi")
    path, _words = recovery.request(world.root / "post", USER, NEW, world.usb)
    for act in (
        lambda: recovery.code_of(other, peers.others(other)[0]),
        lambda: recovery.read_request(other, path),
    ):
        with pytest.raises(FieldappError, match="quản trị"):
            act()
    other.close()


def test_on_the_command_line(run: Run, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "new").write_text(NEW, encoding="utf-8")
    monkeypatch.setenv("FIELDAPP_NEW_PASSPHRASE_FILE", str(tmp_path / "new"))
    code, out, _err = run("user", "recover", "--request", world.usb)
    assert code == 0
    path, words = out.splitlines()
    code, out, _err = run("hq", "recover", path, home="hq")
    assert words in out
    assert list(world.usb.glob("*answer*")) == []
    assert run("hq", "recover", path, "--compared", home="hq")[0] == 0
    (tmp_path / "passphrase").write_text(NEW, encoding="utf-8")
    (answer,) = world.usb.glob("*answer*")
    assert run("user", "recover", answer)[0] == 0
    assert run("list", "event")[0] == 0
    assert run("user", "recover")[0] == 2
    code, out, _err = run("hq", "recovery-code", "IARVE", home="hq")
    assert (code, out) == (1, "")


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**28 - 1), st.integers(0, 34), st.integers(1, 9))
def test_a_misheard_digit_is_found(number: int, at: int, off: int) -> None:
    digits = f"{number:028}"
    heard = recovery.spoken_code(digits).replace(" ", "")
    assert recovery.read_code(heard) == digits
    wrong = heard[:at] + str((int(heard[at]) + off) % 10) + heard[at + 1 :]
    with pytest.raises(FieldappError, match=f"nhóm {at // 5 + 1}[^0-9]"):
        recovery.read_code(wrong)
