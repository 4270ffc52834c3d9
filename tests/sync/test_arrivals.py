"""What an import tells the officer: post by post, in records, whatever lies on the sticks."""

import json
from pathlib import Path

import pytest
from field import PASSPHRASE, USER, Run, World
from sync_state import new_post, second_laptop

from fieldapp.records import records
from fieldapp.store import log
from fieldapp.store.disk_errors import DiskError, DiskFull
from fieldapp.sync.exchange import arrivals, enrolment, incoming, outgoing, refused_bundles
from fieldapp.sync.merge import segment_state


def told(run: Run, *sticks: Path) -> list[str]:
    """The lines that `sync import` prints."""
    _code, out, _err = run("sync", "import", *sticks, home="hq")
    return out.splitlines()


def test_new_changed_and_voided_records_are_counted_once_each(world: World, run: Run) -> None:
    first, second, third = (world.well(date_from=f"2013-10-0{day}") for day in (1, 2, 3))
    outgoing.export(world.post, world.usb)
    assert told(run, world.usb) == ["Đồn BP Ia Rvê: 3 bản ghi mới"], "a figure is its activity's"
    records.save(world.post, "activity", {"hamlet": "Buôn A"}, first)
    records.save(world.post, "activity", {"measures": [{"measure_id": "gieng", "amount": 2}]}, second, confirm=True)
    records.void(world.post, third, "nhập trùng")
    world.well(date_from="2013-10-09")
    gone = world.well(date_from="2013-10-10")
    records.void(world.post, gone, "nhập trùng")
    outgoing.export(world.post, world.usb)
    assert told(run, world.usb) == ["Đồn BP Ia Rvê: 1 bản ghi mới, 2 sửa, 2 hủy"]


def test_several_laptops_and_bundles_of_a_post_are_one_line(world: World, run: Run) -> None:
    other = second_laptop(world)
    for store, day in ((world.post, 1), (other, 2), (world.post, 3)):
        entry = {"name": f"Tết {day}", "date_from": f"2013-01-0{day}"}
        records.save(store, "event", entry)
        outgoing.export(store, world.usb)
    other.close()
    assert told(run, world.usb) == ["Đồn BP Ia Rvê: 3 bản ghi mới"]


def test_of_a_post_with_nothing_new_the_day_of_its_last_news_is_said(world: World, run: Run) -> None:
    outgoing.export(world.post, world.usb)
    assert told(run, world.usb) == ["Đồn BP Ia Rvê: chưa có bản ghi nào"]
    world.well()
    outgoing.export(world.post, world.usb)
    assert told(run, world.usb) == ["Đồn BP Ia Rvê: 1 bản ghi mới"]
    outgoing.export(world.post, world.usb)
    (line,) = told(run, world.usb)
    day = world.hq.value("SELECT strftime('%d/%m', max(last_at), 'localtime') FROM local_segment WHERE number > 0")
    assert line == f"Đồn BP Ia Rvê: không có gì mới từ {day}"


def test_a_laptop_that_waits_for_its_certificate_is_not_received(world: World, run: Run) -> None:
    post = new_post(world, "EABUNG", "Đồn BP Ea Bung")
    for _turn in range(2):
        code, out, err = run("sync", "import", world.usb, "--json", home="hq")
        (file,), (one,) = json.loads(out)["files"], json.loads(out)["posts"]
        assert (code, file["state"]) == (0, "uncertified")
        assert (one["sentence"], one["new"]) == ("Đồn BP Ea Bung: máy A chờ chứng thực", 0)
        assert "Chờ chứng thực: Đồn BP Ea Bung (A)" in err
    records.save(post, "event", {"name": "Tết", "date_from": "2013-01-20"})
    outgoing.export(post, world.usb)
    post.close()
    assert told(run, world.usb) == ["Đồn BP Ea Bung: máy A chờ chứng thực"]
    code, out, _err = run("hq", "trust", "EABUNG", "--yes", home="hq")
    assert (code, out) == (0, "Đã chứng thực Đồn BP Ea Bung (A). Đồn BP Ea Bung: 1 bản ghi mới.\n")
    assert "chờ" not in told(run, world.usb)[0]


def test_what_waited_and_comes_in_with_a_later_stick_is_counted_then(world: World, run: Run, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    for stick in (whole, part):
        stick.mkdir()
    world.well(date_from="2013-10-01")
    outgoing.export(world.post, whole)
    receipt = world.post.value("SELECT have FROM local_receipt")
    head = world.post.row("SELECT log_id, last, hash FROM local_segment WHERE log_id = ?", [world.post.value(
        "SELECT id FROM local_log WHERE own = 1 AND scope <> '*'")])  # fmt: skip
    assert head is not None
    have = json.loads(receipt) | {head["log_id"]: {"last": head["last"], "hash": head["hash"], "replica": ""}}
    world.post.db.execute("UPDATE local_receipt SET have = ?", [json.dumps(have)])
    world.well(date_from="2013-10-02")
    outgoing.export(world.post, part)
    assert told(run, part) == ["Đồn BP Ia Rvê: một phần còn chờ phần trước chưa tới"]
    assert told(run, whole) == ["Đồn BP Ia Rvê: 2 bản ghi mới"]


def test_a_reply_tells_a_post_what_headquarters_decided(world: World, run: Run) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    assert run("hq", "return", well, "--comment", "xem lại", home="hq")[0] == 0
    outgoing.export(world.hq, world.usb)
    _code, out, _err = run("sync", "import", world.usb)
    assert out.splitlines() == ["Sở chỉ huy: 1 bản ghi trả lại"]


def test_a_damaged_bundle_is_told_on_its_post_s_line(world: World, run: Run) -> None:
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    made.path.write_bytes(made.path.read_bytes()[:-100])
    (world.usb / "la.fieldapp.tar.age").write_bytes(b"junk")
    code, out, err = run("sync", "import", world.usb, home="hq")
    assert (code, out) == (1, "Đồn BP Ia Rvê: gói mang tên máy A không đầy đủ hoặc bị lỗi; đề nghị đồn xuất lại\n")
    assert "Hãy đề nghị Đồn BP Ia Rvê (A) xuất lại." in err
    assert made.path.name not in out


def test_a_record_that_came_from_the_other_laptop_before_is_not_new(world: World, run: Run, tmp_path: Path) -> None:
    """One sheet on two laptops is one record; its second beginning tells headquarters nothing new."""
    pack = next(world.usb.glob("*.fieldapp-pack.tar"))
    other = enrolment.init_post(world.root / "laptop-b", pack, user=USER, passphrase=PASSPHRASE, laptop="B")
    world.carry(other, world.hq)
    enrolment.trust_replica(world.hq, other.identity.replica_id)
    sheet = tmp_path / "lễ.csv"
    sheet.write_text("Tên,Từ ngày\nTết quân dân,20/01/2013\n", encoding="utf-8")
    for home, store in (("post", world.post), ("laptop-b", other)):
        code, _out, err = run("import-table", sheet, "--kind", "event", home=home)
        assert code == 0, err
        stick = tmp_path / home
        stick.mkdir()
        outgoing.export(store, stick, world.hq.identity.replica_id)
    other.close()
    assert told(run, tmp_path / "post") == ["Đồn BP Ia Rvê: 1 bản ghi mới"]
    assert told(run, tmp_path / "laptop-b") == ["Đồn BP Ia Rvê: 1 bản ghi sửa"]


def test_what_a_laptop_gets_back_after_its_disk_was_set_back_is_told(world: World, tmp_path: Path) -> None:
    world.well(date_from="2013-10-01")
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    before = world.copy(tmp_path / "before")
    world.well(date_from="2013-10-02")
    world.carry(world.post, world.hq)
    (stick := tmp_path / "stick").mkdir()
    outgoing.export(before.post, stick, world.hq.identity.replica_id)
    incoming.import_files(world.hq, [stick])
    (reply := tmp_path / "reply").mkdir()
    outgoing.export(world.hq, reply, world.post.identity.replica_id)
    since = log.last_number(before.post)
    results = incoming.import_files(before.post, [reply])
    told = [arrival.sentence for arrival in arrivals.arrivals(before.post, results, since)]
    assert "Đồn BP Ia Rvê: 1 bản ghi mới" in told
    before.close()


def test_an_old_damaged_bundle_beside_a_newer_whole_one_calls_nobody(world: World, run: Run) -> None:
    world.well(date_from="2013-10-01")
    (old,) = outgoing.export(world.post, world.usb)
    old.path.write_bytes(old.path.read_bytes()[:-100])
    world.well(date_from="2013-10-02")
    outgoing.export(world.post, world.usb)
    code, out, err = run("sync", "import", world.usb, home="hq")
    assert (code, out) == (3, "Đồn BP Ia Rvê: 2 bản ghi mới\n")
    assert old.path.name in err
    assert "Đã đọc gói sau của máy ấy, không mất gì." in err
    assert "đề nghị" not in err


def lines(world: World, *sticks: Path) -> list[str]:
    """The lines that the USB screen shows, each with its sign."""
    since = log.last_number(world.hq)
    found = arrivals.arrivals(world.hq, incoming.import_files(world.hq, sticks), since)
    return [f"{arrival.sign} {arrival.sentence}" for arrival in found]


def test_of_a_bundle_that_could_not_be_taken_in_here_it_is_said_why(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.well()
    (made,) = outgoing.export(world.post, world.usb)

    def full(*_given: object) -> None:
        raise DiskFull("Đĩa của máy này đã đầy.")

    with monkeypatch.context() as patched:
        patched.setattr(segment_state, "apply_held", full)
        assert lines(world, world.usb) == [f"! {made.path.name}: chưa nhận gì trong đó. Đĩa của máy này đã đầy."]
    assert lines(world, world.usb) == ["✓ Đồn BP Ia Rvê: 1 bản ghi mới"]


def test_a_refused_bundle_that_could_not_be_remembered_is_told_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = outgoing.export(world.post, world.usb)
    made.path.write_bytes(made.path.read_bytes()[:600])

    def failing(*_given: object) -> None:
        raise DiskError("đĩa hỏng")

    monkeypatch.setattr(refused_bundles, "_make_room", failing)
    assert lines(world, world.usb) == [
        "! Đồn BP Ia Rvê: gói mang tên máy A không đầy đủ hoặc bị lỗi; đề nghị đồn xuất lại"
    ]
