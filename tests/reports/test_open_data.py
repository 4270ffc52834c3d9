"""Records for analysts: all of them, readable with ordinary tools, without what says who a person is."""

import csv
import json
import re
import sqlite3
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from field import Run, World
from report_files import FORMULA, fill

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.errors import FieldappError
from fieldapp.reports import open_data
from fieldapp.store import disk
from fieldapp.store.capture import META_COLUMNS
from fieldapp.store.store import Store

NOT_WRITTEN = {"confirmed"}
"""Answers to questions of the form: they say nothing about what happened"""

CASTS: dict[str, Any] = {
    "string": str,
    "integer": int,
    "boolean": lambda text: {"true": 1, "false": 0}[text],
    "date": lambda text: date.fromisoformat(text).isoformat(),
    "datetime": lambda text: datetime.fromisoformat(text) and text,
}


@pytest.fixture
def written(world: World, tmp_path: Path) -> Path:
    fill(world)
    return open_data.write_package(world.hq, tmp_path / "mở").path


def test_every_file_is_as_its_dictionary_says(world: World, written: Path) -> None:
    package = json.loads((written / "datapackage.json").read_text(encoding="utf-8"))
    assert [r["path"] for r in package["resources"]] == [f"{m.KIND}.csv" for m in RECORDS]
    with sqlite3.connect(written / "records.sqlite") as plain:
        assert plain.execute("PRAGMA foreign_key_check").fetchall() == []
        for resource in package["resources"]:
            kind, fields = resource["path"].removesuffix(".csv"), resource["schema"]["fields"]
            with (written / resource["path"]).open(encoding="utf-8", newline="") as stream:
                head, *lines = csv.reader(stream)
            assert head == [f["name"] for f in fields]
            assert len(lines) == resource["rows"] == world.hq.value(f"SELECT count(*) FROM {kind}")
            stored = plain.execute(f"SELECT * FROM {kind} ORDER BY id").fetchall()
            for line, row in zip(lines, stored, strict=True):
                for field, text, value in zip(fields, line, row, strict=True):
                    assert text or not field["constraints"]["required"]
                    plainly = text.removeprefix("'") if text[1:2] in ("=", "+", "-", "@") else text
                    assert (CASTS[field["type"]](plainly) if text else None) == value
                    assert not text or text in field["constraints"].get("enum", [text])


def test_every_column_of_the_schema_is_there_or_personal(world: World, written: Path) -> None:
    with sqlite3.connect(written / "records.sqlite") as plain:
        for model in RECORDS:
            stored = {r["name"] for r in world.hq.rows(f"PRAGMA table_info({model.KIND})")}
            here = {row[1] for row in plain.execute(f"PRAGMA table_info({model.KIND})")}
            personal = {c.name for c in open_data.data_columns(model) if c.personal}
            assert stored - NOT_WRITTEN == here | personal
            assert here.isdisjoint(personal)


def test_nobody_is_named_unless_asked_for(world: World, written: Path, tmp_path: Path) -> None:
    for path in written.iterdir():
        assert "Y Thanh Niê".encode() not in path.read_bytes(), path.name
        assert b"Nguy\xe1\xbb\x85n V\xc4\x83n A" not in path.read_bytes(), path.name
    more = open_data.write_package(world.hq, tmp_path / "đủ", personal=True)
    assert "Y Thanh Niê" in (more.path / "member.csv").read_text(encoding="utf-8")
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
