"""Before a void it is said which reports change, and by how much: the difference of the figures counted both ways."""

from datetime import date

import pytest
from field import World, of_another_post

from fieldapp.records import lists, records
from fieldapp.reports.figures import figures
from fieldapp.reports.query import Period, Query
from fieldapp.reports.void_effect import figure_sentences
from fieldapp.store import log, wall

GIENG = {"measure_id": "gieng", "amount": 1}


def said(world: World, kind: str, *ids: str) -> list[str]:
    """What is said about voiding some records; nothing is changed by saying it."""
    before = log.reached(world.post)
    sentences = figure_sentences(world.post, kind, ids, voided=True)
    assert log.reached(world.post) == before
    assert all(records.get(world.post, i).row["voided_at"] is None for i in ids)
    return sentences


def test_the_reports_that_are_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wall, "today", lambda: date(2026, 11, 30))
    store = world.post
    wells = [world.well(date_from=day, measures=[GIENG]) for day in ("2013-01-05", "2013-02-05", "2013-03-05")]
    assert said(world, "activity", wells[0]) == ["Báo cáo tháng 1/2013: Giếng khoan −1 giếng."]
    assert [line.split(":")[0] for line in said(world, "activity", *wells)] == [
        f"Báo cáo tháng {month}/2013" for month in (1, 2, 3)
    ]
    wells.append(world.well(date_from="2013-04-05", measures=[GIENG]))
    assert said(world, "activity", *wells) == ["Báo cáo năm 2013: Giếng khoan −4 giếng."]
    wells += [world.well(date_from=f"{year}-04-05", measures=[GIENG]) for year in (2014, 2015, 2016)]
    assert said(world, "activity", *wells) == ["Báo cáo từ ngày 01/01/2013 đến ngày 31/12/2016: Giếng khoan −7 giếng."]

    dated = [{**GIENG, "measured_on": "2017-01-31"}, {**GIENG, "measured_on": "2017-02-01"}]
    parts = world.well(date_from="2017-01-31", date_to="2017-02-01", measures=dated)
    assert said(world, "activity", parts) == [
        f"Báo cáo tháng {month}/2017: Giếng khoan −1 giếng." for month in (1, 2)
    ]  # fmt: skip
    roads = world.well(date_from="2018-05-05", measures=[{**GIENG, "amount": None, "note": "hàng chục"}])
    assert said(world, "activity", roads) == ["Báo cáo tháng 5/2018: Giếng khoan hàng chục giếng → —."]

    who = records.save(store, "member", {"full_name": "Lê Văn Sáu"})
    cell = lists.record_window(store, "party_cell").rows[0]["id"]
    rating = records.save(store, "member_rating", {"member_id": who, "year": 2019, "rating": "good"}, confirm=True)
    assert [line.split(":")[0] for line in said(world, "member_rating", rating)] == ["Báo cáo năm 2019"]
    stands = {"member_id": who, "body": "peoples_council", "level": "commune", "nominated_on": "2018-12-20"}
    chosen = {**stands, "outcome": "elected", "decided_on": "2019-02-01"}
    for entry, months in ((stands, ["12/2018"]), (chosen, ["12/2018", "2/2019"])):
        candidacy = records.save(store, "candidacy", entry, confirm=True)
        told = [line.split(":")[0] for line in said(world, "candidacy", candidacy)]
        assert told == [f"Báo cáo tháng {month}" for month in months]
        records.void(store, candidacy, "nhầm")
    about = {"member_id": who, "party_cell_id": cell, "date_from": "2018-01-01"}
    records.save(store, "introduction", about)
    assert [line.split(":")[0] for line in said(world, "member", who)] == ["Báo cáo năm 2019", "Báo cáo tháng 11/2026"]
    event = records.save(store, "event", {"name": "Lũ", "date_from": "2013-01-01"})
    assert said(world, "event", event) == []
    assert figure_sentences(world.hq, "party_cell", [cell], voided=True) == [], "it goes out of use, what was counts"


def test_of_a_joint_deed_the_other_post_speaks_and_that_is_the_difference(world: World) -> None:
    """A second record of one deed hides behind the first: voiding the first one takes away only what it adds."""
    joint = {"joint_reference": "KH 12", "date_from": "2013-10-05"}
    first = world.well(measures=[{**GIENG, "amount": 3}], **joint)
    month = Query(Period(date(2013, 10, 1), date(2013, 10, 31)))
    of_another_post(world.post, world.well(measures=[{**GIENG, "amount": 2}], **joint))
    (before,) = (f.value for f in figures(world.post, month) if f.measure_id)
    sentences = said(world, "activity", first)
    records.void(world.post, first, "nhầm")
    (after,) = (f.value for f in figures(world.post, month) if f.measure_id)
    assert (before, after) == (3, 2)
    assert sentences == ["Báo cáo tháng 10/2013: Giếng khoan −1 giếng."]
