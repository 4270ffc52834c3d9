"""The command line: what is printed, and the exit codes that scripts rest on."""

import io
import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from field import PASSPHRASE, Run, World
from sync_state import second_laptop

import fieldapp.cli
from fieldapp import cli
from fieldapp.cli import base, working
from fieldapp.records import records
from fieldapp.store import capture, vault
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, outgoing, status
from fieldapp.sync.peers import peers
from fieldapp.sync.peers.peers import Peer

WELL = {
    "activity_kind": "Giếng khoan",
    "date_from": "5/10/2013",
    "unit": "Xã Ia Rvê",
    "description": "Giếng buôn Ba Na",
    "measures": [{"measure": "gieng", "amount": "1"}, {"measure": "tri_gia_cong_trinh", "amount": "35tr"}],
}


def test_a_record_s_life(run: Run) -> None:
    code, out, _err = run("add", "activity", "--json", "-", stdin=WELL)
    assert code == 0
    row_id = out.strip()
    code, out, _err = run("show", row_id, "--json")
    shown = json.loads(out)
    assert (shown["kind"], shown["date_from"], len(shown["measures"])) == ("activity", "2013-10-05", 2)
    assert {m["amount"] for m in shown["measures"]} == {1, 35_000_000}
    assert run("edit", row_id, "--json", "-", stdin={"hamlet": "Buôn Ba Na"})[0] == 0
    code, out, _err = run("list", "activity", "--search", "GIENG buon", "--from", "1/10/2013", "--to", "2013-10-31")
    assert "Giếng buôn Ba Na" in out
    assert run("list", "activity", "--search", "gieng", "--from", "1/11/2013")[1] == ""
    code, out, _err = run("show", row_id, "--history")
    assert "Thôn, buôn: — → Buôn Ba Na" in out
    code, out, _err = run("report", "--from", "1/1/2013", "--to", "31/12/2013")
    assert ": 1 giếng  (1 bản ghi)" in out
    assert run("void", row_id, "--reason", "nhập trùng")[0] == 0
    code, out, _err = run("report", "--from", "1/1/2013", "--to", "31/12/2013", "--json")
    report = json.loads(out)
    assert (report["figures"], report["completeness"]["voided"]) == ([], 1)
    assert json.loads(run("list", "activity", "--json")[1]) == []
    assert len(json.loads(run("list", "activity", "--json", "--voided")[1])) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"date_from": "31/2/2013"}, "date_from"),
        ({"date_to": "1/1/2013"}, "date_to"),
        ({"unit": "24999"}, "unit_id"),
        ({"unit": ["24221"]}, "unit_id"),
        ({"activity_kind": None}, "activity_kind_id"),
        ({"weather": "mưa"}, "weather"),
        ({"measures": [{"measure": "gieng", "amount": "2.1"}]}, "measures.0.amount"),
        ({"measures": [{"measure": "gieng", "amount": -1}]}, "measures.0.amount"),
        ({"measures": [{"measure": "gieng", "amount": 1.5}]}, "measures.0.amount"),
        ({"measures": {"gieng": 1}}, "measures"),
        ({"targets": [{"target_type": "party_cell"}]}, "targets.0.name"),
        ({"description": "x" * 5000}, "description"),
    ],
)
def test_what_cannot_be_understood_is_said_and_nothing_is_recorded(run: Run, change: Any, field: str) -> None:
    code, out, err = run("add", "activity", "--json", "-", stdin=[WELL, {**WELL, **change}])
    assert (code, out) == (1, "")
    assert "Bản ghi 2" in err
    assert f"{field}: " in err
    assert json.loads(run("list", "activity", "--json")[1]) == []


def test_wrong_usage_and_refusals(run: Run, world: World, tmp_path: Path) -> None:
    assert run("report", "--from", "never")[0] == 2
    assert run("nothing")[0] == 2
    assert run("add", "weather", "--json", "-", stdin={})[0] == 1
    assert run("show", "x")[0] == 1
    assert run("add", "activity", "--json", tmp_path / "nowhere")[0] == 1
    assert run("list", "activity", home="nowhere")[0] == 1
    assert run("hq", "trust", "IARVE")[0] == 1
    assert run("hq", "pack", "--code", "X", "--name", "Y", world.usb)[0] == 1
    (tmp_path / "passphrase").write_text("sai", encoding="utf-8")
    code, out, err = run("list", "activity")
    assert (code, out) == (1, "")
    assert "Mật khẩu sai" in err


def test_sync_on_the_command_line(run: Run, world: World) -> None:
    run("add", "activity", "--json", "-", stdin=WELL)
    code, out, _err = run("sync", "export", world.usb, "--json")
    (made,) = json.loads(out)
    assert (code, made["records"], made["changes"]) == (0, 1, 3)
    assert run("sync", "verify", made["path"], home="hq")[0] == 0
    assert run("sync", "verify", made["path"])[0] == 1
    broken = world.usb / "a.fieldapp.tar.age"
    broken.write_bytes(Path(made["path"]).read_bytes()[:-100])
    assert run("sync", "import", broken, home="hq")[0] == 1
    code, out, err = run("sync", "import", world.usb, home="hq")
    assert code == 3
    assert "1 bản ghi mới" in out
    assert "Không có gì thay đổi" in err
    broken.unlink()
    assert run("sync", "import", world.usb, home="hq")[0] == 0
    assert run("sync", "export", world.usb, home="hq")[0] == 0
    assert "Sở chỉ huy chưa nhận 1 bản ghi: gói còn trên máy, chưa chép ra USB." in run("sync", "status")[1]
    assert "  gói còn trên máy  " in run("sync", "unsent")[1]
    assert run("sync", "import", world.usb)[0] == 0
    code, out, _err = run("sync", "status", "--json")
    assert (json.loads(out)["unsent"], json.loads(out)["peers"][0]["received"]) == (0, 3)
    (replica,) = json.loads(run("hq", "replicas", "--json", home="hq")[1])
    assert (replica["post_code"], replica["trust"]) == ("IARVE", "certified")
    assert json.loads(run("hq", "conflicts", "--json", home="hq")[1]) == []
    assert json.loads(run("hq", "quarantine", "--json", home="hq")[1])["quarantined"] == []
    assert run("doctor", home="hq")[0] == 0


def test_what_is_to_do_is_said_with_its_command(world: World, run: Run) -> None:
    world.well()
    _code, out, _err = run("todo")
    assert "1 bản ghi: `fieldapp sync export`" in out
    world.carry(world.post, world.hq)
    _code, out, _err = run("todo", home="hq")
    assert "1 bản ghi của 1 đồn: xem bằng `fieldapp hq queue`" in out


def test_schema_describes_what_add_takes(run: Run) -> None:
    schema = json.loads(run("schema", "activity")[1])
    assert {"activity_kind_id", "measures", "targets"} <= schema["properties"].keys()
    assert "id" not in schema["properties"]
    assert not any("example" in of for of in schema["properties"].values()), "no keyword of JSON Schema"


def test_init_begins_a_headquarters_and_a_post(run: Run, world: World) -> None:
    code, out, _err = run("init", "--role", "hq", "--name", "Bộ đội BP tỉnh", "--user", "B", "--code", "DL", home="hq2")
    assert code == 0
    assert len(out.strip().splitlines()[-1].split(": ")[1].split()) == 10
    assert run("hq", "pack", "--code", "EASUP", "--name", "Đồn Ea Súp", world.usb, home="hq2")[0] == 0
    pack = world.usb / "EASUP.fieldapp-pack.tar"
    assert run("init", "--pack", pack, "--user", "C", home="post2")[0] == 0
    assert run("init", "--pack", pack, "--user", "C", home="post2")[0] == 1
    assert run("init", "--user", "C", home="post3")[0] == 2


def test_text_from_outside_is_no_terminal_escape(capsys: pytest.CaptureFixture[str]) -> None:
    base.print_text("a\x1b[31mb\x9bc\u202ed")
    assert capsys.readouterr().out == "a\ufffd[31mb\ufffdc\ufffdd\n"


def test_what_was_not_foreseen_goes_to_the_log_file(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("fieldapp.sync.exchange.status.exchange_status", fail)
    code, out, err = run("sync", "status")
    assert (code, out) == (1, "")
    assert str(world.root / "post" / "fieldapp.log") in err
    assert "ZeroDivisionError" in (world.root / "post" / "fieldapp.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("statement", "command", "lacking"),
    [
        ("DROP TABLE commendation", "list commendation --json", "commendation, commendation_date"),
        ("ALTER TABLE commendation DROP COLUMN form", "list commendation", "commendation.form"),
        ("DROP VIEW review_latest", "hq queue", "review_latest"),
    ],
)
def test_a_file_that_lacks_what_the_version_needs(
    run: Run, world: World, statement: str, command: str, lacking: str
) -> None:
    """As where a version changed ``schema.sql`` and forgot the migration: told, and added when asked for."""
    award = {"recipient": "Buôn Ba Na", "recipient_type": "collective", "awarded_on": "2013-12-01", "form": "Bằng khen"}
    records.save(world.post, "commendation", award)
    home = "hq" if command.startswith("hq") else "post"
    code, before, _err = run(*command.split(), home=home)
    assert code == 0
    store: Store = getattr(world, home)
    capture._remove_triggers(store.db)  # SQLite takes away no column that a trigger names
    store.db.execute(statement)
    code, out, err = run(*command.split(), home=home)
    assert (code, out) == (1, "")
    assert f"({lacking}). Không có gì thay đổi. Lệnh `fieldapp doctor --rebuild`" in err
    assert (world.root / home / "fieldapp.log").exists(), "where it happened is kept"
    code, out, _err = run("doctor", home=home)
    assert code == 1
    assert out.splitlines() == [
        f"Tệp dữ liệu thiếu phần mà phiên bản này cần: {lacking}",
        "Lệnh `fieldapp doctor --rebuild` sẽ bổ sung; các mục khác chưa kiểm tra.",
    ]
    assert json.loads(run("doctor", "--json", home=home)[1])["lacking"] == lacking.split(", ")
    code, out, _err = run("doctor", "--rebuild", home=home)
    assert (code, out.splitlines()[0]) == (0, f"Đã bổ sung vào tệp dữ liệu: {lacking}")
    assert run("doctor", home=home)[0] == 0
    assert run(*command.split(), home=home)[:2] == (0, before), "what the log has of it is there again"


def test_what_cannot_be_added_to_a_file_is_told(run: Run, world: World) -> None:
    capture._remove_triggers(world.post.db)
    world.post.db.execute("ALTER TABLE commendation ADD COLUMN size INTEGER NOT NULL DEFAULT 0")
    assert run("doctor")[0] == 0, "what more there is does not hinder"
    world.post.db.execute("ALTER TABLE commendation DROP COLUMN form")
    world.post.db.execute("ALTER TABLE commendation ADD COLUMN form INTEGER")
    code, out, _err = run("doctor", "--rebuild")
    assert code == 1
    assert "cần: commendation.form\nKhông bổ sung được." in out


def test_headquarters_work_on_the_command_line(run: Run, world: World, tmp_path: Path) -> None:
    usb = world.usb
    code, out, _err = run("hq", "pack", "--role", "hq", usb, home="hq")
    assert (code, out.strip()) == (0, str(usb / "SCH-HQ.fieldapp-pack.tar"))
    assert run("hq", "pack", usb, home="hq")[0] == 2
    code, _out, err = run("hq", "join", usb / "SCH-HQ.fieldapp-pack.tar", home="hq")
    assert code == 1
    assert "SCH" in err
    code, out, _err = run("hq", "rename", "IARVE", "--name", "Đồn BP Ia Rvê mới", home="hq")
    assert (code, "1 máy" in out) == (0, True)
    code, _out, err = run("hq", "resolve", "x", "--take", "winner", home="hq")
    assert (code, "Không có xung đột x" in err) == (1, True)
    assert run("hq", "adopt", home="hq")[:2] == (0, "Đã tiếp nhận 0 phần nhật ký.\n")
    assert run("hq", "adopt")[0] == 1
    assert run("sync", "export", usb)[0] == run("sync", "import", usb, home="hq")[0] == 0
    code, out, _err = run("sync", "status", "--json", home="hq")
    assert json.loads(out)["peers"][0]["lacks"] > 0
    code, out, _err = run("sync", "clean", usb, "--yes", home="hq")
    assert (code, "đã nhập xong" in out) == (0, True)
    assert list(usb.glob("*.fieldapp.tar.age")) == []
    code, out, _err = run("hq", "revoke", "IARVE", home="hq")
    assert (code, "Đã thu hồi" in out) == (0, True)
    assert "đã thu hồi" in run("hq", "replicas", home="hq")[1]
    assert run("hq", "revoke", "IARVE", home="hq")[0] == 1


def test_one_code_is_not_given_to_two_posts(run: Run, world: World, tmp_path: Path) -> None:
    first, second = tmp_path / "n1", tmp_path / "n2"
    first.mkdir()
    second.mkdir()
    code, out, err = run("hq", "pack", "--code", "LOC", "--name", "Đồn Lộc Ninh", first, home="hq")
    assert (code, out.strip()) == (0, str(first / "LOC.fieldapp-pack.tar"))
    assert "Đồn Lộc Ninh (LOC)" in err
    code, out, err = run("hq", "pack", "--code", "LOC", "--name", "Đồn Bù Đốp", second, home="hq")
    assert (code, out, list(second.iterdir())) == (1, "", [])
    assert "Mã LOC là của Đồn Lộc Ninh" in err
    assert run("hq", "pack", "--code", "loc", "--name", "Đồn Bù Đốp", second, home="hq")[0] == 1
    for again in (["--name", "đồn Lộc ninh"], []):
        code, out, err = run("hq", "pack", "--code", "loc", *again, second, home="hq")
        assert (code, out.strip()) == (0, str(second / "LOC.fieldapp-pack.tar"))
        assert "Đồn Lộc Ninh (LOC)" in err
    code, _out, err = run("hq", "pack", "--code", "MOI", second, home="hq")
    assert (code, "--name" in err) == (1, True)
    code, _out, err = run("hq", "rename", "IARVE", "--name", "Đồn khác", "--code", "loc", home="hq")
    assert (code, "là của Đồn Lộc Ninh" in err) == (1, True)
    posts = json.loads(run("list", "post", "--json", home="hq")[1])
    assert sorted(p["name"] for p in posts) == ["Đồn BP Ia Rvê", "Đồn Lộc Ninh"]


def replacement(world: World, name: str = "A") -> Peer:
    """A laptop that starts from the same pack, and whose first bundle headquarters has."""
    pack = enrolment.write_pack(world.hq, code="IARVE", dest=world.usb)
    store = enrolment.init_post(world.root / f"new-{name}", pack, user="C", passphrase="x y", laptop=name)
    records.save(store, "event", {"name": "Tết quân dân", "date_from": "2013-01-20"})
    world.carry(store, world.hq)
    replica = store.identity.replica_id
    store.close()
    return peers.find_peer(world.hq, replica)


def test_a_laptop_that_replaces_a_lost_one_is_told_from_it(run: Run, world: World) -> None:
    world.well()
    world.carry(world.post, world.hq)
    old = world.post.identity.replica_id
    assert run("hq", "revoke", "IARVE", home="hq")[0] == 0
    new = replacement(world)
    code, out, _err = run("hq", "replicas", home="hq")
    assert (code, len(out.splitlines())) == (0, 2)
    for replica in (old, new.id):
        assert f"Đồn BP Ia Rvê (A · {replica[-4:]})" in out
    code, out, _err = run("report", "--period", "2013", home="hq")
    assert f"Đồn BP Ia Rvê (A · {old[-4:]}), đã thu hồi: đã nhận đến" in out
    code, _out, err = run("hq", "revoke", "IARVE", home="hq")
    assert code == 1, "a code that names two laptops revokes neither"
    assert f"{old[-4:]} = Đồn BP Ia Rvê (A), đã thu hồi" in err
    assert f"{new.id[-4:]} = Đồn BP Ia Rvê (A), chờ" in err
    code, out, _err = run("hq", "trust", "iarve", home="hq")
    assert (code, f"(A · {new.id[-4:]})" in out) == (0, True), "the only one that waits"
    assert peers.find_peer(world.hq, old).trust == "revoked"
    records.save(world.post, "event", {"name": "Sau khi mất", "date_from": "2013-01-21"})
    world.carry(world.post, world.hq)
    code, out, _err = run("hq", "coverage", home="hq")
    assert f"Máy A · {new.id[-4:]}: " in out
    assert "sở chỉ huy đã thu hồi máy đó" in out, "what is in quarantine is missing here too"


@pytest.mark.parametrize(
    "text",
    ["Đồn BP Ia Rvê (B)", "don bp ia rve b", "IARVE-B", "iarve (b)", "B", "{id}", "{end}", "{begin}"],
)
def test_a_laptop_is_found_by_what_the_program_calls_it(run: Run, world: World, text: str) -> None:
    new = replacement(world, "B")
    named = text.format(id=new.id, end=new.id[-6:], begin=new.id[:-2])
    code, out, err = run("hq", "trust", named, home="hq")
    assert (code, "Đồn BP Ia Rvê (B)" in out) == (0, True), err


def test_a_letter_alone_names_no_laptop_where_two_have_it(run: Run, world: World, tmp_path: Path) -> None:
    new = replacement(world, "B")
    pack = enrolment.write_hq_pack(world.hq, dest=world.usb)
    further = enrolment.init_further_hq(tmp_path / "hq-b", pack, user="Phó", passphrase="x y", laptop="B")
    world.carry(further, world.hq)
    second = further.identity.replica_id
    further.close()
    code, out, err = run("hq", "trust", "B", home="hq")
    assert (code, out) == (1, "")
    for replica in (new.id, second):
        assert f"{replica[-4:]} = " in err
        assert peers.find_peer(world.hq, replica).trust == "pending"
    code, out, _err = run("hq", "trust", "Sở chỉ huy (B)", home="hq")
    assert (code, "Sở chỉ huy (B)" in out) == (0, True)
    assert run("hq", "trust", "SCH-B", home="hq")[0] == 1, "is certified already"
    assert peers.find_peer(world.hq, new.id).trust == "pending"


def test_on_a_terminal_the_words_are_shown_before_a_laptop_is_certified(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = replacement(world, "B")
    asked: list[str] = []
    answers = [False, False, True]

    def confirm(text: str, **_more: object) -> bool:
        asked.append(text)
        return answers.pop(0)

    monkeypatch.setattr("fieldapp.cli.hq.sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(click, "confirm", confirm)
    for command in ("trust", "revoke"):
        code, out, err = run("hq", command, "IARVE-B", home="hq")
        assert (code, out) == (0, "")
        assert new.fingerprint in err
        assert "Không có gì thay đổi" in err
        assert peers.find_peer(world.hq, new.id).trust == "pending"
    assert run("hq", "trust", "IARVE-B", home="hq")[0] == 0
    assert run("hq", "revoke", "IARVE-B", "--yes", home="hq")[0] == 0
    assert peers.find_peer(world.hq, new.id).trust == "revoked"
    assert len(asked) == 3


def test_conflicts_are_told_in_words(run: Run, world: World) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    b = second_laptop(world)
    for store, day in ((world.post, "2013-10-06"), (b, "2013-10-07")):
        records.save(store, "activity", {"date_from": day}, well, confirm=True)
        world.carry(store, world.hq)
    b.close()
    code, out, _err = run("hq", "conflicts", home="hq")
    assert code == 0
    (line,) = out.splitlines()
    assert line.startswith(f"{well}.date_from.1: Đồn BP Ia Rvê · Hoạt động · Giếng khoan · ")
    assert " · Ngày: “07/10/2013” (Trần Văn B, " in line
    assert re.search(r"≠ “06/10/2013” \(Nguyễn Văn A, \d\d/\d\d/\d{4} \d\d:\d\d\)$", line), line
    assert run("hq", "resolve", line.split(": ")[0], "--take", "loser", home="hq")[0] == 0
    assert run("hq", "conflicts", home="hq")[1] == ""


def test_status_says_whose_changes_it_counts_and_when_in_words(run: Run, world: World) -> None:
    world.well()
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    b = second_laptop(world)
    world.well()
    own = world.post.value("SELECT sum(seq) FROM local_log WHERE own = 1")
    b_lacks = next(p.lacks for p in status.peers_status(world.post) if p.replica_id == b.identity.replica_id)
    b.close()
    assert b_lacks > own, "headquarters' changes too"
    code, out, _err = run("sync", "status")
    assert code == 0
    assert f"Đồn BP Ia Rvê (B): đã có 0/{own} thay đổi của máy này; chưa có gói nào" in out
    assert f"  Tính thay đổi của mọi máy thì còn thiếu {b_lacks}, cũ nhất từ " in out
    assert re.search(r"Sở chỉ huy: .* gói gần nhất \d\d/\d\d/\d{4} \d\d:\d\d\.", out)
    assert not re.search(r"\dT\d\d:", out)


def test_a_further_laptop_of_headquarters_is_no_second_a(run: Run, world: World) -> None:
    assert run("hq", "pack", "--role", "hq", world.usb, home="hq")[0] == 0
    begin = ("init", "--role", "hq", "--pack", world.usb / "SCH-HQ.fieldapp-pack.tar", "--user", "Phó")
    for letter in ("A", "a"):
        code, _out, err = run(*begin, "--laptop", letter, home="hq-b")
        assert (code, "ví dụ B" in err) == (1, True)
        assert not (world.root / "hq-b" / "fieldapp.db").exists()
    code, out, _err = run(*begin, home="hq-b")
    assert code == 0
    assert "  Sở chỉ huy (B): " in out
    world.carry(world.post, world.hq)
    with_b = Store.open(world.root / "hq-b", vault.unseal(world.root / "hq-b", "Phó", PASSPHRASE), "Phó")
    world.carry(with_b, world.hq)
    enrolment.trust_replica(world.hq, "SCH-B")
    world.carry(world.hq, with_b)
    records.save(with_b, "party_cell", {"name": "Chi bộ thôn 6", "unit_id": "24214"})
    enrolment.write_hq_pack(with_b, dest=world.usb)
    with_b.close()
    code, out, _err = run(*begin, home="hq-c")
    assert code == 0
    assert "  Sở chỉ huy (C): " in out, "not (B) (C), and none that the pack knows"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_json_as_notepad_and_powershell_write_it(run: Run, world: World, tmp_path: Path, encoding: str) -> None:
    given = tmp_path / "giếng.json"
    given.write_text(json.dumps({**WELL, "description": "Gặt lúa ở Ế"}, ensure_ascii=False), encoding=encoding)
    code, out, _err = run("add", "activity", "--json", given)
    assert code == 0
    assert records.get(world.post, out.strip()).row["description"] == "Gặt lúa ở Ế"


@pytest.mark.parametrize(
    "wrong",
    [
        ('"date_from": "5/10/2013"', '"date_from": "5/10/2013", "date_from": "6/10/2013"'),
        ('"activity_kind": ', '"activity_kind_id": "kham_chua_benh", "activity_kind": '),
        ('"amount": "1"', '"amount": "1", "amount": "7"'),
        ('"measure": "gieng"', '"measure": "gieng", "measure_id": "ho_huong_loi"'),
    ],
)
def test_of_what_is_given_twice_none_is_taken_silently(
    run: Run, world: World, tmp_path: Path, wrong: tuple[str, str]
) -> None:
    """The last one of a name counted, and the other was gone without a word."""
    given = tmp_path / "hai.json"
    text = json.dumps(WELL)
    assert text.replace(*wrong, 1) != text
    given.write_text(text.replace(*wrong, 1), encoding="utf-8")
    code, _out, err = run("add", "activity", "--json", given)
    assert (code, "hai lần" in err) == (1, True)
    assert world.post.value("SELECT count(*) FROM activity") == 0


def test_a_line_of_a_record_is_not_voided_by_itself(run: Run, world: World) -> None:
    """Nobody was told which figures go, and it could not be taken back."""
    well = world.well()
    (line, *_more) = records.get(world.post, well).children["measures"]
    code, _out, err = run("void", line["id"], "--reason", "nhầm")
    assert (code, "ghi kèm trong bản ghi chính" in err) == (1, True)
    assert len(records.get(world.post, well).children["measures"]) == 2


def test_an_empty_path_is_none(run: Run, world: World) -> None:
    """As of a variable that is not set: it meant the folder in which the command was given."""
    for words in (["sync", "export", ""], ["--home", "", "todo"], ["backup", ""], ["attach", world.well(), ""]):
        code, _out, err = run(*words)
        assert (code, "để trống" in err) == (2, True), words


def test_what_cannot_be_answered_is_said_and_not_answered_with_nothing(run: Run, world: World, tmp_path: Path) -> None:
    """An id with a typing mistake, a period that ends before it begins, a sheet of plans without a column."""
    assert run("attached", "0123")[::2] == (1, "Không có bản ghi mang id 0123.\n")
    code, _out, err = run("list", "activity", "--from", "31/12/2013", "--to", "1/1/2013")
    assert (code, err) == (1, "Ngày kết thúc trước ngày bắt đầu.\n")
    code, _out, err = run("hq", "plans", "2026", "--out", tmp_path / "kh.xlsx", home="hq")
    assert (code, "ghi tên chỉ tiêu ở đầu mỗi cột" in err) == (0, True)


def test_a_release_of_nothing_asks_for_no_export(run: Run) -> None:
    assert run("sync", "release")[1:] == ("Đã ghi lại 0 thay đổi vào nhật ký.\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="closed streams of a shell on POSIX")
def test_closed_streams_are_no_error(openable: World, tmp_path: Path) -> None:
    """As a timer may start it. The database must not be opened as number 2, to which libraries write."""
    (tmp_path / "p").write_text(PASSPHRASE, encoding="utf-8")
    line = f"exec {sys.executable} -m fieldapp --home {openable.root / 'post'} backup {tmp_path} <&- >&- 2>&-"
    env = {**os.environ, "FIELDAPP_PASSPHRASE_FILE": str(tmp_path / "p")}
    assert subprocess.run(["sh", "-c", line], env=env, check=False).returncode == 0
    assert len([*tmp_path.glob("*.fieldapp-backup.tar")]) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="closed streams of a shell on POSIX")
@pytest.mark.parametrize("stdin", ["<&-", "</dev/null"])
def test_without_a_keyboard_the_screen_says_so(openable: World, stdin: str) -> None:
    """It waited for keys, and read nothing without end; or a closed stream was an unexpected error."""
    line = f"exec {sys.executable} -m fieldapp --home {openable.root / 'post'} {stdin}"
    done = subprocess.run(["sh", "-c", line], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "cửa sổ dòng lệnh" in done.stderr, done.stdout) == (1, True, "")


@pytest.mark.parametrize("below", ["", "x"])
def test_where_a_file_is_no_workspace_begins(run: Run, world: World, tmp_path: Path, below: str) -> None:
    (tmp_path / "tệp").write_bytes(b"")
    place = tmp_path / "tệp" / below
    assert run("backup", tmp_path)[0] == 0
    (backup,) = tmp_path.glob("*.fieldapp-backup.tar")
    for words in (
        ["--home", place, "init", "--role", "hq", "--name", "Sở chỉ huy", "--user", "A"],
        ["--home", place, "--user", "A", "restore", backup],
        ["demo", "--workspace", place],
        ["tutorial", "--workspace", place],
    ):
        code, _out, err = run(*words)
        assert (code, "là tệp. Chưa tạo gì" in err, "ngoài dự kiến" in err) == (1, True, False), words


@pytest.mark.skipif(sys.platform == "win32", reason="accounts of POSIX")
def test_an_account_without_a_home_is_no_error(openable: World, tmp_path: Path) -> None:
    """As in a container, or of a service: it has no entry in the list of accounts, and no HOME."""
    (tmp_path / "p").write_text(PASSPHRASE, encoding="utf-8")
    begin = "import pwd; pwd.getpwuid = lambda _uid: {}[0]; from fieldapp.cli import main; main()"
    env = {k: v for k, v in os.environ.items() if k not in ("HOME", "FIELDAPP_HOME")}
    env["FIELDAPP_PASSPHRASE_FILE"] = str(tmp_path / "p")
    line = [sys.executable, "-c", begin, "--home", str(openable.root / "post"), "todo"]
    done = subprocess.run(line, env=env, check=False, capture_output=True)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)


def test_a_folder_that_is_gone_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stick was pulled, and the shell is still in its folder."""
    (tmp_path / "usb").mkdir()
    monkeypatch.chdir(tmp_path / "usb")
    (tmp_path / "usb").rmdir()
    code, _out, err = run("sync", "export", ".")
    assert (code, "Không có thư mục" in err) == (1, True)


def test_a_report_up_to_a_day_begins_with_the_year_of_that_day(run: Run, world: World) -> None:
    world.well()
    code, out, _err = run("report", "--to", "31/12/2013")
    assert (code, "năm 2013" in out, "1 giếng" in out) == (0, True, True)


@pytest.mark.parametrize(("module", "extra"), [("docx", True), ("fieldapp.work.todo", False)])
def test_only_a_module_of_an_extra_is_one_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch, module: str, extra: bool
) -> None:
    """Of an installation that lacks another one nothing is said that does not help; the log tells which."""

    def lacking(*_arguments: object) -> None:
        raise ModuleNotFoundError(name=module)

    monkeypatch.setattr(base.Context, "open", lacking)
    _code, _out, err = run("todo")
    assert ("fieldapp[hq]" in err, "ngoài dự kiến" in err) == (extra, not extra)


def test_json_in_no_known_encoding_is_refused(run: Run, world: World, tmp_path: Path) -> None:
    given = tmp_path / "cp1258.json"
    given.write_bytes(json.dumps({**WELL, "description": "Gặt lúa"}, ensure_ascii=False).encode("cp1258", "replace"))
    code, _out, err = run("add", "activity", "--json", given)
    assert code == 1
    assert "JSON" in err
    assert world.post.value("SELECT count(*) FROM activity") == 0


def test_a_passphrase_file_with_a_byte_order_mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        named = tmp_path / encoding
        named.write_text("lúa nước sông\r\n", encoding=encoding)
        monkeypatch.setenv("FIELDAPP_PASSPHRASE_FILE", str(named))
        assert base.ask_passphrase() == "lúa nước sông"


def test_streams_are_utf_8_whatever_the_code_page(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows gives a program that writes to a pipe or a file the code page of the machine."""
    assert run("todo")[0] == 0
    words = {**WELL, "description": "Gặt lúa ở Ế"}
    given, out = io.BytesIO(json.dumps(words, ensure_ascii=False).encode()), io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(given, encoding="cp1252"))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="cp1252"))
    monkeypatch.setattr(sys, "argv", ["fieldapp", "--home", str(world.root / "post"), "add", "activity", "--json", "-"])
    with suppress(SystemExit):
        cli.main()
    sys.stdout.flush()
    row_id = out.getvalue().decode().strip()
    assert records.get(world.post, row_id).row["description"] == "Gặt lúa ở Ế"
    monkeypatch.setattr(sys, "argv", ["fieldapp", "--home", str(world.root / "post"), "show", row_id])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="cp1252", errors="strict"))
    with suppress(SystemExit):
        cli.main()
    sys.stdout.flush()
    assert "Gặt lúa ở Ế" in out.getvalue().decode()


class Screen(io.StringIO):
    """A terminal: what is written to it."""

    def isatty(self) -> bool:
        return True


def test_a_command_that_takes_long_says_what_it_does_on_a_terminal_alone(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, plain = Screen(), outgoing.export_to

    def slowly(*arguments: Any) -> Any:
        made = plain(*arguments)
        for _turn in range(1000):
            if not sys.stderr.isatty() or "… Đang đọc lại để đối chiếu · " in terminal.getvalue():
                break
            time.sleep(0.01)
        return made

    monkeypatch.setattr(outgoing, "export_to", slowly)
    monkeypatch.setattr(working, "FROM_SECONDS", 0.02)
    assert "…" not in run("sync", "export", world.usb)[2]
    monkeypatch.setattr(sys, "stderr", terminal)
    assert run("sync", "export", world.usb)[0] == 0
    assert "… Đang đọc lại để đối chiếu · " in terminal.getvalue()
    shown = ""
    for part in terminal.getvalue().split("\r"):
        shown = part + shown[len(part) :]
    assert "…" not in shown, "the line is gone before anything else is printed"


def test_nothing_is_said_while_a_person_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, line = Screen(), working.WorkingLine()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(working, "FROM_SECONDS", 0.02)
    line.begin("Ghi")
    try:
        with line.aside():
            time.sleep(0.1)
        assert not terminal.getvalue()
    finally:
        line.end()


def test_the_line_is_no_wider_than_the_terminal_that_it_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer goes into a file. A line that is too wide would go on below, and be there again twice a second."""
    terminal, line = Screen(), working.WorkingLine()
    monkeypatch.setattr(terminal, "fileno", lambda: 77)
    monkeypatch.setattr(os, "get_terminal_size", lambda at: os.terminal_size((60 if at == 77 else 200, 20)))
    monkeypatch.setattr(sys, "stderr", terminal)
    line._write("Liệt kê các bản ghi của một loại, mới nhất đứng trước · 12 giây")
    assert len(terminal.getvalue().strip("\r")) < 60


def test_nothing_is_said_while_a_pager_has_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pager shows one page of an answer, and takes no more of it until somebody turns the page."""
    terminal, written = Screen(), []

    class Pager(io.StringIO):
        def write(self, text: str) -> int:
            before = terminal.getvalue()
            time.sleep(0.1)
            written.append(terminal.getvalue().removeprefix(before))
            return super().write(text)

    for name, stream in (("stderr", terminal), ("stdout", Pager())):
        monkeypatch.setattr(sys, name, stream)
    monkeypatch.setattr(working, "FROM_SECONDS", 0.02)
    working.LINE.begin("Liệt kê")
    try:
        base.print_text("Giếng khoan")
        base.print_json(["Giếng khoan"])
    finally:
        working.LINE.end()
    assert written
    assert not any(written)


def test_every_question_of_a_command_is_asked_where_nothing_else_is_said() -> None:
    for path in Path(cli.__file__).parent.glob("*.py"):
        if path.name not in ("base.py", "measure.py"):
            assert not re.search(r"click\.(prompt|confirm)\(", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_kept_help_is_that_of_the_commands(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``make locale`` keeps it: click, which makes it, takes longer to load than Python itself."""
    monkeypatch.setenv("FIELDAPP_LANG", language)
    monkeypatch.delenv("COLUMNS", raising=False)
    kept = fieldapp.cli.kept_help()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "argv", ["fieldapp", "--help"])
    with suppress(SystemExit):
        fieldapp.cli.main()
    assert kept == capsys.readouterr().out


def test_the_help_comes_without_what_commands_need() -> None:
    code = "import sys\nfrom fieldapp.cli import main\nmain()\nprint('click' in sys.modules)"
    env = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"HOME": "/home/a", "USERPROFILE": "C:\\Users\\a"}
    told = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True,
                          env=env, encoding="utf-8")  # fmt: skip
    assert told.stdout.splitlines()[-1] == "False"
    assert "import-table" in told.stdout


def test_a_narrow_terminal_has_its_own_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda _fd: os.terminal_size((60, 24)))
    assert fieldapp.cli.kept_help() == ""
