"""The figures of a period, as they stand now; each opens the records behind it."""

from datetime import timedelta
from itertools import groupby
from typing import ClassVar

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.i18n import _
from fieldapp.reports import narrative
from fieldapp.reports.figures import Figure
from fieldapp.reports.query import PARTY_TERM, Period, Query
from fieldapp.reports.report import PlanProgress, Report, report
from fieldapp.store import wall
from fieldapp.tui.screens.beside import Beside
from fieldapp.tui.screens.period_finder import PeriodFinder, months_from, periods_to_report

REPORTED_UNTIL = 7
"""Days of a month in which headquarters still reports of the month before"""
FIRST_YEAR, LAST_YEAR = 1901, 2099
"""Of the periods that ``period_of`` reads and that have one before them"""


class FigureList(OptionList):
    """The figures; Enter opens the records behind one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", _("Open"), key_display="Enter"),
        Binding("left", "screen.move(-1)", _("Before"), key_display="←"),
        Binding("right", "screen.move(1)", _("After"), key_display="→"),
    ]


class ReportScreen(Beside):
    """One period; the arrows go to the period before or after."""

    CHANGES = frozenset({"file", "other"})
    DELIVERS = frozenset({"file"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "file", _("File")),
        Binding("f4", "length", _("Period")),
        Binding("f7", "units", _("Areas")),
        Binding("f8", "bars", _("Bars")),
        Binding("tab", "other", _("Its text"), key_display="Tab"),
        Binding("f5", "app.moved('bars')", show=False),
        Binding("f6", "app.moved('units')", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._period = months_from(wall.today().year, 1, 12)
        self._now = False
        self._figures: dict[str, Figure] = {}
        self._plans: dict[str, PlanProgress] = {}
        self._made: Report | None = None

    @property
    def _query(self) -> Query:
        return Query(self._period, view="now" if self._now else "then", today=wall.today())

    def body(self) -> ComposeResult:
        if self.store.identity.role == "hq":  # opened for the month of which the posts report now
            reported = wall.today() - timedelta(days=REPORTED_UNTIL)
            self._period = months_from(reported.year, reported.month, 1)
        yield Static(id="what", classes="section", markup=False)
        yield FigureList(id="figures", markup=False)
        yield Static(id="left-out", classes="line", markup=False)

    def renew(self) -> None:
        made = self._made = report(self.store, self._query)
        view = _("In today's units") if self._now else _("In the units of the time")
        self.query_one("#what", Static).update(Content(f"{_('REPORT ON RESULTS')}: {made.query.period.title} · {view}"))
        self._list(made)
        self.query_one("#left-out", Static).update(
            Content("\n".join([*narrative.left_out(made), *narrative.received(made)][:4]))
        )

    def _list(self, made: Report) -> None:
        figures = self.query_one("#figures", OptionList)
        at = figures.highlighted
        figures.clear_options()
        self._figures, self._plans = {}, {}
        before = {(f.section, f.code): f.text for f in made.before}
        if before:
            heads = _columns("", _("This period"), _("period before"))
            figures.add_option(Option(heads, disabled=True))
        for section, group in groupby(narrative.in_order(made.figures), key=lambda f: f.section):
            figures.add_option(Option(Text(_(narrative.HEADINGS[section]), style="bold"), disabled=True))
            for figure in group:
                key = f"{section}.{figure.code}"
                self._figures[key] = figure
                was = before.get((section, figure.code), "")
                text = figure.text
                if made.is_disputed(figure):
                    text = f"{text} ({_('provisional')})"
                figures.add_option(Option(_columns(figure.title, text, was), id=key))
        for number, plan in enumerate(made.plan):
            title = f"{_('Plan')}: {plan.title}{f' · {plan.post}' if plan.post else ''}"
            self._plans[f"plan.{number}"] = plan
            figures.add_option(Option(_columns(title, plan.text, ""), id=f"plan.{number}"))
        for heading, lines in (
            (_("Tasks of the agreements"), [(narrative.task_title(t), t.text) for t in made.tasks]),
            (_("Late with"), [(late.text, "") for late in made.late]),
        ):
            if lines:
                figures.add_option(Option(Text(heading, style="bold"), disabled=True))
            for title, text in lines:
                figures.add_option(Option(_columns(title, text, ""), disabled=True))
        if not made.figures:
            figures.add_option(Option(Content(_("Nothing is recorded in this period.")), disabled=True))
        figures.highlighted = min(at, figures.option_count - 1) if at is not None else None
        if figures.highlighted is None or figures.get_option_at_index(figures.highlighted).disabled:
            figures.action_first()
        figures.focus()

    def _counted(self, chosen: str) -> tuple[Query, Figure]:
        """What the line with this id counts, and of when."""
        if chosen in self._plans:
            return self._plans[chosen].query, self._plans[chosen].figure
        return self._query, self._figures[chosen]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        from fieldapp.tui.screens.figure_records import FigureRecordsScreen

        self.app.push_screen(FigureRecordsScreen(*self._counted(str(event.option.id))))

    def beside(self) -> RenderableType | None:
        from fieldapp.tui.screens.figure_records import figure_beside

        chosen = self.query_one("#figures", OptionList).highlighted_option
        return figure_beside(self.store, *self._counted(str(chosen.id))) if chosen is not None else None

    def action_move(self, step: int) -> None:
        """Go to the period before or after."""
        first, months = self._period.first, len(self._period.months())
        moved = months_from(first.year, first.month + step * months, months)
        if self._period != Period(*PARTY_TERM) and FIRST_YEAR <= moved.first.year <= LAST_YEAR:
            self._period = moved
            self.renew()

    def action_length(self) -> None:
        """Choose a month, quarter, half-year or year, or the party term."""

        def chosen(period: Period | None) -> None:
            if period is not None:
                self._period = period
                self.renew()

        self.app.push_screen(PeriodFinder(_("Which period?"), periods_to_report(wall.today())), chosen)

    def action_units(self) -> None:
        """Switch between the units of the time and those of today."""
        self._now = not self._now
        self.renew()

    def action_bars(self) -> None:
        """Show the figures as bars."""
        from fieldapp.tui.screens.dashboard import DashboardScreen

        at = self.query_one("#figures", OptionList).highlighted_option
        figure = self._figures.get(str(at.id)) if at is not None else None
        self.app.push_screen(DashboardScreen(self._query, (figure.section, figure.code) if figure else None))

    def action_other(self) -> None:
        """Write what the report says beside its figures."""
        from fieldapp.tui.screens.report_text import ReportTextScreen

        if self._made is not None:
            self.app.push_screen(ReportTextScreen(self._made))

    def action_file(self) -> None:
        """Write the report into a file for others."""
        from fieldapp.tui.screens.report_file import ReportFileScreen

        self.app.push_screen(ReportFileScreen(self._query))


def _columns(title: str, text: str, before: str) -> Table:
    """Title, figure, and the figure of the period before."""
    table = Table.grid(padding=(0, 1), expand=True)
    for ratio in (5, 3, 2):
        table.add_column(ratio=ratio)
    table.add_row(Text(f"  {title}"), Text(text, style="bold"), Text(f"({before})" if before else "", style="dim"))
    return table
