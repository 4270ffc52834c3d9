"""Words in place of a number: folded, in the spelling that occurs first; a record that says neither is no figure."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from field import Run, World

from fieldapp.reports import narrative
from fieldapp.reports.figures import behind, figures
from fieldapp.reports.query import Query, period_of
from fieldapp.reports.report import report

YEAR = Query(period_of("2013", date(2026, 1, 1)))


def relief(world: World, day: str, **figure: Any) -> str:
    """Record vehicles sent: by a number, by words, or about so many."""
    return world.well(
        activity_kind_id="thien_tai",
        date_from=day,
        measures=[{"measure_id": "luot_phuong_tien", **figure}],
    )


@pytest.mark.parametrize("days", permutations(("2013-02-01", "2013-03-01", "2013-04-01")))
def test_words_that_differ_in_capitals_and_marks_are_one(world: World, days: tuple[str, ...]) -> None:
    """In the spelling of the first day; what was recorded first makes no difference."""
    spelled = dict(zip(days, ("hàng chục", "Hàng chục", "HÀNG CHUC"), strict=True))
    for day, words in spelled.items():
        relief(world, day, note=words, approximate=True)
    relief(world, "2013-01-05", note="vài chiếc", approximate=True)
    relief(world, "2013-05-05", amount=12)
    (figure,) = figures(world.post, YEAR)
    assert figure.in_words == ["vài chiếc", spelled["2013-02-01"]]
    assert figure.text == f"12 phương tiện và vài chiếc phương tiện và {spelled['2013-02-01']} phương tiện"


def test_signs_alone_are_words_too(world: World) -> None:
    relief(world, "2013-01-05", note="???", approximate=True)
    relief(world, "2013-01-06", note="…", approximate=True)
    assert figures(world.post, YEAR)[0].in_words == ["???", "…"]


def test_a_plan_says_about_and_words_too(world: World, run: Run) -> None:
    """“khoảng 700 và hàng chục / 800”, in the report and for programs."""
    from fieldapp.records import records

    for measure in ("luot_phuong_tien", "gao_kg"):
        records.save(world.hq, "plan", {
            "date_from": "2013-01-01", "date_to": "2013-12-31", "measure_id": measure, "target": 80})  # fmt: skip
    relief(world, "2013-01-05", amount=70, approximate=True)
    relief(world, "2013-01-06", note="hàng chục", approximate=True)
    relief(world, "2013-01-07", note="Hàng chục", approximate=True)
    world.well(activity_kind_id="thien_tai", measures=[{"measure_id": "gao_kg", "note": "nhiều", "approximate": True}])
    world.carry(world.post, world.hq)
    said = {p.figure.code: p.text for p in report(world.hq, YEAR).plan}
    assert said == {"luot_phuong_tien": "khoảng 70 và hàng chục / 80 phương tiện (87%)", "gao_kg": "nhiều / 80 kg (0%)"}
    assert "khoảng 70 và hàng chục / 80" in run("report", "--period", "2013", home="hq")[1]
    assert "khoảng 70 và hàng chục / 80" in run("report", "--period", "2013", "--json", home="hq")[1]


def test_a_record_behind_a_figure_says_about(world: World) -> None:
    relief(world, "2013-01-05", amount=70, approximate=True)
    relief(world, "2013-01-06", note="hàng chục", approximate=True)
    (figure,) = figures(world.post, YEAR)
    assert [line.text(figure.decimals) for line in behind(world.post, YEAR, figure)] == ["khoảng 70", "hàng chục"]
    assert "hàng chục" in narrative.as_csv(report(world.post, YEAR))
