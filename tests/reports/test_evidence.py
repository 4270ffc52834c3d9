"""“6 giếng, trong đó 5 giếng có biên bản”: what the report says of photographs and minutes that kinds want."""

import json
from datetime import date
from pathlib import Path

import docx
import evidence_files as files
from field import Run, World, of_another_post

from fieldapp.records import attachments, records
from fieldapp.records.attachments import Prepared
from fieldapp.reports import narrative
from fieldapp.reports.evidence import Evidence
from fieldapp.reports.query import Query, period_of
from fieldapp.reports.report import Report, report
from fieldapp.store import blobs
from fieldapp.store.store import Store

TODAY = date(2013, 12, 31)


def told(store: Store, period: str = "2013", post: str | None = None) -> Report:
    return report(store, Query(period_of(period, TODAY), post=post, today=TODAY))


def of_wells(made: Report) -> Evidence:
    (found,) = made.evidence
    return found


def photo(number: int) -> Prepared:
    return Prepared("a.jpg", "image/jpeg", files.jpeg(number))


def minute(number: int) -> Prepared:
    return Prepared("bb.pdf", "application/pdf", files.pdf() + b"\n%" + str(number).encode())


def six_wells(world: World) -> list[str]:
    """Six wells; five of them have a minute, two a photograph."""
    wells = [world.well(date_from=f"2013-10-0{day}") for day in range(1, 7)]
    for number, well in enumerate(wells[:5]):
        attachments.add(world.post, well, [minute(number), *([photo(number)] if number < 2 else [])])
    return wells


def test_six_wells_five_with_a_minute(world: World, run: Run, tmp_path: Path) -> None:
    six_wells(world)
    text = narrative.as_text(told(world.post))
    assert "Bàn giao 6 giếng khoan cho 72 hộ" in text and "(trong đó 5 giếng có biên bản)." in text, text
    assert "Hoạt động cần ảnh, biên bản: đủ ảnh 2/6; đủ biên bản 5/6." in text
    world.carry(world.post, world.hq)
    out = tmp_path / "a.docx"
    assert run("report", "--period", "2013", "--format", "docx", "--out", out, home="hq")[0] == 0
    letter = "\n".join(p.text for p in docx.Document(str(out)).paragraphs).replace("\N{NO-BREAK SPACE}", " ")
    assert "(trong đó 5 giếng có biên bản)" in letter
    (found,) = json.loads(run("report", "--period", "2013", "--json", home="hq")[1])["evidence"]
    assert (found["amount"], found["amount_with_minutes"], found["amount_with_photographs"]) == (6, 5, 2)


def test_all_have_it_and_none_has_it(world: World) -> None:
    well = world.well()
    text = narrative.as_text(told(world.post))
    assert "có biên bản" not in text and "đủ ảnh 0/1; đủ biên bản 0/1" in text  # nothing is claimed, all is counted
    attachments.add(world.post, well, [minute(1)])
    assert "Bàn giao 1 giếng khoan cho 12 hộ (có biên bản)." in narrative.as_text(told(world.post))
    attachments.add(world.post, world.well(date_from="2013-10-06"), [minute(2)])
    assert "Bàn giao 2 giếng khoan cho 24 hộ (đều có biên bản)." in narrative.as_text(told(world.post))


def test_whether_a_file_has_arrived_is_said_apart(world: World) -> None:
    """At headquarters, where bytes come later than rows; and where they were lost."""
    well = world.well()
    attachments.add(world.post, well, [minute(1), photo(1)])
    world.carry(world.post, world.hq)
    assert (of_wells(told(world.hq)).with_minutes, of_wells(told(world.hq)).not_arrived) == (1, 0)
    blobs.remove(world.hq, attachments.of_record(world.hq, well)[0].sha256)
    made = told(world.hq)
    assert (of_wells(made).with_minutes, of_wells(made).not_arrived) == (1, 1)
    assert "tệp của 1 hoạt động chưa đến đủ" in narrative.as_text(made)


def test_a_joint_deed_has_what_any_of_its_records_has(world: World) -> None:
    wells = [world.well(date_from="2013-10-05", joint_reference="05/KH") for _ in range(2)]
    world.carry(world.post, world.hq)
    of_another_post(world.hq, wells[1])
    assert (of_wells(told(world.hq)).activities, of_wells(told(world.hq)).with_minutes) == (1, 0)
    attachments.add(world.post, wells[0], [minute(1)])
    world.carry(world.post, world.hq)
    whole = of_wells(told(world.hq))
    assert (whole.activities, whole.with_minutes, whole.amount, whole.amount_with_minutes) == (1, 1, 1, 1)
    other = of_wells(told(world.hq, post="IALOP"))
    assert (other.activities, other.with_minutes) == (1, 1)


def test_a_kind_without_works_is_counted_by_activities(world: World) -> None:
    kind = world.hq.value("SELECT id FROM activity_kind WHERE code = 'kham_chua_benh'")
    records.save(world.hq, "activity_kind", {"minutes_wanted": 1}, kind)
    world.carry(world.hq, world.post)
    visits = [
        world.well(activity_kind_id="kham_chua_benh", date_from=f"2013-10-1{day}",
                   measures=[{"measure_id": "luot_kham", "amount": 100}])
        for day in range(3)
    ]  # fmt: skip
    attachments.add(world.post, visits[0], [minute(1)])
    assert "(trong đó 1 hoạt động có biên bản)" in narrative.as_text(told(world.post))


def test_where_some_works_are_told_in_words_activities_are_counted(world: World) -> None:
    """“1 giếng và hàng chục giếng” have no minute because that of the one is there."""
    attachments.add(world.post, world.well(), [minute(1)])
    world.well(date_from="2013-10-06", measures=[{"measure_id": "gieng", "note": "hàng chục"}])
    text = narrative.as_text(told(world.post))
    noted = "(chưa kể hàng chục giếng chưa có số liệu cụ thể; trong đó 1 hoạt động có biên bản)"
    assert f"1 giếng khoan cho 12 hộ {noted}" in text, text


def test_voided_and_returned_records_and_other_periods_are_left_out_as_of_all_figures(world: World) -> None:
    wells = six_wells(world)
    records.void(world.post, wells[0], "nhầm")
    assert (of_wells(told(world.post)).activities, of_wells(told(world.post)).with_minutes) == (5, 4)
    assert told(world.post, "2013-11").evidence == []
    assert [e.activities for e in told(world.post, "2013-10").evidence] == [5]
