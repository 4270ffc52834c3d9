"""A unit that was not there on the record's days is asked about, naming what came after it or before it."""

from pathlib import Path
from typing import Any

import pytest
from field import Run, World
from form_driver import form_driver

from fieldapp.errors import NeedsConfirmation
from fieldapp.records import records
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions
from fieldapp.store.store import Store

CUOR_KNIA, EA_NUOL, KRONG_ANA = "Xã Cuôr KNia", "Xã Ea Nuôl", "Huyện Krông A Na"
THEN, NOW = "2024-10-05", "2026-10-05"


def unit(store: Store, name: str, *, old: bool) -> str:
    """The id of a unit that ended in June 2025, or of one that began then."""
    found: str = store.value(
        "SELECT u.id FROM unit u JOIN unit p ON p.id = u.parent_id WHERE u.name LIKE ? AND (u.valid_to IS NOT NULL) = ?"
        " AND (p.code IN ('66', '647'))",
        [name, old],
    )
    assert found
    return found


def member(world: World) -> str:
    return records.save(world.post, "member", {"full_name": "Trần Văn Bình"}, confirm=True)


def dated(world: World, kind: str, unit_id: str, day: str) -> dict[str, Any]:
    """A record of the kind in a unit, on a day."""
    entries: dict[str, dict[str, Any]] = {
        "activity": {
            "activity_kind_id": "gieng_khoan", "date_from": day, "unit_id": unit_id,
            "measures": [{"measure_id": "gieng", "amount": 1}],
        },
        "household_charge": {"household": "Y Bình", "date_from": day, "unit_id": unit_id},
        "candidacy": {"body": "peoples_council", "level": "commune", "nominated_on": day, "unit_id": unit_id},
        "matter": {
            "matter_type": "support_request", "counterpart": "UBND xã", "subject": "Mượn hội trường",
            "opened_on": day, "unit_id": unit_id,
        },
        "self_management_group": {"name": "Tổ 1", "date_from": day, "unit_id": unit_id},
    }  # fmt: skip
    return entries[kind] | ({"member_id": member(world)} if kind in ("household_charge", "candidacy") else {})


KINDS = ("activity", "household_charge", "candidacy", "matter", "self_management_group")


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_that_had_ended_is_asked_about_and_its_successor_named(world: World, kind: str) -> None:
    entry = dated(world, kind, unit(world.post, CUOR_KNIA, old=True), NOW)
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(world.post, kind, entry)
    assert "30/06/2025" in asked.value.fields["unit_id"]
    assert EA_NUOL in asked.value.fields["unit_id"]
    row_id = records.save(world.post, kind, entry, confirm=True)
    assert records.save(world.post, kind, {"hamlet": "Buôn Knia"} if "hamlet" in entry else {}, row_id) == row_id


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_of_its_time_is_not_asked_about(world: World, kind: str) -> None:
    records.save(world.post, kind, dated(world, kind, unit(world.post, CUOR_KNIA, old=True), THEN))
    records.save(world.post, kind, dated(world, kind, unit(world.post, EA_NUOL, old=False), NOW))


def test_a_unit_that_had_not_begun_is_asked_about_and_what_was_there_before_named(world: World) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(world.post, "activity", dated(world, "activity", unit(world.post, EA_NUOL, old=False), THEN))
    sentence = asked.value.fields["unit_id"]
    assert "01/07/2025" in sentence
    assert "Xã Ea Bar · Huyện Buôn Đôn" in sentence
    assert CUOR_KNIA.casefold() in sentence.casefold()


def test_what_lasted_beyond_the_reform_may_be_in_either_unit(world: World) -> None:
    """A household in charge since 2024 is still in charge: today's commune is right, and so is the one of then."""
    for name, old in ((CUOR_KNIA, True), (EA_NUOL, False)):
        records.save(
            world.post, "household_charge", dated(world, "household_charge", unit(world.post, name, old=old), THEN)
        )
        lasting = dated(world, "activity", unit(world.post, name, old=old), THEN) | {"date_to": "2025-07-05"}
        records.save(world.post, "activity", lasting)


def test_a_district_names_what_its_communes_became(world: World, run: Run) -> None:
    """``Krông A Na`` in October 2026 went to a district that had ended in June 2025."""
    district = world.post.value("SELECT id FROM unit WHERE name = ? AND level = 'district'", [KRONG_ANA])
    given = dated(world, "activity", district, NOW)
    code, out, err = run("add", "activity", "--json", "-", stdin=given)
    assert (code, out) == (1, "")
    assert "Huyện Krông A Na" in err
    assert "30/06/2025" in err
    assert "Xã Krông Ana" in err
    assert "Xã Dur Kmăl" in err
    assert run("add", "activity", "--json", "-", "--confirm", stdin=given)[0] == 0


def test_a_later_change_of_the_day_asks_again_for_the_bodies_helped_too(world: World, run: Run) -> None:
    old, other = unit(world.post, CUOR_KNIA, old=True), unit(world.post, "Xã Ea Bar", old=True)
    entry = dated(world, "activity", old, THEN)
    row_id = records.save(world.post, "activity", entry | {"targets": [{"target_type": "commune", "unit_id": other}]})
    code, _out, err = run("edit", row_id, "--json", "-", stdin={"date_from": NOW})
    assert code == 1
    assert CUOR_KNIA.casefold() in err.casefold()
    assert "Xã Ea Bar · Huyện Buôn Đôn" in err
    assert records.get(world.post, row_id).row["date_from"] == THEN
    assert run("edit", row_id, "--json", "-", "--confirm", stdin={"date_from": NOW})[0] == 0
    assert run("edit", row_id, "--json", "-", stdin={"hamlet": "Buôn Knia"})[0] == 0, "the answer is kept"
    assert run("edit", row_id, "--json", "-", stdin={"date_from": "2026-10-06"})[0] == 1, "it is about that day"


def test_a_successor_that_is_none_of_the_unit_s_is_asked_about(world: World, run: Run) -> None:
    entry = dated(world, "activity", unit(world.post, CUOR_KNIA, old=True), THEN)
    code, _out, err = run("add", "activity", "--json", "-", stdin=entry | {"unit_now_id": "Xã Krông Ana"})
    assert code == 1
    assert "Xã Krông Ana" in err
    assert EA_NUOL in err
    right = run("add", "activity", "--json", "-", stdin=entry | {"unit_now_id": "Ea Nuôl"})
    assert right[0] == 0, "the name of a successor means the unit of today, whatever the day of the record"
    row = records.get(world.post, right[1].strip()).row
    assert row["unit_now_id"] == unit(world.post, EA_NUOL, old=False)
    moved = {"unit_id": world.post.value("SELECT id FROM unit WHERE name = 'Xã Ea Bông' AND valid_to IS NOT NULL")}
    assert run("edit", right[1].strip(), "--json", "-", stdin=moved)[0] == 1


def test_a_row_of_a_sheet_is_marked(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Ngày;Loại hoạt động;Nơi;Lượt người khám\n5/10/2026;khám bệnh;Xã Cuôr Knia, huyện Buôn Đôn;40\n"
        "5/10/2024;khám bệnh;Cuôr Knia;40\n",
        encoding="utf-8",
    )
    outcome = importing.import_sheet(world.post, path, ImportOptions("activity"))
    assert [row.line for row in outcome.added] == [3]
    (refused,) = outcome.refused
    assert refused.line == 2
    assert EA_NUOL in refused.reason
    assert importing.import_sheet(world.post, path, ImportOptions("activity", confirm=True)).refused == []


async def test_the_form_asks_beside_the_field_and_f2_again_says_yes(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "5/10/26", "<enter>", "cuor knia", "<enter>", "<f2>")
        assert form.app.result == "open"
        assert form.note("unit_id").startswith("?")
        assert EA_NUOL in form.note("unit_id")
        await form.type("<f2>")
        assert records.get(world.post, form.app.result).row["unit_id"] == unit(world.post, CUOR_KNIA, old=True)
