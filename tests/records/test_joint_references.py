"""A post that uses a joint reference again is asked: another activity, or another part of one?"""

from pathlib import Path
from typing import Any

import pytest
from field import Run, World, of_another_post
from form_driver import form_driver

from fieldapp.errors import NeedsConfirmation
from fieldapp.records import records
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions
from fieldapp.store.store import Store

FIRST = {
    "activity_kind_id": "kham_chua_benh",
    "date_from": "2013-03-10",
    "unit_id": "24221",
    "hamlet": "Buôn Ba Na",
    "joint_reference": "05/KH",
    "measures": [{"measure_id": "luot_kham", "amount": 40}],
}
APART = "05/KH: đồn đã dùng mã này"
TOUCHING = "05/KH: đồn đã ghi hoạt động này"


def asked(store: Store, row_id: str | None = None, **fields: Any) -> str:
    """The question about the reference; empty where nothing was asked and the record is saved."""
    try:
        records.save(store, "activity", fields if row_id else {**FIRST, **fields}, row_id)
    except NeedsConfirmation as question:
        return question.fields["joint_reference"]
    return ""


@pytest.fixture
def first(world: World) -> str:
    return records.save(world.post, "activity", FIRST)


def test_a_number_that_is_used_again_is_asked_about(run: Run, world: World, first: str) -> None:
    """By ``add`` too: today nothing is said, and the second one vanishes."""
    entry = {**FIRST, "date_from": "2014-04-10", "joint_reference": "05-kh"}
    code, out, err = run("add", "activity", "--json", "-", stdin=entry)
    assert (code, out) == (1, "")
    assert "05-kh: đồn đã dùng mã này (Khám" in err and "10/03/2013" in err
    code, out, _err = run("add", "activity", "--json", "-", "--confirm", stdin=entry)
    assert code == 0
    assert run("edit", out.strip(), "--json", "-", stdin={"description": "đợt 2"})[0] == 0, "the answer is stored"


@pytest.mark.parametrize(("day", "question"), [
    ("2013-03-08", APART), ("2013-03-09", TOUCHING), ("2013-03-10", TOUCHING), ("2013-03-11", TOUCHING),
    ("2013-03-12", APART), ("2012-03-10", APART),
])  # fmt: skip
def test_days_that_touch_are_asked_about_as_parts_of_one(world: World, first: str, day: str, question: str) -> None:
    assert asked(world.post, date_from=day, hamlet="Buôn Khác").startswith(question)


@pytest.mark.parametrize("other", [
    {"joint_reference": "06/KH"}, {"joint_reference": None},
    {"activity_kind_id": "thien_tai", "measures": [{"measure_id": "gao_kg", "amount": 40}]},
])  # fmt: skip
def test_another_reference_or_kind_is_not_asked_about(world: World, first: str, other: dict[str, Any]) -> None:
    assert asked(world.post, date_from="2014-04-10", **other) == ""


def test_what_another_post_has_and_what_was_voided_is_not_asked_about(world: World, first: str) -> None:
    of_another_post(world.post, first)
    again = records.save(world.post, "activity", {**FIRST, "date_from": "2014-04-10"})
    records.void(world.post, again, "nhập nhầm")
    assert asked(world.post, date_from="2014-04-12") == ""


def test_an_edit_asks_when_it_changes_what_the_question_is_about(world: World, first: str) -> None:
    """Not at each correction of a text in what was recorded before the program asked."""
    second = records.save(world.post, "activity", {**FIRST, "date_from": "2014-04-10", "joint_reference": None})
    assert asked(world.post, second, joint_reference="05/KH").startswith(APART)
    records.save(world.post, "activity", {"joint_reference": "05/KH"}, second, confirm=True)
    assert asked(world.post, second, description="đợt 2") == ""
    assert asked(world.post, first, description="đợt 1") == ""
    assert asked(world.post, second, date_from="2013-03-11").startswith(TOUCHING)


def test_a_record_that_looks_the_same_is_asked_about_once(world: World, first: str) -> None:
    with pytest.raises(NeedsConfirmation) as question:
        records.save(world.post, "activity", FIRST)
    assert "đã ghi một bản ghi giống như vậy" in str(question.value)
    assert "05/KH:" not in str(question.value)


def test_a_sheet_asks_for_each_row_that_uses_it_again(world: World, first: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    head = "Ngày\tLoại hoạt động\tNơi\tSố phối hợp chung\tLượt người khám\n"
    path.write_text(head + "10/4/2014\tkham_chua_benh\tXã Ia Rvê\t05/KH\t41\n", encoding="utf-8")
    (refused,) = importing.import_sheet(world.post, path, ImportOptions("activity")).refused
    assert APART in refused.reason
    assert len(importing.import_sheet(world.post, path, ImportOptions("activity", confirm=True)).added) == 1


async def test_the_form_asks_at_the_field(world: World, first: str) -> None:
    second = records.save(world.post, "activity", FIRST | {"date_from": "2014-04-10", "joint_reference": "5"})
    async with form_driver(world.post, "activity", second, size=(80, 40)) as form:
        form.row("joint_reference").entry.focus()
        await form.type("<home>", "0", "<end>", "/KH", "<f2>")
        assert APART in form.note("joint_reference")
        assert form.app.result == "open"
        await form.type("<f2>")
    assert records.get(world.post, second).row["joint_reference"] == "05/KH"
