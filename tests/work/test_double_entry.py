"""A second look by script: who may, what is drawn, what differs, and how often."""

import json

import pytest
from field import Run, World

from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.records import records
from fieldapp.work import double_entry

OTHER = "Lê Văn C"
WELL = {
    "activity_kind_id": "gieng_khoan",
    "date_from": "2013-10-05",
    "unit_id": "24221",
    "measures": [{"measure_id": "gieng", "amount": 1}, {"measure_id": "ho_huong_loi", "amount": 12}],
}


def by_another(world: World, count: int) -> list[str]:
    me, world.post.user = world.post.user, OTHER
    made = [world.well(date_from=f"2013-10-{day:02}") for day in range(1, count + 1)]
    world.post.user = me
    return made


def test_a_sample_is_drawn_by_its_seed_alone_and_a_larger_one_holds_it(world: World) -> None:
    by_another(world, 12)
    small, large, other = (
        [d.row_id for d in double_entry.draw_sample(world.post, "activity", size, seed)]
        for size, seed in ((4, "2026-11"), (8, "2026-11"), (8, "2026-12"))
    )
    assert large[:4] == small
    assert len(set(large)) == 8
    assert other != large
    assert len(double_entry.draw_sample(world.post, "activity", 100, "x")) == 12


def test_nobody_keys_again_what_he_wrote_in(world: World) -> None:
    (row_id,) = by_another(world, 1)
    records.save(world.post, "activity", {"hamlet": "Buôn Ba Na"}, row_id)
    with pytest.raises(FieldappError, match="người khác"):
        double_entry.compare_keying(world.post, row_id, WELL)
    assert double_entry.draw_sample(world.post, "activity", 1, "")[0].state == "own"


def test_keying_again_refuses_and_asks_as_recording_does_and_leaves_no_trace(world: World) -> None:
    (row_id,) = by_another(world, 1)
    before = world.post.value("SELECT count(*) FROM local_change")
    with pytest.raises(FieldappError) as refused:
        double_entry.compare_keying(world.post, row_id, {**WELL, "date_from": "2013-02-31"})
    assert "date_from" in refused.value.fields
    with pytest.raises(NeedsConfirmation):
        double_entry.compare_keying(world.post, row_id, {**WELL, "measures": [{"measure_id": "gieng", "amount": 99}]})
    made = double_entry.compare_keying(world.post, row_id, {**WELL, "date_from": "2013-10-01"})
    assert made.differences == []
    assert made.compared == {"unit_id": 1, "measures": 2}
    assert world.post.value("SELECT count(*) FROM local_change") == before
    assert world.post.value("SELECT count(*) FROM activity") == 1
    assert records.get(world.post, row_id).row["voided_at"] is None
    with pytest.raises(FieldappError, match="đã được gõ lại"):
        double_entry.compare_keying(world.post, row_id, WELL)


def test_rows_that_one_keying_lacks_differ_and_are_taken(world: World) -> None:
    (row_id,) = by_another(world, 1)
    entry = {**WELL, "hamlet": "Buôn Ba Na", "measures": [{"measure_id": "gieng", "amount": 2}]}
    made = double_entry.compare_keying(world.post, row_id, entry)
    assert [(d.field, bool(d.recorded), bool(d.keyed)) for d in made.differences] == [
        ("date_from", True, True),
        ("hamlet", False, True),
        ("measures", True, True),
        ("measures", True, False),
    ]
    double_entry.take_keyed(world.post, made, made.differences[1:])
    found = records.get(world.post, row_id)
    assert (found.row["hamlet"], found.row["date_from"]) == ("Buôn Ba Na", "2013-10-01")
    assert [row["amount"] for row in found.children["measures"]] == [2]


def test_days_keyed_again_leave_no_dated_figure_outside_without_a_word(world: World) -> None:
    part = {"measure_id": "gieng", "amount": 1, "measured_on": "2013-10-05"}
    me, world.post.user = world.post.user, OTHER
    row_id = world.well(measures=[part])
    world.post.user = me
    keyed = {**WELL, "date_from": "2013-10-06", "measures": [{**part, "measured_on": "2013-10-06"}]}
    made = double_entry.compare_keying(world.post, row_id, keyed)
    days = [d for d in made.differences if d.field == "date_from"]
    with pytest.raises(NeedsConfirmation, match="nằm ngoài"):
        double_entry.take_keyed(world.post, made, days)
    double_entry.take_keyed(world.post, made, made.differences)
    (row,) = records.get(world.post, row_id).children["measures"]
    assert row["measured_on"] == "2013-10-06"


def test_a_kind_keyed_again_asks_about_the_figures_that_it_does_not_have(world: World) -> None:
    """It said yes by itself: what was asked when it was keyed again was another thing."""
    me, world.post.user = world.post.user, OTHER
    row_id = world.well()
    world.post.user = me
    keyed = {**WELL, "activity_kind_id": "thien_tai", "measures": [{"measure_id": "gao_kg", "amount": 50}]}
    made = double_entry.compare_keying(world.post, row_id, keyed)
    kind = [d for d in made.differences if d.field == "activity_kind_id"]
    with pytest.raises(NeedsConfirmation, match="Giếng · 1; Hộ hưởng lợi · 12"):
        double_entry.take_keyed(world.post, made, kind)
    assert len(records.get(world.post, row_id).children["measures"]) == 2
    double_entry.take_keyed(world.post, made, kind, confirm=True)
    assert records.get(world.post, row_id).children["measures"] == []


def test_a_meeting_keyed_again_meets_no_rule_with_itself(world: World) -> None:
    me, world.post.user = world.post.user, OTHER
    member = records.save(world.post, "member", {"full_name": "Siu Blêh"})
    cell = world.post.value("SELECT id FROM party_cell")
    given = {"member_id": member, "party_cell_id": cell, "date_from": "2013-01-01"}
    row_id = records.save(world.post, "introduction", given)
    world.post.user = me
    made = double_entry.compare_keying(world.post, row_id, {**given, "role": "Bí thư"})
    assert [d.field for d in made.differences] == ["role"]


def test_the_command_line_draws_compares_and_says_how_often(world: World, run: Run) -> None:
    row_id, _other = sorted(by_another(world, 2))
    code, out, _err = run("rekey", "sample", "activity", "--size", 5, "--json")
    assert code == 0
    assert {d["state"] for d in json.loads(out)} == {"open"}
    code, out, _err = run("rekey", "enter", row_id, "--json", "-", stdin={**WELL, "hamlet": "Buôn [b]Khác[/]"})
    assert code == 0
    assert "(để trống) ≠ Buôn [b]Khác[/]" in out
    code, out, _err = run("rekey", "rates", "--json")
    rates = {rate["field"]: rate for rate in json.loads(out)}
    assert rates["hamlet"]["percent"] == 100
    assert (rates["measures"]["compared"], rates["measures"]["different"]) == (2, 0)
    assert "date_from" not in rates
    code, out, _err = run("rekey", "rates")
    assert out.splitlines()[-1].split()[-3:] == ["4", "1", "25,0"]
    code, _out, err = run("rekey", "enter", row_id, "--json", "-", stdin=WELL)
    assert code == 1
    assert "đã được gõ lại" in err
