"""Records for analysts: all of them, readable with ordinary tools, without what says who a person is."""

import csv
import json
import re
import sqlite3
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from field import Run, World
from msgspec import structs
from report_files import EDE, FORMULA, fill

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.errors import FieldappError
from fieldapp.records import attachments, records
from fieldapp.reports import open_data
from fieldapp.store import disk
from fieldapp.store.capture import META_COLUMNS
from fieldapp.store.store import Store

picture = attachments.Prepared("a.jpg", "image/jpeg", b"picture")
minute = attachments.Prepared("a.pdf", "application/pdf", b"minute")
NOT_WRITTEN = {"confirmed"}
"""Answers to questions of the form: they say nothing about what happened"""

CASTS: dict[str, Any] = {
    "number": Decimal,
    "string": str,
    "integer": int,
    "boolean": lambda text: {"true": 1, "false": 0}[text],
    "date": lambda text: date.fromisoformat(text).isoformat(),
    "datetime": lambda text: datetime.fromisoformat(text) and text,
}


def exact(value: Any, sort: str) -> Any:
    """A value of SQLite, where a number that is not whole is a text."""
    return Decimal(value) if sort == "number" and value is not None else value


@pytest.fixture
def written(world: World, tmp_path: Path) -> Path:
    fill(world)
    return open_data.write_package(world.hq, tmp_path / "mở").path


def test_every_file_is_as_its_dictionary_says(world: World, written: Path) -> None:
    package = json.loads((written / "datapackage.json").read_text(encoding="utf-8"))
    tables = [f"{m.KIND}.csv" for m in RECORDS]
    assert [r["path"] for r in package["resources"]] == [*tables, *(f"flat/{name}" for name in tables)]
    with sqlite3.connect(written / "records.sqlite") as plain:
        assert plain.execute("PRAGMA foreign_key_check").fetchall() == []
        for resource in package["resources"]:
            kind = resource["path"].removesuffix(".csv").replace("flat/", "flat_")
            fields = resource["schema"]["fields"]
            names = [row[1] for row in plain.execute(f"PRAGMA table_info({kind})")]
            assert len({*names}) == len(names)
            with (written / resource["path"]).open(encoding="utf-8", newline="") as stream:
                head, *lines = csv.reader(stream)
            assert head == [f["name"] for f in fields]
            if not kind.startswith("flat_"):
                assert len(lines) == world.hq.value(f"SELECT count(*) FROM {kind}")
            assert len(lines) == resource["rows"]
            told = plain.execute("SELECT column_name FROM dictionary WHERE table_name = ? ORDER BY place", [kind])
            assert [name for (name,) in told] == head
            stored = plain.execute(f"SELECT * FROM {kind} ORDER BY id").fetchall()
            for line, row in zip(lines, stored, strict=True):
                for field, text, value in zip(fields, line, row, strict=True):
                    assert text or not field["constraints"]["required"]
                    plainly = text.removeprefix("'") if text[1:2] in ("=", "+", "-", "@") else text
                    assert (CASTS[field["type"]](plainly) if text else None) == exact(value, field["type"])
                    assert not text or text in field["constraints"].get("enum", [text])


def test_every_column_of_the_schema_is_there_or_personal(world: World, written: Path) -> None:
    with sqlite3.connect(written / "records.sqlite") as plain:
        for model in RECORDS:
            stored = {r["name"] for r in world.hq.rows(f"PRAGMA table_info({model.KIND})")}
            here = {row[1] for row in plain.execute(f"PRAGMA table_info({model.KIND})")}
            personal = {c.name for c in open_data.data_columns(model) if c.personal}
            personal -= {"value"}  # of fields of a kind's own: only what was chosen from a list is there
            assert stored - NOT_WRITTEN == here | personal
            assert here.isdisjoint(personal)


def test_nobody_is_named_unless_asked_for(world: World, written: Path, tmp_path: Path) -> None:
    for path in filter(Path.is_file, written.rglob("*")):
        assert "Y Thanh Niê".encode() not in path.read_bytes(), path.name
        assert b"Nguy\xe1\xbb\x85n V\xc4\x83n A" not in path.read_bytes(), path.name
    more = open_data.write_package(world.hq, tmp_path / "đủ", personal=True)
    assert "Y Thanh Niê" in (more.path / "member.csv").read_text(encoding="utf-8")
    assert "Y Thanh Niê" in (more.path / "flat" / "introduction.csv").read_text(encoding="utf-8")
    assert more.left_out == []


def test_what_names_people_is_marked() -> None:
    """A field that holds free text, or is called like a person, is marked or is known to name a body or a thing."""
    bodies = {"activity.partners", "activity.hamlet", "activity_measure.note", "agreement.parties", "agreement.name",
              "agreement_amendment.content", "agreement_task.title", "attachment.record_kind",
                  "attachment.record_id", "attachment.media_type", "attachment.sha256",
                  "commendation.form", "commendation.awarded_by",
              "event.name", "household_charge.hamlet", "meeting.place", "review_meeting.place",
              "review.record_kind", "review.record_id", "review.field", "review.seen", "review.replaces",
              "self_management_group.name", "self_management_group.hamlet"}  # fmt: skip
    for model in RECORDS:
        if model.REFERENCE:
            continue
        for shape in fields_of(model):
            short = re.search("number|reference|marker|term", shape.name)
            if shape.type in ("text", "long") and not short:
                assert shape.personal != (f"{model.KIND}.{shape.name}" in bodies), f"{model.KIND}.{shape.name}"
    assert {"created_by", "void_reason"} <= set(META_COLUMNS)


def test_a_formula_is_no_formula(written: Path) -> None:
    with (written / "activity_measure.csv").open(encoding="utf-8", newline="") as stream:
        notes = [row["note"] for row in csv.DictReader(stream)]
    assert "'" + FORMULA in notes
    with sqlite3.connect(written / "records.sqlite") as plain:
        assert plain.execute("SELECT count(*) FROM activity_measure WHERE note = ?", [FORMULA]).fetchone() == (1,)


def test_a_folder_that_holds_something_stays(run: Run, world: World, tmp_path: Path) -> None:
    (tmp_path / "đầy").mkdir()
    (tmp_path / "đầy" / "của tôi.txt").write_text("x", encoding="utf-8")
    code, _out, err = run("hq", "open-data", tmp_path / "đầy", home="hq")
    assert code == 1
    assert "không trống" in err
    assert [p.name for p in (tmp_path / "đầy").iterdir()] == ["của tôi.txt"]
    code, out, err = run("hq", "open-data", tmp_path / "mới", "--json", home="hq")
    assert (code, json.loads(out)["rows"]["post"]) == (0, 1)
    code, out, err = run("hq", "open-data", tmp_path / "nữa", home="hq")
    assert code == 0
    assert "member.full_name" in err


def test_what_was_begun_is_taken_away(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(store: Store, *_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(open_data, "_package", full)
    with pytest.raises(FieldappError, match="hết chỗ"):
        open_data.write_package(world.hq, tmp_path / "mở")
    assert not (tmp_path / "mở").exists()
    assert not [path for path in tmp_path.iterdir() if disk.is_begun(path.name)]


def test_a_flat_table_has_names_and_words_and_exact_amounts(world: World, written: Path) -> None:
    with sqlite3.connect(written / "records.sqlite") as plain:
        plain.row_factory = sqlite3.Row
        rows = [dict(row) for row in plain.execute("SELECT * FROM flat_activity_measure ORDER BY counts_on, measure")]
        cells = plain.execute("SELECT party_cell_commune, member_id FROM flat_introduction").fetchall()
    length = next(row for row in rows if row["measure"] == "Chiều dài đường biên")
    assert length["amount"] == "73.4"
    assert {k: length[k] for k in ("post_code", "post", "measure_unit", "activity_kind", "activity_kind_section",
                                   "activity_commune", "activity_province", "counts_on", "approximate")} == {
        "post_code": "IARVE", "post": "Đồn BP Ia Rvê", "measure_unit": "km", "activity_kind_section": "Biên giới",
        "activity_kind": "Tự quản đường biên, cột mốc", "activity_commune": "Xã Ia Rvê",
        "activity_province": "Tỉnh Đắk Lắk", "counts_on": "2013-06-15", "approximate": 0}  # fmt: skip
    assert length["activity_hamlet"] == EDE
    assert sum(row["amount"] for row in rows if row["measure"] == "Lượt người khám, chữa bệnh") == 2385
    assert {row["amount"] for row in rows if row["note"] == FORMULA} == {None}, "unknown stays unknown"
    assert sum(row["amount"] for row in rows if row["measure"] == "Giếng") == 5, "the voided one is not there"
    assert [tuple(row) for row in cells] == [("Xã Ia Rvê", world.hq.value("SELECT id FROM member"))]


def test_which_activities_have_their_photograph_and_minute(world: World, tmp_path: Path) -> None:
    """Counted as the program counts: a content once, and without what was taken out."""
    both, photo, none = (world.well(date_from=f"2014-0{n}-01") for n in (1, 2, 3))
    attachments.add(world.post, both, [picture, minute, structs.replace(picture, name="again.jpg")])
    attachments.add(world.post, photo, [picture, minute])
    attachments.take_out(world.post, attachments.of_record(world.post, photo)[1].id, "nhầm")
    package = open_data.write_package(world.post, tmp_path / "mở").path
    with sqlite3.connect(package / "records.sqlite") as plain:
        rows = plain.execute(
            "SELECT id, photographs, photographs_wanted, minutes, minutes_wanted FROM flat_activity"
        ).fetchall()
    assert {tuple(row) for row in rows} == {(both, 1, 1, 1, 1), (photo, 1, 1, 0, 1), (none, 0, 1, 0, 1)}


def test_what_is_chosen_from_a_list_is_not_personal(world: World, tmp_path: Path) -> None:
    for code, sort in (("cach", "choice"), ("so_giay", "number"), ("ghi", "text")):
        options = {"choices": "khoan; đào"} if sort == "choice" else {}
        records.save(world.hq, "kind_field", {"activity_kind_id": "gieng_khoan", "code": code, "name": code,
                                              "field_type": sort, "position": 1, **options})  # fmt: skip
    world.carry(world.hq, world.post)
    world.well(extras={"cach": "đào", "so_giay": "066203001234", "ghi": "nhà ông Ama Blêh"})
    member = records.save(world.post, "member", {"full_name": "Y Thanh Niê"})
    records.save(world.post, "member_rating", {"member_id": member, "year": 2025, "rating": "good"}, confirm=True)
    world.carry(world.post, world.hq)
    written = open_data.write_package(world.hq, tmp_path / "mở").path
    with sqlite3.connect(written / "records.sqlite") as plain:
        values = plain.execute("SELECT kind_field, value FROM flat_activity_extra ORDER BY kind_field").fetchall()
        ratings = plain.execute("SELECT member_id, rating FROM flat_member_rating").fetchall()
        code = plain.execute("SELECT rating FROM member_rating").fetchone()
    assert values == [("cach", "đào"), ("ghi", None), ("so_giay", None)]
    assert (ratings, code) == ([(member, "Hoàn thành tốt nhiệm vụ")], ("good",))
    for path in filter(Path.is_file, written.rglob("*")):
        assert "Ama Blêh".encode() not in path.read_bytes()
        assert b"066203001234" not in path.read_bytes()


def test_parquet_says_the_same_in_types_of_its_own(world: World, tmp_path: Path) -> None:
    import duckdb

    fill(world)
    written = open_data.write_package(world.hq, tmp_path / "mở d'ữ liệu", parquet=True).path
    package = json.loads((written / "datapackage.json").read_text(encoding="utf-8"))
    types = {"string": "VARCHAR", "integer": "BIGINT", "boolean": "BOOLEAN", "date": "DATE", "datetime": "TIMESTAMP",
             "number": "DECIMAL(19,3)"}  # fmt: skip
    with duckdb.connect() as reader, sqlite3.connect(written / "records.sqlite") as plain:
        for resource in package["resources"]:
            name, fields = resource["name"].replace("-", "_"), resource["schema"]["fields"]
            found = reader.execute("SELECT * FROM read_parquet(?)", [str(written / "parquet" / f"{name}.parquet")])
            columns = [(column[0], str(column[1])) for column in found.description or []]
            assert columns == [(f["name"], types[f["type"]]) for f in fields], name
            stored = plain.execute(f"SELECT * FROM {name} ORDER BY id").fetchall()
            for row, other in zip(found.fetchall(), stored, strict=True):
                for field, value, expected in zip(fields, row, other, strict=True):
                    assert type(value) is not float
                    assert as_stored(value) == exact(expected, field["type"]), (name, field["name"])


def as_stored(value: Any) -> Any:
    """A value of Parquet as SQLite has it."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}Z"
    return value.isoformat() if isinstance(value, date) else value


def test_without_its_library_parquet_is_refused_before_anything_is_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    code, _out, err = run("hq", "open-data", tmp_path / "mở", "--parquet", home="hq")
    assert code == 1
    assert 'pip install "fieldapp[parquet]"' in err
    assert not (tmp_path / "mở").exists()
    assert run("hq", "open-data", tmp_path / "mở", home="hq")[0] == 0
