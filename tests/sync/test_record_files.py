"""Photographs on sticks: records first and whole, files in what room is left, each until its receipt, never twice."""

import errno
import io
import os
import random
import shutil
from base64 import b64decode
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import evidence_files as files
import pyrage
import pytest
from field import PASSPHRASE, Run, World, of_another_post, statements
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from fieldapp.errors import FieldappError
from fieldapp.records import attachments
from fieldapp.store import blobs, disk, disk_errors, wall
from fieldapp.store.store import Store
from fieldapp.sync.exchange import file_space, incoming, outgoing, record_files, sticks
from fieldapp.sync.format import bundle, drives, file_parts, keys
from fieldapp.sync.peers import peers, receipts
from fieldapp.sync.safety import backup, doctor

SIZE = 60_000
"""Bytes of each photograph here, about"""


@pytest.fixture(scope="module")
def forty() -> list[attachments.Prepared]:
    """Forty photographs, as they are stored."""
    made = []
    for number in range(40):
        data = files.jpeg(number)
        data += bytes(SIZE - len(data))
        made.append(attachments.Prepared(f"{number}.jpg", "image/jpeg", data))
    return made


def recorded(world: World, photos: list[attachments.Prepared], each: int = 4) -> list[str]:
    """Wells with photographs, so many each; their ids."""
    wells = []
    for at in range(0, len(photos), each):
        wells.append(world.well(date_from=f"2014-{at // each + 1:02d}-01"))
        attachments.add(world.post, wells[-1], photos[at : at + each])
    return wells


def has(store: Store) -> set[str]:
    """The hashes of the files that are here."""
    return {f.sha256 for f in record_files.named(store) if blobs.is_here(store, f.sha256)}


def stick(world: World, name: str) -> Path:
    folder = world.root / name
    folder.mkdir(exist_ok=True)
    return folder


def room_for(number: int) -> int:
    return number * (SIZE + file_parts.OVERHEAD + 100) + 2 * file_parts.OVERHEAD


def sent(made: list[outgoing.Exported]) -> int:
    return sum(m.files.number for m in made)


def test_records_arrive_at_once_and_files_as_room_allows(world: World, forty: list[attachments.Prepared]) -> None:
    wells = recorded(world, forty)
    first = outgoing.export(world.post, stick(world, "a"), most=room_for(25))
    assert (sent(first), first[0].files.left) == (25, 15)
    result = incoming.import_files(world.hq, [stick(world, "a")])
    assert [r.files for r in result] == [25]
    assert {r["id"] for r in world.hq.rows("SELECT id FROM activity")} == set(wells)
    assert world.hq.value("SELECT count(*) FROM attachment") == 40
    assert len(has(world.hq)) == 25
    states = [a.state for well in wells for a in attachments.of_record(world.hq, well)]
    assert (states.count("here"), states.count("not_arrived")) == (25, 15)
    outgoing.export(world.hq, stick(world, "reply"))
    incoming.import_files(world.post, [stick(world, "reply")])
    second = outgoing.export(world.post, stick(world, "b"), most=room_for(25))
    assert (sent(second), second[0].files.left) == (15, 0)
    incoming.import_files(world.hq, [stick(world, "b")])
    assert {h: attachments.content(world.hq, h) for h in has(world.hq)} == {blobs.digest(p.data): p.data for p in forty}
    outgoing.export(world.hq, stick(world, "reply"))
    incoming.import_files(world.post, [stick(world, "reply")])
    assert sent(outgoing.export(world.post, stick(world, "c"))) == 0


def test_the_first_stick_is_lost(world: World, forty: list[attachments.Prepared]) -> None:
    """The second takes what was on none yet, and again as much as fits; the reply says what is still missing."""
    recorded(world, forty)
    assert sent(outgoing.export(world.post, stick(world, "lost"), most=room_for(25))) == 25
    assert sent(outgoing.export(world.post, stick(world, "b"), most=room_for(25))) == 25
    incoming.import_files(world.hq, [stick(world, "b")])
    assert world.hq.value("SELECT count(*) FROM attachment") == 40
    assert len(has(world.hq)) == 25
    outgoing.export(world.hq, stick(world, "reply"))
    incoming.import_files(world.post, [stick(world, "reply")])
    third = outgoing.export(world.post, stick(world, "c"), most=room_for(25))
    assert (sent(third), third[0].files.left) == (15, 0)
    incoming.import_files(world.hq, [stick(world, "c")])
    assert len(has(world.hq)) == 40


def test_a_stick_is_pulled_at_random_moments(
    world: World, forty: list[attachments.Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records and what is whole stay; on the same stick it goes on where it was broken off."""
    monkeypatch.setattr(file_parts, "PART", 5 * SIZE)
    recorded(world, forty)
    outgoing.export(world.post, stick(world, "first"), most=0)
    incoming.import_files(world.hq, [stick(world, "first")])
    rng, real = random.Random(25), drives._Checked.write
    counts = []
    for number in range(30):
        left = rng.randrange(5_000, 1_200_000)

        def write(self: drives._Checked, data: bytes) -> int:
            nonlocal left
            left -= len(data)
            if left < 0:
                self.failed = OSError(5, "Input/output error")
                raise self.failed
            return real(self, data)

        usb = stick(world, f"pulled-{number}" if number % 2 else "same")
        with monkeypatch.context() as patched:
            patched.setattr(drives._Checked, "write", write)
            try:
                made = outgoing.export(world.post, usb, most=room_for(40))
                assert made[0].files.problem or made[0].files.left == 0
            except FieldappError:  # pulled while the bundle itself was written
                pass
        assert not [p.name for p in usb.iterdir() if p.name.startswith(".")]
        before = has(world.hq)
        results = incoming.import_files(world.hq, [usb])
        assert [p for r in results for p in r.problems] == []
        assert has(world.hq) >= before
        counts.append(len(has(world.hq)))
    assert counts[-1] == 40
    assert counts[0] < 40
    assert {h: attachments.content(world.hq, h) for h in has(world.hq)} == {blobs.digest(p.data): p.data for p in forty}


@pytest.mark.parametrize("bad", ["bundle", "part"])
def test_a_stick_that_gives_other_bytes_back_is_told_and_nothing_on_it_looks_whole(
    world: World, forty: list[attachments.Prepared], monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    recorded(world, forty[:4])
    real = os.fsync
    for how in ("flipped", "cut", "longer", "empty"):
        usb, written = stick(world, how), list[Path]()

        def fsync(handle: int, how: str = how, usb: Path = usb, written: list[Path] = written) -> None:
            real(handle)
            for part in [p for p in usb.iterdir() if os.path.samestat(p.stat(), os.fstat(handle))]:
                written.append(part)
                if len(written) == (1 if bad == "bundle" else 2):
                    data = part.read_bytes()
                    flipped = data[:100] + bytes([data[100] ^ 1]) + data[101:]
                    part.write_bytes({"flipped": flipped, "cut": data[:-1], "longer": data + b"z", "empty": b""}[how])

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fsync)
            try:
                said = outgoing.export(world.post, usb)[0].files.problem
            except FieldappError as error:
                said = str(error)
        assert "không khớp với nội dung đã ghi" in said, how
        assert len(list(usb.iterdir())) == (0 if bad == "bundle" else 1), how
    world.carry(world.post, world.hq)
    assert len(has(world.hq)) == 4


def test_it_goes_on_on_the_same_stick(
    world: World, forty: list[attachments.Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies on a stick whole is not written onto it again, until a receipt says that it did not arrive."""
    monkeypatch.setattr(file_parts, "PART", 10 * SIZE + 20_000)
    recorded(world, forty)
    usb = stick(world, "usb")
    assert sent(outgoing.export(world.post, usb, most=room_for(20))) == 20
    assert sent(outgoing.export(world.post, usb)) == 20
    assert sent(outgoing.export(world.post, usb)) == 0
    assert sent(outgoing.export(world.post, stick(world, "other"))) == 40
    parts = file_parts.parts_in(usb)
    parts[0].write_bytes(parts[0].read_bytes()[:-1000])  # damaged on the way
    incoming.import_files(world.hq, [usb])
    outgoing.export(world.hq, stick(world, "reply"))
    incoming.import_files(world.post, [stick(world, "reply")])
    missing = 40 - len(has(world.hq))
    assert 0 < missing <= 10
    assert sent(outgoing.export(world.post, usb)) == missing
    incoming.import_files(world.hq, [usb])
    assert len(has(world.hq)) == 40


def test_a_damaged_part_gives_what_is_whole_and_says_so(
    world: World, run: Run, forty: list[attachments.Prepared]
) -> None:
    recorded(world, forty[:20])
    usb = stick(world, "usb")
    outgoing.export(world.post, usb)
    (part,) = file_parts.parts_in(usb)
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    code, out, err = run("sync", "import", usb, home="hq")
    assert code == 0
    assert "bị thiếu hoặc bị hỏng: phần còn nguyên đã nhận" in err
    assert 5 < len(has(world.hq)) < 20
    assert out == f"Đồn BP Ia Rvê: 5 bản ghi mới, {len(has(world.hq))} tệp đính kèm; còn việc chưa làm xong\n"
    for well in world.hq.rows("SELECT id FROM activity"):
        assert "Tệp đính kèm" in run("show", well["id"], home="hq")[1]
    outgoing.export(world.hq, stick(world, "reply"))
    incoming.import_files(world.post, [stick(world, "reply")])
    outgoing.export(world.post, stick(world, "b"))
    incoming.import_files(world.hq, [stick(world, "b")])
    assert len(has(world.hq)) == 20


@pytest.mark.parametrize("inside", [False, True])
def test_a_mutated_part_gives_true_files_or_none(tmp_path: Path, inside: bool) -> None:
    """Bytes are changed, cut, doubled: in what lies on the stick, and in the tar of somebody who encrypts it again."""
    rng, own = random.Random(5), keys.new_keys()
    contents = [rng.randbytes(size) for size in (0, 1, 511, 512, 3_000, 70_000, *[150_000] * 4)]
    named = [blobs.digest(data) for data in contents]
    whole = io.BytesIO()
    file_parts.write(whole, [own.age_key], named, iter(contents))
    identity = pyrage.x25519.Identity.from_str(own.age_secret)
    plain = pyrage.decrypt(whole.getvalue()[len(file_parts.MAGIC) :], [identity])
    seen = Counter[str]()
    for _number in range(100):
        data = bytearray(plain if inside else whole.getvalue())
        for _change in range(rng.randint(1, 3)):
            at, to = sorted((rng.randrange(len(data)), rng.randrange(len(data))))
            what = rng.choice(("flip", "flip", "cut", "double", "zeros"))
            if what == "flip":
                data[at] ^= 1 << rng.randrange(8)
            elif what == "cut":
                del data[at:to]
            elif what == "double":
                data[at:at] = data[at:to]
            else:
                data[at:to] = bytes(to - at)
        if inside:
            data[:] = file_parts.MAGIC + pyrage.encrypt(bytes(data), [identity.to_public()])
        path = files.written(tmp_path, "x.1.fieldapp-files", bytes(data))
        try:
            listed = file_parts.listed(path, own.age_secret)
            for hash_, content in file_parts.read(path, own.age_secret, {*listed, *named}):
                assert content is None or blobs.digest(content) == hash_
                seen["whole" if content is not None else "wrong"] += 1
        except (file_parts.BadPart, file_parts.PartForOthers) as error:
            seen[type(error).__name__] += 1
    assert seen["BadPart"] > 20 and seen["whole"] > 20, seen


def test_a_file_that_is_not_what_the_record_says_is_left_out(world: World, forty: list[attachments.Prepared]) -> None:
    """Only what a signed change names is stored, whoever wrote the part."""
    recorded(world, forty[:4])
    usb = stick(world, "usb")
    outgoing.export(world.post, usb, most=0)
    named = [f.sha256 for f in record_files.named(world.post)]
    other = blobs.digest(b"other")
    key = peers.own(world.hq).age_key
    with (usb / "x.1.fieldapp-files").open("wb") as file:
        file_parts.write(file, [key], [*named, other], iter([b"wrong", forty[1].data, b"", b"", b"other"]))
    results = incoming.import_files(world.hq, [usb])
    assert has(world.hq) <= {named[1], *named}
    assert len(has(world.hq)) == (1 if named[1] == blobs.digest(forty[1].data) else 0)
    assert not blobs.is_here(world.hq, other)
    assert any("không đúng nội dung" in p for r in results for p in r.problems)


def test_a_file_that_another_post_puts_at_a_record_is_none_of_its(
    world: World, run: Run, forty: list[attachments.Prepared]
) -> None:
    """A certified post may sign any row of its own, also one that names a record of another post."""
    (well,) = recorded(world, forty[:2], each=2)
    world.carry(world.post, world.hq)
    (own,) = world.post.rows("SELECT id FROM post")
    of_another_post(world.hq, well)
    assert world.hq.value("SELECT count(*) FROM attachment WHERE post_id = ?", [own["id"]]) == 2
    assert attachments.of_record(world.hq, well) == []
    code, out, _err = run("show", well, "--history", home="hq")
    assert code == 0 and "Tệp đính kèm" not in out


def test_parts_for_others_and_other_files_are_passed_over(
    world: World, run: Run, forty: list[attachments.Prepared]
) -> None:
    recorded(world, forty[:4])
    usb = stick(world, "usb")
    outgoing.export(world.post, usb)
    (usb / "holiday.1.fieldapp-files").write_bytes(b"no part")
    (usb / "film.1.fieldapp-files").write_bytes(file_parts.MAGIC + bytes(500))
    code, out, err = run("sync", "import", usb)  # the post's own stick
    assert code == 0, err
    assert "film.1.fieldapp-files bị thiếu hoặc bị hỏng" in err
    assert "holiday" not in out + err


def test_a_reader_of_the_version_before_passes_over_parts(world: World, forty: list[attachments.Prepared]) -> None:
    """It finds bundles by their names and first bytes, and refuses members that it does not know: there are none."""
    recorded(world, forty[:4])
    usb = stick(world, "usb")
    (made,) = outgoing.export(world.post, usb)
    assert made.files.number == 4
    assert drives.bundles_in(usb) == [made.path]
    assert [bundle.looks_like(part) for part in made.files.parts] == [None]
    listed = incoming.verify_bundle(world.hq, made.path).manifest.members
    assert all(m.name.startswith(("certs/", "revocations/", "segments/")) for m in listed)


def test_to_a_reader_of_the_version_before_no_files_are_sent(
    world: World, forty: list[attachments.Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its manifest says nothing of files; the one of its newer version does, and then they go."""
    recorded(world, forty[:4])
    with monkeypatch.context() as before:
        before.setattr(record_files, "have_for", lambda *_args: None)
        world.carry(world.hq, world.post)
    assert sent(outgoing.export(world.post, stick(world, "a"))) == 0
    world.carry(world.hq, world.post)
    assert sent(outgoing.export(world.post, stick(world, "b"))) == 4


def cleared(world: World, photos: list[attachments.Prepared]) -> str:
    """A well whose photographs headquarters has, and the post has cleared."""
    (well,) = recorded(world, photos)
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    assert file_space.clear(world.post)[0] == len(photos)
    return well


def test_a_cleared_file_is_asked_for_and_comes_with_the_reply(
    world: World, run: Run, forty: list[attachments.Prepared]
) -> None:
    """The request travels with the next bundle; until the reply is here it is said that it is on its way."""
    well = cleared(world, forty[:2])
    first = attachments.of_record(world.post, well)[0]
    code, out, said = run("attached", well, "--fetch")
    assert (code, said) == (0, "Đã yêu cầu 2 tệp: xuất USB ngay, gói trả lời sẽ mang về.\n")
    assert out.count("đã yêu cầu, chờ USB") == 2
    small = outgoing.export(world.hq, stick(world, "before"))  # headquarters has not heard of it yet
    assert sent(small) == 0
    world.carry(world.post, world.hq)
    reply = outgoing.export(world.hq, stick(world, "reply"), most=room_for(1))
    assert (sent(reply), reply[0].files.left) == (1, 1)  # within headquarters' limit
    incoming.import_files(world.post, [stick(world, "reply")])
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    assert attachments.content(world.post, first.sha256) is not None
    assert {a.state for a in attachments.of_record(world.post, well)} == {"here"}
    assert run("attached", well, "--fetch")[2] == "Mọi tệp của bản ghi đều có ở máy này.\n"
    assert file_space.clear(world.post)[0] == 2
    assert {a.state for a in attachments.of_record(world.post, well)} == {"cleared"}


def test_a_file_that_rotted_at_headquarters_is_wanted_again_without_anybody_opening_it(
    world: World, forty: list[attachments.Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some files are read through each day; what is damaged is in no receipt, and the post sends it again."""
    recorded(world, forty[:4])
    world.carry(world.post, world.hq)
    rotten = sorted(has(world.hq))[2]
    name = world.hq.value("SELECT name FROM attachment WHERE sha256 = ?", [rotten])
    path = blobs.path_of(world.hq, rotten)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    monkeypatch.setattr(doctor, "CHECKED_A_DAY", SIZE)
    assert doctor.check_some_files(world.hq) == []  # the first two
    assert doctor.check_some_files(world.hq) == []  # not twice on a day
    monkeypatch.setattr(wall, "now", lambda: datetime(2030, 1, 1, tzinfo=UTC))
    assert doctor.check_some_files(world.hq) == [name]
    monkeypatch.undo()
    assert rotten not in has(world.hq)
    world.carry(world.hq, world.post)
    world.carry(world.post, world.hq)
    assert attachments.content(world.hq, rotten) is not None


def test_a_file_that_cannot_be_read_now_is_not_called_damaged(
    world: World, forty: list[attachments.Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program has too many files open: what lies on the disk is sound, and here alone."""
    (well,) = recorded(world, forty[:1])
    (here,) = attachments.of_record(world.post, well)

    def too_many(path: Path) -> bytes:
        raise OSError(errno.EMFILE, "Too many open files", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", too_many)
        assert doctor.check_some_files(world.post) == []
        with pytest.raises(disk_errors.DiskError):
            attachments.content(world.post, here.sha256)
    assert attachments.content(world.post, here.sha256) is not None


def test_what_was_cleared_and_is_lost_at_headquarters_is_told_and_can_be_attached_again(
    world: World, run: Run, forty: list[attachments.Prepared]
) -> None:
    """A disk of headquarters that is set back may lose what a post cleared: its next receipt says so."""
    well = cleared(world, forty[:2])
    lost = attachments.of_record(world.post, well)[1].sha256
    blobs.remove(world.hq, lost)
    assert file_space.space(world.post).gone == []
    world.carry(world.hq, world.post)
    assert file_space.space(world.post).gone == [lost]
    assert "sở chỉ huy cũng không còn" in run("sync", "files")[1]
    attachments.add(world.post, well, [p for p in forty if blobs.digest(p.data) == lost])
    assert world.post.value("SELECT count(*) FROM attachment") == 2
    world.carry(world.post, world.hq)
    assert lost in has(world.hq)
    world.carry(world.hq, world.post)
    assert file_space.space(world.post).gone == []


def test_a_lost_file_is_asked_for_again(world: World, forty: list[attachments.Prepared]) -> None:
    """Headquarters' disk has lost it: its next reply says so. The post's has: headquarters' reply brings it."""
    recorded(world, forty[:4])
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    lost = sorted(has(world.post))[0]
    for holder, other in ((world.hq, world.post), (world.post, world.hq)):
        blobs.remove(holder, lost)
        world.carry(holder, other)
        world.carry(other, holder)
        assert len(has(holder)) == 4


def test_what_headquarters_above_gets_are_references_unless_it_asks(world: World) -> None:
    assert record_files.takes_files(world.hq, peers.own(world.hq), peers.others(world.hq))
    below = structs.replace(peers.own(world.hq), id="x", post_code="OTHER")
    assert not record_files.takes_files(world.hq, peers.own(world.hq), [below])
    world.hq.set_setting(record_files.TAKE_SETTING, "on")
    assert record_files.takes_files(world.hq, peers.own(world.hq), [below])


def test_old_parts_are_cleared_from_a_stick(world: World, run: Run, forty: list[attachments.Prepared]) -> None:
    recorded(world, forty[:4])
    usb = stick(world, "usb")
    outgoing.export(world.post, usb)
    assert [o.path.suffix for o in sticks.old_bundles(world.post, usb)] == []
    assert [o.why for o in sticks.old_bundles(world.hq, usb)] == []
    incoming.import_files(world.hq, [usb])
    assert {o.why for o in sticks.old_bundles(world.hq, usb)} == {"read"}
    assert len(sticks.old_bundles(world.hq, usb)) == 2
    world.carry(world.hq, world.post)
    assert {o.why for o in sticks.old_bundles(world.post, usb)} == {"received"}
    assert run("sync", "clean", usb, "--yes")[0] == 0
    assert [p for p in usb.iterdir() if "pack" not in p.name] == []


def test_what_headquarters_has_is_cleared_and_never_before_its_receipt(
    world: World, run: Run, forty: list[attachments.Prepared]
) -> None:
    (well,) = recorded(world, forty[:4])
    assert "Máy này có 4 tệp đính kèm (240 kB)." in run("sync", "files")[1]
    world.carry(world.post, world.hq)
    assert run("sync", "files", "--clear", "--yes")[2].endswith("Không có gì để dọn.\n")
    assert len(has(world.post)) == 4
    world.carry(world.hq, world.post)
    assert run("sync", "files", "--clear", "--yes")[2] == "Đã dọn 4 tệp khỏi máy này. 240 kB.\n"
    assert has(world.post) == set()
    found = attachments.of_record(world.post, well)
    assert {a.state for a in found} == {"cleared"}
    assert all(attachments.thumbnail(world.post, a) for a in found)
    assert run("sync", "files", "--clear", "--yes", home="hq")[0] == 1
    world.carry(world.post, world.hq)  # which does not send them back
    world.carry(world.hq, world.post)
    assert has(world.post) == set()
    file_space.want_again(world.post, [found[0].sha256])
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    assert has(world.post) == {found[0].sha256}


def test_a_file_that_is_no_photograph_is_saved_as_nothing_that_opens(world: World, run: Run, tmp_path: Path) -> None:
    """A row comes from another laptop, and may say anything of a content."""
    well = world.well()
    script = attachments.Prepared("report.exe", "image/jpeg", b"MZ program")
    attachments.add(world.post, well, [script])
    assert run("attached", well, "--save", tmp_path)[0] == 0
    assert (tmp_path / "report.exe.bin").read_bytes() == script.data
    (found,) = attachments.of_record(world.post, well)
    assert attachments.thumbnail(world.post, found) is None


def test_a_bundle_that_says_the_same_of_thousands_of_files_writes_none_of_it_again(
    world: World, forty: list[attachments.Prepared]
) -> None:
    recorded(world, forty[:4])
    for sender, to in ((world.post, world.hq), (world.hq, world.post)):
        world.carry(sender, to)
        world.well()
        asked: list[str] = []
        with statements(asked):
            world.carry(sender, to)
        assert [sql for sql in asked if "local_file_receipt" in sql and not sql.startswith("SELECT")] == []
    world.post.db.execute("DELETE FROM local_file_receipt")
    world.carry(world.hq, world.post)
    at = receipts.files_at(world.post, world.hq.identity.replica_id)
    assert at is not None and len(at.has) == 4


def test_an_export_without_new_files_asks_for_none_of_the_old_ones(
    world: World, forty: list[attachments.Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither rows nor sealed files, whatever has been recorded since: what is said of them is kept."""
    monkeypatch.setattr(blobs, "RECENT", 0)
    recorded(world, forty[:4])
    for sender, to in ((world.post, world.hq), (world.hq, world.post), (world.post, world.hq)):
        world.carry(sender, to)
    world.well()
    asked: list[str] = []
    with monkeypatch.context() as patched, statements(asked):
        patched.setattr(blobs, "name_of", lambda *_args: pytest.fail("a sealed file was looked for"))
        (made,) = outgoing.export(world.post, stick(world, "usb"))
    assert [sql for sql in asked if "FROM attachment" in sql] == []
    said = incoming.verify_bundle(world.hq, made.path).manifest.files
    assert said is not None and len(b64decode(said.has)) == 4 * receipts.PREFIX


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["attach", "take out", "put back", "lose", "damage", "clear", "ask", "carry"]),
                  st.integers(0, 3)),
        max_size=8,
    )
)  # fmt: skip
def test_whatever_becomes_of_files_what_is_kept_of_them_is_what_would_be_found(
    world: World,
    tmp_path_factory: pytest.TempPathFactory,
    forty: list[attachments.Prepared],
    steps: list[tuple[str, int]],
) -> None:
    with pytest.MonkeyPatch.context() as patched, closing(world.copy(tmp_path_factory.mktemp("w"))) as copy:
        patched.setattr(blobs, "RECENT", 0)
        well = copy.well()
        for step, number in steps:
            photo, post = forty[number], copy.post
            sha256 = blobs.digest(photo.data)
            row = post.row("SELECT id, voided_at FROM attachment WHERE sha256 = ?", [sha256])
            path = blobs.path_of(post, sha256)
            if step == "attach":
                attachments.add(post, well, [photo])
            elif step == "carry":
                copy.carry(post, copy.hq)
                copy.carry(copy.hq, post)
            elif step == "clear":
                file_space.clear(post)
            elif row is None:
                continue
            elif step == "ask":
                file_space.want_again(post, [sha256])
            elif step == "take out" and row["voided_at"] is None:
                attachments.take_out(post, row["id"], "nhầm")
            elif step == "put back" and row["voided_at"] is not None:
                attachments.put_back(post, row["id"])
            elif path.is_file() and step == "lose":
                path.unlink()
                os.utime(path.parent, ns=(0, path.parent.stat().st_mtime_ns + number))  # no clock ticks that fast
            elif path.is_file() and step == "damage":
                blobs.set_damaged_aside(post, sha256)
            for store in (post, copy.hq):
                posts = [r["id"] for r in store.rows("SELECT id FROM post")]
                assert record_files._said_of_posts(store) == record_files._look_for(store, posts), (step, number)


def test_a_limit_is_a_setting_and_an_option(world: World, run: Run, forty: list[attachments.Prepared]) -> None:
    recorded(world, forty)
    assert run("user", "setting", "--files-limit", "0,7MB")[0] == 0
    code, out, _err = run("sync", "export", stick(world, "a"))
    assert code == 0 and "11 tệp đính kèm (660 kB); 29 tệp đính kèm đi chuyến USB sau (2 MB)." in out
    assert "40 tệp đính kèm đi chuyến USB sau" in run("sync", "export", stick(world, "b"), "--max", "0")[1]
    assert file_parts.parts_in(stick(world, "b")) == []
    assert run("sync", "export", stick(world, "c"), "--max", "viel")[0] == 1
    assert "chưa nhận 40 tệp đính kèm (3 MB)" in run("sync", "status")[1]


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        ("1.000MB", 10**9),
        ("1.000.000 kB", 10**9),
        ("1.5GB", 1_500_000_000),
        ("0,7MB", 700_000),
        ("2 mb", 2_000_000),
    ],
)
def test_a_point_in_a_size_groups_thousands_as_in_all_amounts(world: World, run: Run, typed: str, size: int) -> None:
    """“1.000MB” was one megabyte: a thousandth of what the officer allowed."""
    assert f"files_limit: {size}" in run("user", "setting", "--files-limit", typed)[1]


@pytest.mark.parametrize("typed", ["1,000MB", "0.125GB"])
def test_a_size_that_may_mean_two_things_is_refused(world: World, run: Run, typed: str) -> None:
    assert run("user", "setting", "--files-limit", typed)[0] == 1


def test_a_full_stick_takes_the_records_and_what_fits(
    world: World, forty: list[attachments.Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(world, forty)
    usb, size = stick(world, "usb"), world.post.path.stat().st_size
    room = 3_000_000 + 2 * size

    def free(folder: Path) -> int:
        return room - sum(p.stat().st_size for p in usb.iterdir()) if folder == usb else 1 << 40

    monkeypatch.setattr(drives, "free_space", free)
    made = outgoing.export(world.post, usb)
    assert 20 < sent(made) < 40
    assert made[0].files.left == 40 - sent(made)
    assert free(usb) >= drives.RESERVE + 2 * size  # the backup still fits
    for path in usb.iterdir():
        path.unlink()
    room = 2 * size - 10_000  # it never does: nothing is kept for it
    assert sent(outgoing.export(world.post, usb)) > 20
    assert backup.backup_to_stick(world.post, usb) is None


def test_a_full_disk_at_headquarters_keeps_the_records(
    world: World, run: Run, forty: list[attachments.Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(world, forty[:8])
    usb = stick(world, "usb")
    outgoing.export(world.post, usb)
    real, wrote = disk.write_new, list[int]()

    def full(path: Path, data: bytes, mode: int) -> None:
        wrote.append(1)
        if len(wrote) > 3:
            raise OSError(28, "No space left on device")
        real(path, data, mode)

    with monkeypatch.context() as patched:
        patched.setattr(disk, "write_new", full)
        (result,) = incoming.import_files(world.hq, [usb])
    assert result.files == 3 and any("đầy" in p for p in result.problems)
    assert world.hq.value("SELECT count(*) FROM attachment") == 8
    assert incoming.import_files(world.hq, [usb])[0].files == 5


def test_a_disk_is_copied_or_set_back_and_what_was_confirmed_arrives(
    world: World, forty: list[attachments.Prepared]
) -> None:
    recorded(world, forty[:4])
    world.post.close()
    shutil.copytree(world.root / "post", world.root / "copy")
    world.post = Store.open(world.root / "post", world.keys["post"], world.post.user)
    copy = Store.open(world.root / "copy", world.keys["post"], world.post.user)
    recorded(world, forty[4:8])
    original, world.post = world.post, copy
    recorded(world, forty[8:12], each=2)
    world.post = original
    for _round in range(3):
        for laptop in (world.post, copy):
            world.carry(laptop, world.hq)
            world.carry(world.hq, laptop)
    assert len(has(world.hq)) == 12
    for laptop in (world.post, copy):
        assert len(has(laptop)) == 12
    copy.close()


def test_a_laptop_is_replaced_and_gets_the_photographs_back(
    world: World, forty: list[attachments.Prepared], tmp_path: Path
) -> None:
    recorded(world, forty[:4])
    made = backup.write_backup(world.post, tmp_path)
    assert made.files == 4
    assert backup.write_backup(world.post, tmp_path).files == 0
    recorded(world, forty[4:8])
    assert backup.write_backup(world.post, tmp_path).files == 4
    world.carry(world.post, world.hq)
    backup.restore_backup(made.path, tmp_path / "new", world.post.user, PASSPHRASE)
    with Store.open(tmp_path / "new", world.keys["post"], world.post.user) as restored:
        assert len(has(restored)) == 4
        assert all(attachments.content(restored, blobs.digest(one.data)) == one.data for one in forty[:4])
        world.carry(restored, world.hq)
        world.carry(world.hq, restored)
        assert len(has(restored)) == 8
    daily = backup.daily_backup(world.post)
    assert daily is not None
    backup.restore_backup(daily.path, tmp_path / "newer", world.post.user, PASSPHRASE)
    with Store.open(tmp_path / "newer", world.keys["post"], world.post.user) as restored:
        assert len(has(restored)) == 8


def test_a_laptop_is_set_back_and_keeps_photographs_that_only_it_has(
    world: World, forty: list[attachments.Prepared], tmp_path: Path
) -> None:
    """Their rows come back with headquarters' reply; until then no row names them, and nothing takes them away."""
    daily = backup.daily_backup(world.post)
    assert daily is not None
    recorded(world, forty[:4])
    outgoing.export(world.post, stick(world, "a"), most=0)
    incoming.import_files(world.hq, [stick(world, "a")])
    backup.restore_backup(daily.path, tmp_path / "new", world.post.user, PASSPHRASE)
    with Store.open(tmp_path / "new", world.keys["post"], world.post.user) as restored:
        assert backup.daily_backup(restored) is not None
        for _round in range(2):
            world.carry(restored, world.hq)
            world.carry(world.hq, restored)
        assert (len(has(restored)), len(has(world.hq))) == (4, 4)


def test_a_backup_takes_the_photographs_that_have_room_and_says_what_is_left(
    world: World, run: Run, forty: list[attachments.Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(world, forty)
    folder = stick(world, "backups")
    made = backup.write_backup(world.post, folder).size
    shutil.rmtree(next(folder.glob("*files")))

    def free(path: Path) -> int:
        taken = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
        return 2 * made + 25 * SIZE + drives.RESERVE - taken if path.is_relative_to(folder) else 1 << 40

    with monkeypatch.context() as patched:
        patched.setattr(drives, "free_space", free)
        code, out, err = run("backup", folder)
    assert (code, len(out.splitlines())) == (3, 1)
    assert "tệp đính kèm chưa chép được vào cạnh bản sao lưu này" in err
    assert 15 < len(list(blobs.sealed_in(next(folder.glob("*files"))))) < 40
    assert run("backup", folder)[0] == 0
    own = world.post.home / "mine"
    own.mkdir()
    assert backup.write_backup(world.post, own).files == 40


def test_a_part_that_alone_has_a_file_stays_on_the_stick(world: World, forty: list[attachments.Prepared]) -> None:
    """Here the file is lost since: it cannot be written anew."""
    recorded(world, forty[:2])
    usb, other = stick(world, "usb"), stick(world, "other")
    outgoing.export(world.post, usb)
    outgoing.export(world.post, other, most=0)
    incoming.import_files(world.hq, [other])
    world.carry(world.hq, world.post)
    assert [o.why for o in sticks.old_bundles(world.post, usb)] == ["received", "newer"]
    blobs.remove(world.post, blobs.digest(forty[0].data))
    assert [o.why for o in sticks.old_bundles(world.post, usb)] == ["received"]


def test_a_restore_takes_what_can_be_read_of_its_own_photographs(
    world: World, forty: list[attachments.Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad sector costs one; those of another laptop on the same disk stay there; a folder that is left is filled."""
    recorded(world, forty[:4])
    world.carry(world.post, world.hq)
    folder = stick(world, "backups")
    made = backup.write_backup(world.post, folder)
    assert backup.write_backup(world.hq, folder).files == 4
    bad = blobs.name_of(world.post, blobs.digest(forty[0].data))
    read = Path.read_bytes

    def failing(self: Path) -> bytes:
        if self.name == bad and folder in self.parents:
            raise OSError(5, "Input/output error")
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", failing)
    home = tmp_path / "new"
    (home / "files" / bad[:2]).mkdir(parents=True)
    backup.restore_backup(made.path, home, world.post.user, PASSPHRASE)
    with Store.open(home, world.keys["post"], world.post.user) as restored:
        assert len(has(restored)) == len(list(blobs.sealed_files(home))) == 3


def test_a_file_that_stands_in_a_part_twice_is_counted_once(world: World, forty: list[attachments.Prepared]) -> None:
    """Anybody can write a part of what is known."""
    recorded(world, forty[:1])
    usb = stick(world, "usb")
    outgoing.export(world.post, usb, most=0)
    name, data = blobs.digest(forty[0].data), forty[0].data
    with (usb / "x.1.fieldapp-files").open("wb") as file:
        file_parts.write(file, [peers.own(world.hq).age_key], [name] * 5, iter([data] * 5))
    assert sum(r.files for r in incoming.import_files(world.hq, [usb])) == 1


def test_small_pictures_stay_of_a_file_that_was_taken_out_elsewhere_and_on_a_full_disk(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    photo = attachments.prepare(files.written(tmp_path, "a.jpg", files.jpeg(1)))
    first, second = world.well(), world.well(date_from="2014-01-01")
    for well in (first, second):
        attachments.add(world.post, well, [photo])
    attachments.take_out(world.post, attachments.of_record(world.post, first)[0].id, "nhầm")
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    (found,) = attachments.of_record(world.post, second)
    real = blobs.put_thumb

    def full(store: Store, sha256: str, data: bytes) -> None:
        if blobs.is_here(store, sha256):
            raise disk_errors.DiskError("full")
        real(store, sha256, data)

    monkeypatch.setattr(blobs, "put_thumb", full)
    assert file_space.clear(world.post)[0] == 1
    assert attachments.thumbnail(world.post, found)
