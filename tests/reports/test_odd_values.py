"""Whatever a laptop may write, every report, list, export and publication answers: one odd value ends nothing."""

import json
from datetime import date
from pathlib import Path

import pytest
from field import Run, World
from hypothesis import example, given
from hypothesis import strategies as st
from odd_values import NO_DAY, carry_odd_rows

from fieldapp.domain import dates
from fieldapp.domain.records import BY_KIND, RECORDS
from fieldapp.records import history, records, reviews, rule_violations, view, words
from fieldapp.records.search import Filter, search_records
from fieldapp.reports import coverage
from fieldapp.sync.exchange import status
from fieldapp.sync.format.segment import INSTANT
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.list import ListScreen
from fieldapp.work import notices, review_hints, review_queue, todo

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 30)


@given(st.one_of(st.text(), st.from_regex(INSTANT, fullmatch=True)))
@example(NO_DAY)
@example("9999-12-31T23:59:59Z")
@example("0001-01-01T00:00:00Z")
def test_every_text_is_read_as_an_instant_or_as_none(text: str) -> None:
    moment = dates.read_instant(text)
    assert moment is None or moment.utcoffset() is not None
    assert isinstance(words.local_instant(text), str)


def test_instants_are_read_in_one_place() -> None:
    reading = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "fieldapp").rglob("*.py")
        if "datetime.fromisoformat" in path.read_text(encoding="utf-8")
    }
    assert reading == {str(Path("fieldapp/domain/dates.py"))}


@pytest.fixture
def odd(world: World) -> World:
    carry_odd_rows(world)
    return world


def test_every_report_and_list_answers_whatever_a_row_holds(odd: World, run: Run, tmp_path: Path) -> None:
    refusals = []

    def answers(*command: object, home: str = "hq") -> str:
        code, out, err = run(*command, home=home)
        if code != 0:
            refusals.append((home, command, err))
        return out

    for home in ("hq", "post"):
        for number, period in enumerate((("--period", "2024"), ("--from", "01/01/1900", "--to", "31/12/2100"))):
            if (home, number) == ("post", 0):
                continue  # its rows are in the other period too
            for form in ("text", "json", "csv"):
                answers("report", *period, "--format", form, home=home)
            # a table by month is of 2,400 columns: the writers are the same at a post, so there it is of some hundred
            written = period if home == "hq" else ("--from", "01/01/2010", "--to", "31/12/2030")
            for form in ("docx", "xlsx", "pdf", "html"):
                answers("report", *written, "--format", form, "--out", tmp_path / f"{home}-{number}.{form}", home=home)
            for by in ("post", "commune", "kind", "event", "ethnic_group"):
                answers("report", *period, "--by", by, home=home)
        for model in RECORDS:
            if model.TOP:
                assert isinstance(json.loads(answers("list", model.KIND, "--json", home=home) or "null"), list)
                answers("list", model.KIND, home=home)
        answers("todo", home=home)
        answers("sync", "status", home=home)
        answers("sync", "status", "--json", home=home)
        answers("sync", "export", tmp_path, home=home)
    for command in ("coverage", "conflicts", "quarantine", "replicas"):
        answers("hq", command)
    answers("hq", "open-data", tmp_path / "open")
    answers("hq", "open-data", tmp_path / "personal", "--personal")
    answers("doctor")
    assert refusals == []


def test_every_record_is_shown_whatever_it_holds(odd: World) -> None:
    for store in (odd.hq, odd.post):
        for model in RECORDS:
            kind = model.KIND
            if not model.TOP:
                continue
            rows = store.rows(f"SELECT id FROM {kind} ORDER BY id DESC LIMIT 250")
            for row in rows:
                found = records.get(store, row["id"])
                view.describe(store, found)
                records.as_data(found)
            for row in rows[-1:]:
                history.history_lines(store, history.history(store, row["id"]))
            if kind in reviews.REVIEWED:
                review_queue.review_queue(store, kind)
                review_hints.doubts_about(store, kind, [row["id"] for row in rows])
        rule_violations.violations(store)
        if store.identity.role == "hq":
            coverage.coverage(store, TODAY)
        todo.todo(store, TODAY)
        notices.exchange_sentences(status.exchange_status(store), store.identity.role)
        search_records(store, "", Filter(), limit=5000)


ROWS_OF_A_PAGE = 30


async def test_every_list_is_drawn_whatever_it_holds(odd: World) -> None:
    for home, store in (("hq", odd.hq), ("post", odd.post)):
        app = FieldApp(odd.root / home, store.reopen())
        async with app.run_test(size=(160, 40)) as pilot:
            for kind in (k for k, m in BY_KIND.items() if m.TOP):
                screen = ListScreen(kind)
                app.switch_screen(screen)
                await pilot.pause()
                there: int = store.value(f"SELECT count(*) FROM {kind} WHERE voided_at IS NULL")
                for _page in range(min(4, there // ROWS_OF_A_PAGE)):
                    await pilot.press("pagedown")
                assert screen._rows or there == 0
