"""What is unusual about a record is asked once, by every road; the answer stays, and other edits do not ask again."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from field import Run, World
from form_driver import form_driver

from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.records import lists, records
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions
from fieldapp.store.ids import new_id

pytestmark = pytest.mark.usefixtures("whole_baseline")

TODAY = date.today()
WELL: dict[str, Any] = {"activity_kind": "gieng_khoan", "date_from": "2025-10-05", "unit": "24221"}
ONE = [{"measure": "gieng", "amount": 1}]
GROUP = {"name": "Tổ tự quản 1", "unit": "24221", "date_from": "2025-10-05"}
MATTER = {"matter_type": "support_request", "counterpart": "UBND xã", "subject": "Xin máy bơm"}

Entry = Callable[[World], dict[str, Any]]


def cell(world: World) -> str:
    found: str = lists.record_window(world.post, "party_cell").rows[0]["id"]
    return found


def divided(world: World) -> str:
    """Thạnh Mỹ: its people live in two units of today."""
    found: str = world.post.value("SELECT id FROM unit WHERE code = '22225' AND valid_to IS NOT NULL")
    return found


def with_members(world: World, *called: str) -> dict[str, Any]:
    """A meeting of a cell of four, of whom some were called."""
    ids = {
        name: records.save(world.post, "member", {"full_name": name, "party_cell_id": cell(world)})
        for name in ("Trần Văn Bình", "Siu Blêh", "Lê Văn An", "H'Hen Niê")
    }
    rows = [{"member_id": ids[name], "status": "present"} for name in called]
    return {"party_cell_id": cell(world), "held_on": "2025-10-05", "attendance": rows}


def second_in_the_month(world: World) -> dict[str, Any]:
    records.save(world.post, "meeting", {"party_cell_id": cell(world), "held_on": "2025-10-03"})
    return {"party_cell_id": cell(world), "held_on": "2025-10-28"}


def in_years(years: int) -> str:
    return f"{TODAY.year + years}-02-03"


ELSE = {"hamlet": "Buôn Knia"}
PLACE = {"place": "Hội trường"}

UNUSUAL: dict[str, tuple[str, Entry, str, str, dict[str, Any]]] = {
    # what it is -> kind, entry, field, words of the question, an edit of something else
    "no figure": ("activity", lambda w: WELL, "measures", "số liệu", ELSE),
    "divided commune": ("activity", lambda w: {**WELL, "date_from": "2024-05-05", "unit": divided(w), "measures": ONE},
                        "unit_now_id", "đã chia", ELSE),
    "three not called": ("meeting", lambda w: with_members(w, "Siu Blêh"), "attendance", "3 đảng viên", PLACE),
    "second meeting": ("meeting", second_in_the_month, "held_on", "03/10/2025", PLACE),
    "a century ago": ("activity", lambda w: {**WELL, "date_from": "1926-10-05", "measures": ONE}, "date_from",
                      f"{TODAY.year - 1926 - ((TODAY.month, TODAY.day) < (10, 5))} năm", ELSE),
    "name of digits": ("member", lambda w: {"full_name": "12345"}, "full_name", "“12345”", {"position": "Trung úy"}),
    "leader of digits": (
        "self_management_group", lambda w: {**GROUP, "leader": "12"}, "leader", "“12”", ELSE,
    ),
    "households": ("self_management_group", lambda w: {**GROUP, "households": "99.999 hộ"}, "households", "99.999 hộ",
                   ELSE),
    "persons": ("self_management_group", lambda w: {**GROUP, "people": 99_999}, "people", "99.999 người", ELSE),
    "households of a well": (
        "activity", lambda w: {**WELL, "measures": [{"measure": "ho_huong_loi", "amount": "99.999"}]},
        "measures.0.amount", "99.999 hộ", ELSE,
    ),
    "deadline": ("matter", lambda w: {**MATTER, "opened_on": "2025-10-05", "due_on": in_years(9)}, "due_on", "năm nữa",
                 {"result": "Chưa"}),
    "event": ("event", lambda w: {"name": "Lũ", "date_from": in_years(9)}, "date_from", "năm nữa",
              {"description": "Lớn"}),
    "year of a rating": (
        "cell_rating", lambda w: {"party_cell_id": cell(w), "year": TODAY.year + 3, "rating": "good"},
        "year", "3 năm nữa", {"note": "Tốt"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_is_unusual_is_asked_once(world: World, run: Run, what: str) -> None:
    kind, entry_in, field, words, other = UNUSUAL[what]
    entry = entry_in(world)
    before = world.post.value(f"SELECT count(*) FROM {kind}")
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(world.post, kind, entry)
    assert list(asked.value.fields) == [field]
    assert words in asked.value.fields[field]
    assert run("add", kind, "--json", "-", stdin=entry)[:2] == (1, "")
    assert world.post.value(f"SELECT count(*) FROM {kind}") == before
    code, out, _err = run("add", kind, "--json", "-", "--confirm", stdin=entry)
    assert code == 0
    assert run("edit", out.strip(), "--json", "-", stdin=other)[0] == 0, "the answer stays"
    again = records.as_data(records.get(world.post, out.strip()))
    records.save(world.post, kind, again, out.strip())
    part = field.partition(".")[0]
    row = records.get(world.post, out.strip())
    kept = [row.row["confirmed"], *(line["confirmed"] for line in row.children.get(part, []))]
    assert any(kept)


@pytest.mark.parametrize("what", [what for what in UNUSUAL if what != "households of a well"])
def test_what_stood_before_the_program_asked_is_not_asked_about_at_another_edit(world: World, what: str) -> None:
    kind, entry_in, _field, _words, other = UNUSUAL[what]
    row_id = records.save(world.post, kind, entry_in(world), confirm=True)
    world.post.db.execute(f"UPDATE {kind} SET confirmed = NULL WHERE id = ?", [row_id])
    records.save(world.post, kind, other, row_id)
    records.save(world.post, kind, records.as_data(records.get(world.post, row_id)), row_id)
    assert records.get(world.post, row_id).row["confirmed"] is None


def test_what_is_usual_is_not_asked_about(world: World) -> None:
    for kind, entry in (
        ("activity", {**WELL, "measures": ONE}),
        ("activity", {**WELL, "activity_kind": "cung_co_co_so_chinh_tri"}),
        ("activity", {**WELL, "date_from": "2013-10-05", "measures": [{"measure": "gieng", "amount": None,
                                                                       "approximate": True, "note": "hàng chục"}]}),
        ("member", {"full_name": "Nguyễn Văn A", "joined_on": f"{TODAY.year - 60}-05-19"}),
        ("agreement", {"name": "Quy chế 5", "date_from": "2008-01-01", "date_to": in_years(10)}),
        ("matter", {**MATTER, "opened_on": "2025-10-05", "due_on": (TODAY + timedelta(300)).isoformat()}),
        ("self_management_group", {**GROUP, "households": "40 hộ", "people": "180 người", "length_m": "2 km"}),
        ("meeting", {"party_cell_id": cell(world), "held_on": "2025-10-05"}),
        ("meeting", {"party_cell_id": cell(world), "held_on": "2025-10-28", "meeting_type": "thematic"}),
        ("meeting", {"party_cell_id": cell(world), "held_on": "2025-11-01"}),
    ):  # fmt: skip
        records.save(world.post, kind, entry)


def test_who_is_called_later_does_not_bring_up_the_others_again(world: World) -> None:
    entry = with_members(world, "Siu Blêh")
    row_id = records.save(world.post, "meeting", entry, confirm=True)
    late = world.post.value("SELECT id FROM member WHERE full_name = 'Lê Văn An'")
    more = [*entry["attendance"], {"member_id": late, "status": "absent"}]
    records.save(world.post, "meeting", {"attendance": more}, row_id)
    with pytest.raises(NeedsConfirmation, match="4 đảng viên"):
        records.save(world.post, "meeting", {"attendance": []}, row_id)


def test_a_meeting_of_a_large_cell_is_saved_with_nobody_called(world: World) -> None:
    """The answer is stored in a bounded field, however many they are; and it stays."""
    here = cell(world)
    first = records.save(world.post, "member", {"full_name": "Trần Văn A", "party_cell_id": here})
    for n in range(111):
        world.post.db.execute(
            "INSERT INTO member (id, created_at, created_by, post_id, full_name, party_cell_id)"
            " SELECT ?, created_at, created_by, post_id, full_name || ?, party_cell_id FROM member WHERE id = ?",
            [new_id(str(world.post.identity.post_id)), n, first],
        )
    one = [{"member_id": first, "status": "present"}]
    row_id = records.save(world.post, "meeting", {"party_cell_id": here, "held_on": "2025-10-05"}, confirm=True)
    with pytest.raises(NeedsConfirmation, match="111 đảng viên"):
        records.save(world.post, "meeting", {"held_on": "2025-10-06", "attendance": one}, row_id)
    records.save(world.post, "meeting", {"held_on": "2025-10-06", "attendance": one}, row_id, confirm=True)
    records.save(world.post, "meeting", PLACE | {"attendance": one}, row_id)


def test_who_was_called_by_the_name_that_gave_way_is_called(world: World) -> None:
    """Binh was called; later his record is merged with the newer one."""
    entry = with_members(world, "Trần Văn Bình", "Siu Blêh", "Lê Văn An", "H'Hen Niê")
    row_id = records.save(world.post, "meeting", entry)
    stays = records.save(world.post, "member", {"full_name": "Trần Văn Bình Minh", "party_cell_id": cell(world)})
    records.save(world.post, "member", {"same_as_id": stays}, entry["attendance"][0]["member_id"], confirm=True)
    records.save(world.post, "meeting", {"held_on": "2025-10-06"}, row_id)


def test_the_figure_that_goes_and_the_meeting_that_moves_are_asked_about(world: World) -> None:
    well = records.save(world.post, "activity", {**WELL, "measures": ONE})
    with pytest.raises(NeedsConfirmation, match="số liệu"):
        records.save(world.post, "activity", {"measures": []}, well)
    records.save(world.post, "meeting", {"party_cell_id": cell(world), "held_on": "2025-10-05"})
    moved = records.save(world.post, "meeting", {"party_cell_id": cell(world), "held_on": "2025-11-05"})
    with pytest.raises(NeedsConfirmation, match="05/10/2025"):
        records.save(world.post, "meeting", {"held_on": "2025-10-20"}, moved)


def test_a_row_of_a_sheet_is_asked_about_too(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Ngày;Loại hoạt động;Nơi;Giếng;Hộ hưởng lợi\n5/10/2025;giếng khoan;Xã Ia Rvê;;\n"
        "6/10/1926;giếng khoan;Xã Ia Rvê;1;\n7/10/2025;giếng khoan;Xã Ia Rvê;1;99.999 hộ\n"
        "8/10/2025;giếng khoan;Xã Ia Rvê;1;40 người\n9/10/2025;giếng khoan;Xã Ia Rvê;1;hai chục hộ\n",
        encoding="utf-8",
    )
    outcome = importing.import_sheet(world.post, path, ImportOptions("activity"))
    assert [(row.line, words in row.reason) for row, words in zip(
        outcome.refused, ("số liệu", "06/10/1926", "99.999 hộ", "“người”"), strict=True,
    )] == [(2, True), (3, True), (4, True), (5, True)]  # fmt: skip
    (added,) = outcome.added
    assert sorted(m["amount"] for m in records.get(world.post, added.id).children["measures"]) == [1, 20]
    outcome = importing.import_sheet(world.post, path, ImportOptions("activity", confirm=True))
    assert [row.line for row in outcome.refused] == [5], "a wrong unit is refused, not asked about"


def test_a_day_of_an_extra_field_is_asked_about_too(world: World) -> None:
    field = {"activity_kind": "gieng_khoan", "code": "ban_giao", "name": "Ngày bàn giao", "field_type": "date"}
    field_id = records.save(world.hq, "kind_field", field)
    world.carry(world.hq, world.post)
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(world.post, "activity", {**WELL, "measures": ONE, "extras": {field_id: in_years(9)}})
    assert "năm nữa" in asked.value.fields["extras.0.value"]
    records.save(world.post, "activity", {**WELL, "measures": ONE, "extras": {field_id: "2025-11-05"}})


async def test_the_form_reads_words_and_asks_beside_the_field(world: World) -> None:
    async with form_driver(world.post, "activity", size=(80, 40)) as form:
        await form.type("gieng", "<enter>", "5/10/25", "<enter>", "ia rve", "<enter>", "<f2>")
        assert form.app.result == "open"
        assert "Chưa có số liệu nào" in form.text()
        form.row(world.post.value("SELECT id FROM measure WHERE code = 'ho_huong_loi'")).entry.focus()
        await form.type("40 người", "<f2>")
        assert form.app.result == "open"
        assert "“người”" in form.text()
        await form.type("<ctrl+u>", "hai chục hộ")
        assert "→ 20 hộ" in form.text()
        await form.type("<f2>")
        (figure,) = records.get(world.post, form.app.result).children["measures"]
        assert figure["amount"] == 20


def test_an_end_before_the_beginning_is_not_moved_a_year_on(world: World, run: Run) -> None:
    last = TODAY - timedelta(20)
    binh = records.save(world.post, "member", {"full_name": "Trần Văn Bình"})
    entry = {"member_id": binh, "party_cell_id": cell(world),
             "date_from": (TODAY - timedelta(10)).isoformat(), "date_to": f"{last.day}/{last.month}"}  # fmt: skip
    with pytest.raises(FieldappError) as refused:
        records.save(world.post, "introduction", entry)
    assert f"“{last.day}/{last.month}”" in refused.value.fields["date_to"]
    assert "trước ngày bắt đầu" in refused.value.fields["date_to"]
    code, _out, err = run("add", "matter", "--json", "-", stdin={**MATTER, "opened_on": "hn", "due_on": "tuần sau"})
    assert (code, "“tuần sau”" in err) == (1, True)
    code, out, _err = run("add", "matter", "--json", "-", stdin={**MATTER, "opened_on": "hn", "due_on": "3 ngày"})
    assert code == 0
    assert records.get(world.post, out.strip()).row["due_on"] == (TODAY + timedelta(3)).isoformat()
