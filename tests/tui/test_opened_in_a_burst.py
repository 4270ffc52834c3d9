"""Keys that come in one burst with the one that opens a screen: fast typists, type-ahead on a slow disk."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import evidence_files
from field import World
from screen_driver import Running, ScreenDriver
from sync_state import second_laptop
from textual import events
from textual.screen import Screen
from textual.widgets import OptionList

from fieldapp.records import attachments, records
from fieldapp.records.reviews import Comment
from fieldapp.reports.figures import Figure, figures
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report as make_report
from fieldapp.store.store import Store
from fieldapp.sync.merge.merge import conflicts
from fieldapp.sync.merge.release import ToRelease
from fieldapp.sync.peers import peers
from fieldapp.tui import screens
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens import (
    attach_files,
    begin,
    coverage,
    dashboard,
    day,
    double_entry,
    duplicate,
    figure_records,
    finder,
    form,
    help,
    home,
    kind,
    laptops,
    letterhead,
    pack,
    papers,
    people,
    period_finder,
    place_finder,
    plans,
    quick,
    record,
    record_files,
    report,
    report_file,
    report_photos,
    report_text,
    review_list,
    review_overview,
    search,
    sheet,
    sheet_file,
    sync,
    templates,
    todo_sort,
    ways,
)
from fieldapp.tui.screens import (
    conflicts as deciding,
)
from fieldapp.tui.screens import (
    list as listing,
)
from fieldapp.tui.widgets.pick_list import Addition
from fieldapp.work import double_entry as keying

YEAR = Query(Period(date(2013, 1, 1), date(2013, 12, 31)))
Make = Callable[[World, Store], Screen[Any]]


def well_of(store: Store) -> str:
    return str(store.value("SELECT id FROM activity ORDER BY id LIMIT 1"))


def with_a_file(store: Store) -> str:
    well = well_of(store)
    if attachments.may_attach(store, well):  # not where the monkey has voided it
        photo = attachments.Prepared("IMG_0001.jpg", "image/jpeg", evidence_files.jpeg(1))
        attachments.add(store, well, [photo], "giếng số 6")
    return well


def first_figure(store: Store) -> Figure:
    """One of no records where the monkey has voided them."""
    return next(iter(figures(store, YEAR)), Figure("", "", "Giếng khoan", 0, 0, "giếng", measure_id="none"))


def report_with_a_photograph(store: Store) -> Query:
    with_a_file(store)
    return YEAR


def small_sheet(world: World) -> Path:
    path = world.root / "a.csv"
    path.write_text("Loại hoạt động,Ngày,Nơi\nGiếng khoan,05/10/2013,Ia Rvê\n", encoding="utf-8")
    return path


def compared(store: Store) -> keying.Comparison:
    found = records.get(store, well_of(store))
    return keying.Comparison(well_of(store), found, found, {}, [])


def drawn(store: Store) -> keying.SampledRecord:
    return keying.SampledRecord(well_of(store), "05/10/2013", "A", "open")


POST: dict[type[Screen[Any]], Make] = {
    home.HomeScreen: lambda _w, _s: home.HomeScreen(),
    todo_sort.TodoSortScreen: lambda _w, _s: todo_sort.TodoSortScreen("cells"),
    form.FormScreen: lambda _w, _s: form.FormScreen("activity"),
    form.ShortForm: lambda _w, _s: form.ShortForm(Addition("member", "", {"full_name": "Lê Văn C"})),
    quick.QuickScreen: lambda _w, _s: quick.QuickScreen("member"),
    listing.ListScreen: lambda _w, _s: listing.ListScreen("activity"),
    record.RecordScreen: lambda _w, s: record.RecordScreen(well_of(s)),
    record_files.RecordFilesScreen: lambda _w, s: record_files.RecordFilesScreen(with_a_file(s)),
    attach_files.AttachScreen: lambda _w, s: attach_files.AttachScreen(well_of(s)),
    search.SearchScreen: lambda _w, _s: search.SearchScreen(),
    sheet_file.SheetFileScreen: lambda _w, _s: sheet_file.SheetFileScreen("activity"),
    sheet_file.BatchesScreen: lambda _w, _s: sheet_file.BatchesScreen(),
    sheet.SheetScreen: lambda w, _s: sheet.SheetScreen("activity", small_sheet(w)),
    sheet.OneText: lambda _w, _s: sheet.OneText("Nơi"),
    search.NarrowFinder: lambda _w, s: search.NarrowFinder(s),
    sync.SyncScreen: lambda _w, _s: sync.SyncScreen(),
    report.ReportScreen: lambda _w, _s: report.ReportScreen(),
    period_finder.PeriodFinder: lambda _w, _s: period_finder.PeriodFinder(
        "Kỳ", period_finder.periods_to_report(YEAR.period.first)
    ),
    report_file.ReportFileScreen: lambda _w, _s: report_file.ReportFileScreen(YEAR),
    report_photos.ReportPhotosScreen: lambda _w, s: report_photos.ReportPhotosScreen(report_with_a_photograph(s)),
    report_text.ReportTextScreen: lambda _w, s: report_text.ReportTextScreen(make_report(s, YEAR)),
    letterhead.LetterheadScreen: lambda _w, _s: letterhead.LetterheadScreen(YEAR),
    papers.PaperScreen: lambda _w, s: papers.PaperScreen("activity", [well_of(s)]),
    papers.PaperTemplatesScreen: lambda _w, _s: papers.PaperTemplatesScreen(),
    papers.WordFileFinder: lambda _w, _s: papers.WordFileFinder(),
    dashboard.DashboardScreen: lambda _w, _s: dashboard.DashboardScreen(YEAR),
    figure_records.FigureRecordsScreen: lambda _w, s: figure_records.FigureRecordsScreen(YEAR, first_figure(s)),
    double_entry.SampleScreen: lambda _w, _s: double_entry.SampleScreen("activity"),
    double_entry.BlindForm: lambda _w, s: double_entry.BlindForm("activity", drawn(s), {}),
    double_entry.DifferencesScreen: lambda _w, s: double_entry.DifferencesScreen(compared(s), drawn(s)),
    double_entry.RatesScreen: lambda _w, _s: double_entry.RatesScreen(None),
    deciding.ConflictsScreen: lambda _w, _s: deciding.ConflictsScreen(),
    people.PeopleScreen: lambda _w, _s: people.PeopleScreen(),
    people.PassphraseScreen: lambda _w, s: people.PassphraseScreen(s),
    people.NewPersonScreen: lambda _w, s: people.NewPersonScreen(s),
    begin.BeginScreen: lambda w, _s: begin.BeginScreen(w.root / "new"),
    people.RecoverScreen: lambda _w, s: people.RecoverScreen(s.home, s.user),
    day.DayDialog: lambda _w, _s: day.DayDialog(),
    duplicate.MergeDialog: lambda _w, _s: duplicate.MergeDialog("?", [("a", "1")], [("a", "2")]),
    duplicate.DuplicateDialog: lambda _w, _s: duplicate.DuplicateDialog("?", [("a", "1")], [("a", "2")]),
    templates.TemplateMenu: lambda _w, s: templates.TemplateMenu(s, "activity"),
    ways.WayFinder: lambda _w, s: ways.WayFinder(s, "?", "write"),
    finder.Finder: lambda _w, _s: finder.Finder("?", [("", [(1, "a")])]),
    help.HelpScreen: lambda _w, _s: help.HelpScreen(home.HomeScreen()),
}
HQ: dict[type[Screen[Any]], Make] = {
    coverage.CoverageScreen: lambda _w, _s: coverage.CoverageScreen(),
    plans.PlansScreen: lambda _w, _s: plans.PlansScreen(),
    plans.PlanFileScreen: lambda _w, _s: plans.PlanFileScreen(),
    plans.PlanFinder: lambda _w, _s: plans.PlanFinder("?", [("", [(1, "a")])]),
    review_overview.ReviewOverviewScreen: lambda _w, _s: review_overview.ReviewOverviewScreen(),
    review_list.ReviewListScreen: lambda w, _s: review_list.ReviewListScreen("activity", w.post.identity.post_id or ""),
    place_finder.PlaceFinder: lambda _w, _s: place_finder.PlaceFinder([(Comment(""), "a")]),
    deciding.ReleaseScreen: lambda _w, _s: deciding.ReleaseScreen(ToRelease(3, 2099)),
    kind.KindForm: lambda _w, _s: kind.KindForm(),
    kind.KindPreviewScreen: lambda _w, _s: kind.KindPreviewScreen(lambda preview: preview.show("A", [], [])),
    laptops.LaptopsScreen: lambda _w, _s: laptops.LaptopsScreen(),
    laptops.LaptopScreen: lambda w, s: laptops.LaptopScreen(peers.others(s)[0]),
    laptops.RecoveryCodeScreen: lambda _w, _s: laptops.RecoveryCodeScreen("A", "12345 67890"),
    pack.PackScreen: lambda _w, _s: pack.PackScreen(),
}
BASES = {
    "OrderedKeys",
    "Page",
    "FilePage",
    "TodoPage",
    "SearchSoon",
    "Beside",
    "Dialog",
    "QuestionsDialog",
    "UnlockScreen",
    "LockScreen",
}
"""What is no screen by itself; the way in has bursts of its own in test_shell and test_lock"""


def set_at_odds(world: World) -> None:
    """Bring headquarters two texts of one field, by laptops that did not know of each other."""
    other = second_laptop(world)
    well = world.well()
    world.carry(world.post, other)
    for laptop, text in ((world.post, "sâu 60 m"), (other, "sâu 80 m")):
        records.save(laptop, "activity", {"description": text}, well)
    world.carry(world.post, world.hq)
    world.carry(other, world.hq)
    other.close()


def the_conflict(_world: World, store: Store) -> Screen[Any]:
    return deciding.ConflictScreen(conflicts(store)[0])


def every_screen() -> Iterator[type[Screen[Any]]]:
    for module in walk_packages(screens.__path__, "fieldapp.tui.screens."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Screen) and value.__module__.startswith("fieldapp"):
                yield value


def test_no_screen_is_forgotten() -> None:
    opened = {"ConflictScreen", *(screen.__name__ for screen in POST), *(screen.__name__ for screen in HQ)}
    assert {screen.__name__ for screen in every_screen()} - BASES == opened


async def burst(s: ScreenDriver, screen: Screen[Any], keys: Sequence[str]) -> None:
    """Open a screen; the keys are there before it is."""
    s.app.push_screen(screen)
    for name in keys:
        s.app.post_message(events.Key(name, name if len(name) == 1 else None))
    await s.press()
    assert s.app._exception is None
    assert s.app.is_running


async def test_at_a_post(world: World) -> None:
    world.well()
    await opened_and_left(world, world.root / "post", world.post, POST)


async def test_at_headquarters(world: World) -> None:
    set_at_odds(world)
    at_hq: dict[type[Screen[Any]], Make] = {**HQ, deciding.ConflictScreen: the_conflict}
    await opened_and_left(world, world.root / "hq", world.hq, at_hq)


async def opened_and_left(
    world: World, folder: Path, store: Store, screens_of: Mapping[type[Screen[Any]], Make]
) -> None:
    async with Running(FieldApp(folder, store.reopen())) as s:
        for make in screens_of.values():
            early = make(world, s.app.store)  # the footer may ask before the screen is mounted
            bindings = early._bindings.key_to_bindings
            for binding in (b for found in bindings.values() for b in found if "." not in b.action):
                name, _dot, arguments = binding.action.partition("(")
                early.check_action(name, (int(arguments[:-1]),) if arguments else ())
            for keys in (["escape"], ["x", "enter"]):
                await burst(s, make(world, s.app.store), keys)
                await left(s)


async def left(s: ScreenDriver) -> None:
    while len(s.app.screen_stack) > 2:
        s.app.pop_screen()
    await s.press()


async def test_a_line_that_is_entered_and_clicked_at_once_opens_one_screen(world: World) -> None:
    """Of two, one lies unseen below the other."""
    set_at_odds(world)
    lists = 0
    async with Running(FieldApp(world.root / "hq", world.hq.reopen())) as s:
        for make in HQ.values():
            screen = make(world, s.app.store)
            if not hasattr(screen, "on_option_list_option_selected"):
                continue
            s.app.push_screen(screen)
            await s.press()
            for lines in screen.query(OptionList):
                if lines.highlighted is not None and s.app.screen is screen:
                    lines.action_select()
                    lines.action_select()
                    await s.press()
            opened = [one for one in s.app.screen_stack[2:] if one is not screen]
            assert len(opened) <= 1, f"{screen} opened {opened}"
            lists += len(opened)
            await left(s)
    assert lists > 3


async def test_a_form_that_leads_on_closes_though_the_help_covered_it(world: World) -> None:
    """It is not mistaken for a screen below a window that was answered, which is not painted."""
    async with Running(FieldApp(world.root / "post", world.post.reopen())) as s:
        at = s.app.screen
        entered = form.FormScreen("activity")
        entered.goes_on = True
        s.app.push_screen(entered)
        await s.press("f1")
        entered.dismiss("id")
        await s.press("escape")
        assert s.app.screen is at
