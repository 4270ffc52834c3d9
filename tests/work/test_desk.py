"""Headquarters' desk: what is refused, whom to call, what to carry back, until it is done and no longer."""

import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from field import Run, World
from forged import certificate, forge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from screen_driver import run as on_screen
from sync_state import new_post

from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.store import log, wall
from fieldapp.store.store import Store
from fieldapp.sync.exchange import arrivals, enrolment, incoming, outgoing, refused_bundles
from fieldapp.sync.format import clock, keys
from fieldapp.sync.peers import peers
from fieldapp.tui import second_press
from fieldapp.tui.screens.coverage import CoverageScreen
from fieldapp.tui.screens.sync import SyncScreen
from fieldapp.work import desk, month_counts, review_queue

POST = "Đồn BP Ia Rvê"
CALL = "không đầy đủ hoặc bị lỗi; đề nghị đồn xuất lại"


def lines(store: Store, sort: str) -> list[str]:
    return [f"{line.when} {line.text}" for line in desk.everything(store, wall.today()) if line.sort == sort]


def replies(store: Store) -> list[str]:
    return [line.text for line in desk.unwritten_replies(store)]


def cut(path: Path, to: int = 600) -> Path:
    path.write_bytes(path.read_bytes()[:to])
    return path


def test_a_refused_bundle_stays_on_the_first_screen_until_a_later_one_is_read(world: World, run: Run) -> None:
    world.well()
    (first,) = outgoing.export(world.post, world.usb)
    whole = first.path.read_bytes()
    cut(first.path)
    day = f"{wall.today():%d/%m}"
    for _again in range(2):
        run("sync", "import", world.usb, home="hq")
        assert lines(world.hq, "refused") == [f"gói bị từ chối Gói mang tên {POST} (A), {day}: {CALL}"]
    assert CALL in run("todo", home="hq")[1]
    (second,) = outgoing.export(world.post, world.root)
    run("sync", "import", second.path, home="hq")
    assert lines(world.hq, "refused") == []
    code, out, err = run("sync", "import", world.usb, home="hq")
    assert (code, lines(world.hq, "refused")) == (1, []), "an old bundle: what it held has come"
    assert CALL not in out
    assert first.path.name in err
    first.path.write_bytes(whole)
    assert run("sync", "import", world.usb, home="hq")[0] == 0


def test_what_is_settled_by_hand_is_not_told_again_but_by_the_import(world: World, run: Run) -> None:
    (made,) = outgoing.export(world.post, world.usb)
    cut(made.path)
    incoming.import_files(world.hq, [made.path])
    refused_bundles.dismiss(world.hq, refused_bundles.open_refusals(world.hq)[0].id)
    code, out, err = run("sync", "import", world.usb, home="hq")
    assert (code, CALL in out, "Đã đọc gói sau" in err) == (1, True, False)
    assert lines(world.hq, "refused") == []


def test_a_whole_copy_of_the_refused_bundle_settles_it(world: World) -> None:
    (made,) = outgoing.export(world.post, world.usb)
    whole = made.path.read_bytes()
    incoming.import_files(world.hq, [cut(made.path)])
    assert lines(world.hq, "refused")
    made.path.write_bytes(whole)
    incoming.import_files(world.hq, [made.path])
    assert lines(world.hq, "refused") == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_in_any_order_a_refused_bundle_is_open_until_a_later_one_was_read(world: World, data: st.DataObject) -> None:
    stick = world.root / "stick"
    if not stick.exists():
        stick.mkdir()
        for day in range(1, 5):
            world.well(date_from=f"2013-10-0{day}")
            outgoing.export(world.post, stick)
    files = sorted(stick.iterdir(), key=lambda file: int(file.name.split("_")[3].split(".")[0]))
    read = data.draw(st.permutations(range(len(files))))[: data.draw(st.integers(1, len(files)))]
    bad = {number: data.draw(st.integers(0, 3000)) for number in read if data.draw(st.booleans())}
    once_more = data.draw(st.lists(st.sampled_from(read), max_size=2))
    (world.root / "read").mkdir(exist_ok=True)
    with pytest.raises(FieldappError, match="undone"), world.hq.transaction():
        for number in [*read, *once_more]:
            whole = files[number].read_bytes()
            copy = world.root / "read" / files[number].name.replace(".fieldapp", " (1).fieldapp")
            at = bad.get(number)
            copy.write_bytes(whole if at is None else whole[:at] + b"?" + whole[at + 1 + at % 2 * 10**6 :])
            if at is not None and copy.read_bytes() == whole:
                del bad[number]
            incoming.import_files(world.hq, [copy])
        newest = max((number for number in read if number not in bad), default=-1)
        assert bool(lines(world.hq, "refused")) == any(number > newest for number in bad)
        raise FieldappError("undone")


def test_a_number_used_again_by_a_laptop_whose_disk_was_set_back_settles_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.copy(tmp_path / "before")
    for day in range(1, 4):
        world.well(date_from=f"2013-10-0{day}")
        world.carry(world.post, world.hq)
    later = wall.now() + timedelta(days=2)
    monkeypatch.setattr(wall, "shown", lambda: later)
    before.well(date_from="2013-11-01")
    (made,) = outgoing.export(before.post, tmp_path, world.hq.identity.replica_id)
    whole = made.path.read_bytes()
    (result,) = incoming.import_files(world.hq, [cut(made.path)])
    assert (result.covered, len(lines(world.hq, "refused"))) == (False, 1), "an earlier bundle had this number or more"
    made.path.write_bytes(whole)
    incoming.import_files(world.hq, [made.path])
    assert lines(world.hq, "refused") == []
    before.close()


def test_a_laptop_whose_clock_was_put_right_settles_what_it_wrote_before(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = wall.now()
    monkeypatch.setattr(wall, "shown", lambda: right + timedelta(hours=20))
    (first,) = outgoing.export(world.post, tmp_path, world.hq.identity.replica_id)
    monkeypatch.setattr(wall, "shown", lambda: right)
    incoming.import_files(world.hq, [cut(first.path)])
    assert lines(world.hq, "refused")
    world.carry(world.post, world.hq)
    assert lines(world.hq, "refused") == []


@pytest.mark.parametrize("ahead", [0, 500])
def test_what_a_laptop_wrote_while_its_clock_was_ahead_settles_no_later_bundle(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    right = wall.now()
    monkeypatch.setattr(wall, "shown", lambda: right + timedelta(days=ahead))
    world.well(date_from="2013-10-01")
    world.carry(world.post, world.hq)
    monkeypatch.setattr(wall, "shown", lambda: right + timedelta(hours=1))
    world.well(date_from="2013-10-02")
    (made,) = outgoing.export(world.post, tmp_path, world.hq.identity.replica_id)
    incoming.import_files(world.hq, [cut(made.path)])
    assert len(lines(world.hq, "refused")) == 1
    world.carry(world.post, world.hq)
    assert lines(world.hq, "refused") == []


def test_of_a_file_without_a_name_the_signed_beginning_tells_who_wrote_it(world: World) -> None:
    noise = random.Random(5)
    for day in range(1, 60):
        text = "".join(noise.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(1900))
        records.save(world.post, "event", {"name": f"Tết {day}", "date_from": "2013-01-20", "description": text})
    (made,) = outgoing.export(world.post, world.usb)
    assert made.size > 70_000
    renamed = made.path.rename(world.usb / "bao cao thang 11.age")
    whole = renamed.read_bytes()
    results = incoming.import_files(world.hq, [cut(renamed, made.size - 10)])
    (told,) = arrivals.arrivals(world.hq, results, log.last_number(world.hq))
    assert told.sentence == f"{POST}: gói của máy A {CALL}"
    (line,) = lines(world.hq, "refused")
    assert f"Gói của {POST} (A), " in line
    renamed.write_bytes(whole)
    incoming.import_files(world.hq, [renamed])
    assert lines(world.hq, "refused") == []


async def test_a_file_that_nobody_is_known_to_have_written_is_named_and_dismissed(world: World) -> None:
    (world.usb / "la.fieldapp.tar.age").write_bytes(b"junk")
    incoming.import_files(world.hq, [world.usb])
    async with on_screen(world.root / "hq", world.hq.reopen()) as s:
        shown = " ".join(s.text.split())
        assert "Tệp la.fieldapp.tar.age trên usb, đọc ngày" in shown
        assert "hỏi người mang đến" in shown
        assert "Del Đã xử lý" in s.footer
        await s.press("enter")
        assert isinstance(s.app.screen, SyncScreen)
        await s.press("escape", "delete")
        assert lines(world.hq, "refused")
        await s.press("delete")
        assert lines(world.hq, "refused"), "a key that is held answers nothing"
        with pytest.MonkeyPatch.context() as patched:
            after = second_press.now() + 5
            patched.setattr(second_press, "now", lambda: after)
            await s.press("delete")
        assert "la.fieldapp" not in s.text
    incoming.import_files(world.hq, [world.usb])
    assert lines(world.hq, "refused") == [], "what was settled is not told again"


async def test_a_refused_bundle_opens_its_post(world: World) -> None:
    new_post(world, "EABUNG", "Đồn BP Ea Bung").close()
    world.well()
    (made,) = outgoing.export(world.post, world.root)
    incoming.import_files(world.hq, [cut(made.path)])
    async with on_screen(world.root / "hq", world.hq.reopen()) as s:
        await s.press("enter")
        assert isinstance(s.app.screen, CoverageScreen)
        assert f"! Gói mang tên {POST} (A)" in s.text


def test_forged_bundles_name_no_post_and_are_bounded(world: World, tmp_path: Path) -> None:
    post = peers.own(world.post)
    named = [
        tmp_path / f"{outgoing.name_prefix(post)}_20261128T010203Z_{number}.fieldapp.tar.age"
        for number in range(refused_bundles.MAX_KEPT + 20)
    ]
    for path in named[:3]:
        own = keys.new_keys()
        claims = certificate(own, post.id, post_name="Đồn [b]giả[/]\x1b[2J")
        forge(path, own, claims, world.hq, clock.current(world.hq))
    incoming.import_files(world.hq, [tmp_path])
    told = lines(world.hq, "refused")
    assert len(told) == 3
    assert all("chữ ký không phải của máy" in line and POST not in line and "giả[" not in line for line in told)
    for number, path in enumerate(named[3:]):
        path.write_bytes(f"junk {number}".encode())
    incoming.import_files(world.hq, [tmp_path])
    assert world.hq.value("SELECT count(*) FROM local_refused") == refused_bundles.MAX_KEPT
    assert len(lines(world.hq, "refused")) <= 4, "one line for what claims to be a post's, and one for each forged file"
    (made,) = outgoing.export(world.post, world.usb)
    incoming.import_files(world.hq, [cut(made.path)])
    assert any(CALL in line for line in lines(world.hq, "refused"))


def test_replies_that_no_stick_takes_along_are_named_until_they_are_written(
    world: World, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    assert replies(world.hq) == [f"chưa ghi ra USB: {POST}"], "the receipt"
    outgoing.export(world.hq, tmp_path)
    assert replies(world.hq) == []
    world.carry(world.post, world.hq)
    assert replies(world.hq) == [], "nobody waits for the receipt of nothing new"
    post = new_post(world, "EABUNG", "Đồn BP Ea Bung")
    incoming.import_files(world.hq, [world.usb])
    assert replies(world.hq) == [], "nobody answers a laptop that is not certified"
    enrolment.trust_replica(world.hq, "EABUNG")
    assert replies(world.hq) == ["chưa ghi ra USB: Đồn BP Ea Bung"]
    outgoing.export(world.hq, tmp_path, "EABUNG")
    review_queue.review_record(world.hq, well, "returned", comments=[review_queue.comment_on("", "xem lại")])
    assert replies(world.hq) == [f"chưa ghi ra USB: {POST}"]
    outgoing.export(world.hq, tmp_path, "IARVE")
    assert replies(world.hq) == []
    records.save(world.hq, "measure", {"code": "mai", "name": "Cây mai", "unit_name": "cây", "nature": "quantity"})
    assert replies(world.hq) == [f"chưa ghi ra USB: Đồn BP Ea Bung, {POST}"]
    outgoing.export(world.hq, tmp_path)
    assert replies(world.hq) == []
    later = wall.now() + timedelta(minutes=1)
    monkeypatch.setattr(wall, "shown", lambda: later)
    assert run("hq", "rename", "IARVE", "--name", "Đồn BP Ia Rvê 2", home="hq")[0] == 0
    assert replies(world.hq) == ["chưa ghi ra USB: Đồn BP Ia Rvê 2"], "its certificate has the new name"
    post.close()


async def test_replies_are_counted_by_laptop_as_they_are_written_and_namesakes_told_apart(
    world: World, tmp_path: Path
) -> None:
    """F9 writes one for each laptop; the line on the first screen says as many."""
    pack = enrolment.write_pack(world.hq, code="IARVE", dest=tmp_path)
    second = enrolment.init_post(world.root / "b", pack, user="B", passphrase="x")
    for post in (world.post, second):
        records.save(post, "event", {"name": "Tết", "date_from": "2013-01-20"}, confirm=True)
        outgoing.export(post, world.usb)
    second.close()
    incoming.import_files(world.hq, [world.usb])
    for peer in peers.others(world.hq):
        if peer.trust == "pending":
            enrolment.trust_replica(world.hq, peer.id)
    incoming.import_files(world.hq, [world.usb])
    assert replies(world.hq) == [f"chưa ghi ra USB: {POST} (2 máy)"]
    (line,) = desk.unwritten_replies(world.hq)
    assert line.when.startswith("2 gói")
    assert len(outgoing.export(world.hq, tmp_path)) == 2


async def test_a_returned_record_is_owed_until_it_is_corrected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lately returned it is on its way, one line after all others; long uncorrected it is told with its comment."""
    well = world.well()
    world.carry(world.post, world.hq)
    told = "xem lại số hộ, " + "rồi đối chiếu với biên bản bàn giao của xã, " * 3
    review_queue.review_record(world.hq, well, "returned", comments=[review_queue.comment_on("", told)])
    today = wall.today()
    assert lines(world.hq, "returned") == []
    (line,) = lines(world.hq, "sent_back")
    assert line.startswith(f"từ {today:%d/%m} {POST} chưa sửa bản ghi trả lại: ")
    assert line.endswith(" …”")
    (counted,) = [one for one in month_counts.month_counts(world.hq, date(2013, 10, 9)) if one.kind == "activity"]
    assert (counted.number, counted.returned) == (1, 1), "no report counts it"
    async with on_screen(world.root / "hq", world.hq.reopen()) as s:
        shown = [row.strip() for row in s.text.splitlines()]
        (at,) = [number for number, row in enumerate(shown) if row.endswith("1 bản ghi mới trả lại, chờ đồn sửa")]
        assert shown[at].startswith("·")
        assert "xem lại" not in s.text
        await s.press("down", "enter")
        assert "xem lại số hộ" in s.text
    later = wall.now() + timedelta(days=12)
    monkeypatch.setattr(wall, "shown", lambda: later)
    assert lines(world.hq, "returned") == [line]
    assert lines(world.hq, "sent_back") == []
    monkeypatch.undo()
    world.carry(world.hq, world.post)
    records.save(world.post, "activity", {"hamlet": "Buôn A"}, well, confirm=True)
    world.carry(world.post, world.hq)
    assert lines(world.hq, "sent_back") == []


async def test_posts_stand_in_the_order_of_the_alphabet(world: World) -> None:
    """A, Ă, … D, Đ, E: not Đ after Z."""
    for code, name in (("AAA", "Đồn BP Xuân Hòa"), ("ZZZ", "Đồn BP Đắk Ruê")):
        pack = enrolment.write_pack(world.hq, code=code, name=name, dest=world.usb)
        post = enrolment.init_post(world.root / code, pack, user="A", passphrase="x")
        records.save(post, "event", {"name": "Tết", "date_from": "2013-01-20"})
        outgoing.export(post, world.usb)
        post.close()
        incoming.import_files(world.hq, [world.usb])
        enrolment.trust_replica(world.hq, code)
    assert replies(world.hq) == [f"chưa ghi ra USB: Đồn BP Đắk Ruê, {POST}, Đồn BP Xuân Hòa"]
    world.well()
    world.carry(world.post, world.hq)
    async with on_screen(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f7")
        assert s.text.index("Đắk Ruê") < s.text.index("Ia Rvê") < s.text.index("Xuân Hòa")


async def test_the_header_says_what_waits_and_no_zeros(world: World) -> None:
    async with on_screen(world.root / "hq", world.hq.reopen()) as s:
        assert s.text.splitlines()[0].endswith("  1 máy")
    new_post(world, "EABUNG", "Đồn BP Ea Bung").close()
    incoming.import_files(world.hq, [world.usb])
    async with on_screen(world.root / "hq", world.hq.reopen()) as s:
        assert s.text.splitlines()[0].endswith("  2 máy · 1 máy chờ chứng thực")


def test_a_post_that_says_nothing_new_is_not_late_and_one_that_waits_is_called_about_that(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = new_post(world, "EABUNG", "Đồn BP Ea Bung")
    later = wall.now() + timedelta(days=45)
    monkeypatch.setattr(wall, "shown", lambda: later)
    assert [line.text.partition(":")[0] for line in desk.everything(world.hq, wall.today()) if line.sort == "late"] == [
        "Đồn BP Ea Bung",
        POST,
    ]
    world.post.db.execute("UPDATE local_session SET hlc = ?", [clock.reading(later)])
    world.carry(world.post, world.hq)
    assert "Đồn BP Ea Bung" in " ".join(lines(world.hq, "late"))
    assert POST not in " ".join(lines(world.hq, "late")), "its bundle had nothing new, and it sent one"
    incoming.import_files(world.hq, [world.usb])
    assert lines(world.hq, "late") == [], "its laptop waits to be certified, and the officer calls about that"
    post.close()


def test_what_one_officer_has_heard_of_a_post_the_other_one_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A post that brings nothing new to one laptop of headquarters is not late on the other one."""
    pack = enrolment.write_hq_pack(world.hq, dest=world.usb)
    other = enrolment.init_further_hq(world.root / "hq-b", pack, user="Phó", passphrase="x", laptop="B")
    world.carry(other, world.hq)
    enrolment.trust_replica(world.hq, other.identity.replica_id)
    world.well()
    world.carry(world.post, world.hq)
    world.carry(world.hq, other)
    later = wall.now() + timedelta(days=45)
    monkeypatch.setattr(wall, "shown", lambda: later)
    assert POST in " ".join(lines(other, "late"))
    world.post.db.execute("UPDATE local_session SET hlc = ?", [clock.reading(later)])
    world.carry(world.post, world.hq)
    world.carry(world.hq, other)
    assert lines(other, "late") == lines(world.hq, "late") == []
    other.close()
