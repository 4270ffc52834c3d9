"""The page: one file that asks for nothing, runs nothing, and draws what the figures say."""

import re
from dataclasses import replace
from datetime import date

from field import World
from report_files import EDE, Page, fill

from fieldapp.reports.figures import Figure
from fieldapp.reports.files import charts, document
from fieldapp.reports.files.html import html_bytes
from fieldapp.reports.query import Query, period_of
from fieldapp.reports.tables import FigureLine, table

YEAR = Query(period_of("2013", date(2026, 1, 1)))
FETCHES = {"link", "script", "iframe", "object", "embed", "img", "audio", "video", "source", "form", "base", "a"}


def page(world: World, query: Query = YEAR) -> tuple[str, Page]:
    data = html_bytes(document.make_document(world.hq, query, splits=True))
    return data.decode(), Page(data)


def test_nothing_leaves_the_file(world: World) -> None:
    fill(world)
    text, read = page(world)
    assert FETCHES.isdisjoint(tag for tag, _attributes in read.tags)
    assert not any(name.startswith("on") or name in ("src", "href", "action")
                   for _tag, attributes in read.tags for name in attributes)  # fmt: skip
    assert not re.search(r"url\(|@import|https?://", text)
    policies = [a["content"] for tag, a in read.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in read.tags
    assert "@media print" in text


def test_letters_arrive(world: World) -> None:
    world.well(date_from="2013-05-05", measures=[{"measure_id": "gieng", "note": EDE}])
    world.carry(world.post, world.hq)
    _text, read = page(world)
    assert EDE in read.data["works.gieng_khoan.gieng"][1]


def test_bars_are_as_long_as_the_figures_say(world: World) -> None:
    fill(world)
    made = table(world.hq, YEAR, "month")
    (line,) = [x for x in made.lines if x.figure.code == "gieng_khoan.gieng"]
    chart = charts.months(made.titles, line)
    assert [(b.label, b.share, b.short) for b in chart.bars if b.share] == [("3", 100, "1"), ("10", 100, "1")]
    visits = next(x for x in made.lines if x.figure.code == "luot_kham")
    assert [b.short for b in charts.months(made.titles, visits).bars if b.share] == ["2.385"]
    money = next(x for x in made.lines if x.figure.code == "tri_gia_kham")
    assert [b.short for b in charts.months(made.titles, money).bars if b.share] == ["70tr"]


def test_many_months_stand_together_as_years(world: World) -> None:
    fill(world)
    long = YEAR.over(period_of("2012", date(2026, 1, 1)))
    long = long.over(type(long.period)(date(2011, 1, 1), date(2013, 12, 31)))
    made = table(world.hq, long, "month")
    (line,) = [x for x in made.lines if x.figure.code == "gieng_khoan.gieng"]
    bars = charts.months(made.titles, line).bars
    assert [(b.label, b.text) for b in bars] == [("2011", ""), ("2012", "3 giếng"), ("2013", "2 giếng")]


def test_what_was_done_of_a_plan_is_drawn(world: World) -> None:
    fill(world)
    _text, read = page(world)
    assert "2.385 / 2.000 lượt (119%)" in read.text


def test_a_bar_says_that_its_value_is_about_so_much_or_has_words(world: World) -> None:
    figures: list[dict[str, object]] = [{"amount": 12}, {"amount": 34, "approximate": True}, {"note": "nhiều"}]
    for month, given in enumerate(figures, start=1):
        world.well(date_from=f"2013-0{month}-20", measures=[{"measure_id": "gieng", **given}])
    world.well(date_from="2013-04-20", measures=[{"measure_id": "gieng", "amount": 56}])
    world.well(date_from="2013-04-21", measures=[{"measure_id": "gieng", "note": "vài cái"}])
    found = table(world.post, YEAR, "month")
    chart = charts.months(found.titles, found.lines[0])
    assert [bar.short for bar in chart.bars[:4]] == ["12", "~34", "…", "56…"]
    assert chart.in_words == ["3: nhiều giếng", "4: 56 giếng và vài cái giếng"]
    assert (
        "… 3: nhiều giếng; 4: 56 giếng và vài cái giếng"
        in Page(html_bytes(document.make_document(world.post, YEAR, splits=True))).text
    )


def test_a_bar_has_its_number_however_long_it_is() -> None:
    amounts = {44612345: "44,6tr", 44600000: "44,6tr", 1234567890: "1,23tỷ", 612345: "0,61tr", 61234: "61.234",
               999999999: "1.000tr", 12 * 10**12: "12ktỷ"}  # fmt: skip
    found = [Figure("relief", "tien_mat", "", amount, 0, "đồng") for amount in amounts]
    line = FigureLine(found[0], list(found))
    bars = charts.months([f"{month}/2013" for month in range(1, len(found) + 1)], line).bars
    assert [bar.short for bar in bars] == list(amounts.values())


def test_a_star_is_only_at_what_does_not_add_up() -> None:
    """Two posts have an amount of one joint activity: the whole has it once."""
    figure = Figure("works", "gieng", "Giếng", 6, 0, "giếng")
    line = FigureLine(figure, [replace(figure, shared=True), figure])
    chart = charts.months(["1/2013", "2/2013"], line)
    assert [bar.short for bar in chart.bars] == ["6*", "6"]
    assert chart.shared


def test_on_a_phone_the_long_parts_fold_and_on_paper_all_is_there(world: World) -> None:
    """What folds stands behind its heading, not within it: a browser prints nothing of a closed element."""
    fill(world)
    text, read = page(world)
    folds = re.findall(r'<details class="fold"><summary>.*?</summary></details>\s*<div class="folded', text)
    assert len(folds) == text.count("<details") == text.count('"folded') >= 4
    assert not any("open" in attributes for tag, attributes in read.tags if tag == "details")
    (rule,) = re.findall(
        r"(@media [^{]*)\{(?:[^{}]*\{[^{}]*\})*?\s*\.fold:not\(\[open\]\) \+ \.folded \{ display: none; \}", text
    )
    assert rule.strip() == "@media screen and (max-width: 40rem)"
    outside = re.sub(r'<div class="folded.*?</section>', "", text, flags=re.DOTALL)
    assert "<table" not in outside
    assert "<figure" not in outside
