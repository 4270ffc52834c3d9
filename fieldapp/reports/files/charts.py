"""Charts of bars: how long each is and what is written at it. The page draws them as SVG.

No library: a report needs bars, and these are a few lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fieldapp.domain.amounts import format_amount, format_money
from fieldapp.reports.figures import Figure
from fieldapp.reports.report import PlanProgress
from fieldapp.reports.tables import FigureLine

MOST_COLUMNS = 24
"""More months than these stand together as years"""
LONGEST = 7
"""Letters that fit above an upright bar"""


@dataclass(frozen=True)
class Bar:
    """One bar."""

    label: str
    share: float
    """of the longest bar, or of the target: 0 to 100"""
    text: str
    """its value in words"""
    short: str = ""
    """what fits above an upright bar"""


@dataclass(frozen=True)
class Chart:
    """The bars of one figure."""

    title: str
    unit: str
    bars: list[Bar]

    @property
    def told(self) -> str:
        """The chart for people who do not see it."""
        return "; ".join(f"{bar.label}: {bar.text}" for bar in self.bars if bar.text)


def months(titles: Sequence[str], line: FigureLine) -> Chart:
    """One figure over the months (``1/2013``), over the years where there are many; upright bars."""
    labels, parts = list(titles), list(line.parts)
    if len(labels) > MOST_COLUMNS:
        labels, parts = _years(labels, parts)
    if len({label.rpartition("/")[2] for label in labels}) == 1:
        labels = [label.partition("/")[0] for label in labels]
    return Chart(line.figure.title, line.figure.unit, _bars(labels, parts))


def parts(titles: Sequence[str], line: FigureLine) -> Chart:
    """One figure over places or kinds, those without it left out; lying bars."""
    bars = [bar for bar in _bars(titles, line.parts) if bar.text]
    return Chart(line.figure.title, line.figure.unit, bars)


def plan(progress: Sequence[PlanProgress]) -> list[Bar]:
    """What was done of each target."""
    return [
        Bar(f"{p.title}{f' · {p.post}' if p.post else ''} ({p.period.title})", float(min(p.percent, 100)), p.text)
        for p in progress
    ]


def _bars(labels: Sequence[str], figures: Sequence[Figure | None]) -> list[Bar]:
    most = max((f.value or 0 for f in figures if f), default=0) or 1
    return [
        Bar(label, 100 * (f.value or 0) / most, f.text, _short(f)) if f else Bar(label, 0, "")
        for label, f in zip(labels, figures, strict=True)
    ]


def _years(labels: Sequence[str], parts: Sequence[Figure | None]) -> tuple[list[str], list[Figure | None]]:
    summed: dict[str, Figure | None] = {}
    for label, figure in zip(labels, parts, strict=True):
        year = label.rpartition("/")[2]
        so_far = summed.setdefault(year, None)
        if figure is not None and so_far is not None:
            value = None if so_far.value is None and figure.value is None else (so_far.value or 0) + (figure.value or 0)
            approximate = so_far.approximate or figure.approximate
            spoken = list(dict.fromkeys([*so_far.in_words, *figure.in_words]))
            summed[year] = replace(so_far, value=value, approximate=approximate, in_words=spoken)
        elif figure is not None:
            summed[year] = figure
    return list(summed), list(summed.values())


def _short(figure: Figure) -> str:
    """1.200, 35,5tr, 2tỷ; a star where it does not fit or is no number."""
    if figure.value is None:
        return "*"
    if figure.unit == "đồng":
        text = format_money(figure.value).removesuffix(" đồng").replace(" triệu", "tr").replace(" tỷ", "tỷ")
    else:
        text = format_amount(figure.value, figure.decimals)
    return text if len(text) <= LONGEST else "*"
