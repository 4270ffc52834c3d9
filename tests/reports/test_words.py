"""Words in place of a number: folded, in the spelling that occurs first; a record that says neither is no figure."""

from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from field import Run, World
from form_driver import form_driver, strokes
from textual.widgets import Static

from fieldapp.domain.assistance import ActivityMeasure
from fieldapp.errors import FieldappError
from fieldapp.records import lists, records
from fieldapp.reports import narrative
from fieldapp.reports.figures import behind, figures
from fieldapp.reports.query import Query, period_of
from fieldapp.reports.report import report
from fieldapp.sheets import importing
from fieldapp.store.store import Store
from fieldapp.tui.app import FieldApp
from fieldapp.work import double_entry

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


def test_things_in_words_have_no_unit_behind_them(world: World) -> None:
    """“20 bao xi măng”, and not “20 bao xi măng hiện vật”."""
    said = {"measure_id": "hien_vat_nhan", "note": "20 bao xi măng", "approximate": True}
    world.well(activity_kind_id="dia_phuong_giup_don", measures=[said])
    assert [f.text for f in figures(world.post, YEAR)] == ["20 bao xi măng"]


def test_a_plan_says_about_and_words_too(world: World, run: Run) -> None:
    """“khoảng 700 và hàng chục / 800”, in the report and for programs."""
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


# about, and nothing more --------------------------------------------------------------------------------------------

NOTHING: list[dict[str, Any]] = [{"approximate": True}, {"approximate": True, "note": " "},
                                 {"approximate": True, "amount": None, "measured_on": "2013-09-20"}]  # fmt: skip


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("way", ["add", "edit"])
def test_about_without_a_number_or_words_is_refused(world: World, run: Run, way: str, nothing: dict[str, Any]) -> None:
    measures = [{"measure_id": "luot_phuong_tien", **nothing}]
    entry = {"activity_kind_id": "thien_tai", "date_from": "2013-09-20", "unit_id": "24221", "measures": measures}
    there = relief(world, "2013-09-20", amount=12)
    call = ("add", "activity") if way == "add" else ("edit", there)
    code, _out, err = run(*call, "--json", "-", "--confirm", stdin={"measures": measures} if way == "edit" else entry)
    assert code == 1 and "hàng chục" in err and "--confirm" not in err
    assert figures(world.post, YEAR)[0].text == "12 phương tiện"


def test_so_it_is_in_double_entry(world: World) -> None:
    row_id = relief(world, "2013-09-20", amount=12)
    other = Store.open(world.root / "post", world.keys["post"], "B")
    keyed = records.as_data(records.get(other, row_id)) | {
        "measures": [{"measure_id": "luot_phuong_tien", **NOTHING[0]}]
    }
    with pytest.raises(FieldappError, match="hàng chục"):
        double_entry.compare_keying(other, row_id, keyed, confirm=True)
    other.close()


@pytest.mark.parametrize("typed", ["~", "khoảng", " Khoảng ", "~ @20/9/2013", "12 @20/9/2013; ~ @21/9/2013"])
async def test_so_it_is_on_the_form(world: World, typed: str) -> None:
    row_id = relief(world, "2013-09-20", amount=12)
    async with form_driver(world.post, "activity", row_id) as form:
        line = str(world.post.value("SELECT id FROM measure WHERE code = 'luot_phuong_tien'"))
        form.row(line).entry.focus()
        await form.type(typed, "<f2>", "<f2>")
        assert form.app.result == "open"
        assert "hàng chục" in " ".join(form.note(line).split())
    assert figures(world.post, YEAR)[0].text == "12 phương tiện"


async def test_so_it_is_in_quick_entry(world: World) -> None:
    app = FieldApp(world.root / "post", world.post)
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f4>", "<enter>", "<f6>", "gieng khoan", "<enter>")
        await strokes(pilot, "5/11/13", "<enter>", "ia rve", "<enter>", "~", "<f2>", "<f2>")
        assert lists.count(world.post, "activity") == 0
        assert str(app.screen.query_one("#message", Static).content).startswith("!")


@pytest.mark.parametrize("typed", ["~", "khoảng"])
def test_so_it_is_in_a_sheet(world: World, tmp_path: Path, typed: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Ngày\tLoại hoạt động\tNơi\tGiếng\n5/11/2013\tgieng_khoan\tIa Rvê\t{typed}\n", encoding="utf-8")
    outcome = importing.import_sheet(world.post, path, importing.ImportOptions("activity", confirm=True))
    assert outcome.added == []
    assert "hàng chục" in outcome.refused[0].reason


def test_from_an_older_version_it_counts_as_no_figure(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told beside the figures, and the record can be shown, corrected and reported on."""
    with monkeypatch.context() as older:
        older.setattr(ActivityMeasure, "rule_breaks", lambda _self: [])
        row_id = relief(world, "2013-09-20", approximate=True)
    world.carry(world.post, world.hq)
    assert figures(world.hq, YEAR) == []
    assert report(world.hq, YEAR).completeness.without_figure == 1
    assert run("show", row_id, "--history", home="hq")[0] == 0
    assert run("report", "--period", "2013", "--by", "month", home="hq")[0] == 0
    assert run("edit", row_id, "--json", "-", stdin={"hamlet": "Buôn A"})[0] == 0
    assert run("edit", row_id, "--json", "-", stdin={
        "measures": [{"measure_id": "luot_phuong_tien", "amount": 12}]})[0] == 0  # fmt: skip
    assert figures(world.post, YEAR)[0].text == "12 phương tiện"
