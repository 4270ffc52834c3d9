"""The plans of all posts as a file: a workbook, whose first sheet can be imported again, or CSV."""

import io
from collections.abc import Iterator
from pathlib import Path

from fieldapp.i18n import _
from fieldapp.records.plans import AimWords, PlanCell
from fieldapp.reports.figures import Figure
from fieldapp.reports.files.write import save_file
from fieldapp.reports.narrative import csv_text
from fieldapp.reports.plan_table import PlanState, PlanTable
from fieldapp.store import leftovers, people
from fieldapp.store.store import Store


def save_plans_file(store: Store, table: PlanTable, out: Path) -> None:
    """Write the new file ``out``, CSV or else a workbook by its ending; FieldappError where that fails."""
    people.check(store, people.Act.REPORT_FILES)
    leftovers.remember(store, out.parent)
    save_file(out, plans_csv(table).encode("utf-8-sig") if out.suffix.lower() == ".csv" else plans_xlsx(table))


def plans_xlsx(table: PlanTable) -> bytes:
    """The bytes of a workbook: the targets, posts by what is planned; then each with what was done."""
    import xlsxwriter

    from fieldapp.reports.files.xlsx import CellValue, Sheets

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    title = f"{_('Plans of the posts')}: {table.period.title}"
    sheets = Sheets(book)
    head = [_("Post"), *(_heading(words) for _aim, words in table.columns)]
    rows: list[list[CellValue]] = [
        [name, *(_number(table.states[PlanCell(post, aim)].target, words) for aim, words in table.columns)]
        for post, name in table.posts
    ]
    note = _("Change figures and import the sheet: an empty cell leaves the plan that is there.")
    sheets.write(_("Planned"), title, [note], head, rows, (30, *([16] * len(table.columns))))
    head = [_("Post"), _("Target"), _("Unit of measure"), _("Planned"), _("Done"), "%", _("Forecast"), _("Forecast, %")]
    note = _(
        "Forecast: what was done, divided by the days of the period that have begun, times all its days. It is empty"
        " where no record gives a number: unknown is not zero."
    )
    rows = [
        [name, words.title, words.unit, _number(state.target, words), state.done, state.percent,
         _number(state.forecast, words), state.forecast_percent]
        for name, words, state in _states(table)
    ]  # fmt: skip
    sheets.write(_("Done"), title, [note], head, rows, (30, 36, 16, 16, 20, 8, 16, 12))
    book.close()
    return out.getvalue()


def plans_csv(table: PlanTable) -> str:
    """One line for each post and target; amounts in units of 10^-decimals, as in the other CSV files."""
    head = ["post", "title", "unit", "decimals", "target", "done", "approximate", "in_words", "percent", "forecast",
            "forecast_percent"]  # fmt: skip
    return csv_text(head, (
        [name, words.title, words.unit, words.decimals, state.target, state.done.value, int(state.done.approximate),
         "; ".join(state.done.in_words), state.percent, state.forecast, state.forecast_percent]
        for name, words, state in _states(table)
    ))  # fmt: skip


def _states(table: PlanTable) -> Iterator[tuple[str, AimWords, PlanState]]:
    """What is planned or done."""
    for post, name in table.posts:
        for aim, words in table.columns:
            state = table.states[PlanCell(post, aim)]
            if state.target is not None or state.done.text:
                yield name, words, state


def _heading(words: AimWords) -> str:
    return f"{words.title} ({words.unit})"


def _number(value: int | None, words: AimWords) -> Figure | None:
    return None if value is None else Figure("", "", "", value, words.decimals, "")
