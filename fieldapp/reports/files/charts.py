"""Bar charts: the length of each bar, and what is written at it. The page draws them as SVG.

There is no library: a report needs only bars, and these are a few lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fieldapp.domain.amounts import format_amount
from fieldapp.reports.figure_names import once
from fieldapp.reports.figures import STAR, Figure
from fieldapp.reports.report import PlanProgress
from fieldapp.reports.tables import FigureLine

MOST_COLUMNS = 24
"""More months than these are shown as years"""
LONGEST = 6
"""Letters that fit above a vertical bar"""
WORDS = "…"
"""Stands above a vertical bar where records say an amount in words; the words are below the chart"""


@dataclass(frozen=True)
class Bar:
    """One bar."""

    label: str
    share: float
    """of the longest bar, or of the target: 0 to 100"""
    text: str
    """its value in words"""
    short: str = ""
    """the value in a form that fits above a vertical bar"""
    in_words: bool = False
    """records say it, or a part of it, in words"""
    shared: bool = False
    """others too have an amount of it"""


@dataclass(frozen=True)
class Chart:
    """The bars of one figure."""

    title: str
    unit: str
    bars: list[Bar]

    @property
    def told(self) -> str:
        """The chart in words, for people who cannot see it."""
        return "; ".join(f"{bar.label}: {bar.text}" for bar in self.bars if bar.text)

    @property
    def in_words(self) -> list[str]:
        """The bars with an amount in words, in full."""
        return [f"{bar.label}: {bar.text}" for bar in self.bars if bar.in_words]

    @property
    def shared(self) -> bool:
        """Whether the bars do not add up."""
        return any(bar.shared for bar in self.bars)


def months(titles: Sequence[str], line: FigureLine) -> Chart:
    """Vertical bars of one figure, by month (``1/2013``), or by year where there are many months."""
    labels, parts = list(titles), list(line.parts)
    if len(labels) > MOST_COLUMNS:
        labels, parts = _years(labels, parts)
    if len({label.rpartition("/")[2] for label in labels}) == 1:
        labels = [label.partition("/")[0] for label in labels]
    return Chart(line.figure.title, line.figure.unit, _bars(labels, parts))


def parts(titles: Sequence[str], line: FigureLine) -> Chart:
    """Horizontal bars of one figure by place or kind; parts without it are left out."""
    bars = [bar for bar in _bars(titles, line.parts) if bar.text]
    return Chart(line.figure.title, line.figure.unit, bars)


def plan(progress: Sequence[PlanProgress]) -> list[Bar]:
    """A bar for each target: how much of it was done."""
    return [
        Bar(f"{p.title}{f' · {p.post}' if p.post else ''} ({p.period.title})", float(min(p.percent, 100)), p.text)
        for p in progress
    ]


def _bars(labels: Sequence[str], figures: Sequence[Figure | None]) -> list[Bar]:
    most = max((f.value or 0 for f in figures if f), default=0) or 1
    return [
        Bar(label, 100 * (f.value or 0) / most, f.text, _short(f), bool(f.in_words), f.shared)
        if f
        else Bar(label, 0, "")
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
            in_words = once([*so_far.in_words, *figure.in_words])
            shared = so_far.shared or figure.shared
            summed[year] = replace(so_far, value=value, approximate=approximate, in_words=in_words, shared=shared)
        elif figure is not None:
            summed[year] = figure
    return list(summed), list(summed.values())


def _short(figure: Figure) -> str:
    """1.200, ~35,5tr, 2tỷ, 0,12tr: three digits of what is too long; 12… where records say more in words, and a star
    where others have an amount of it too."""
    marks = (WORDS if figure.in_words else "") + (STAR.strip() if figure.shared else "")
    if figure.value is None:
        return marks
    return ("~" if figure.approximate else "") + _in_short(figure.value, figure.decimals) + marks


def _in_short(value: int, decimals: int) -> str:
    """A number in at most ``LONGEST`` letters."""
    text = format_amount(value, decimals)
    if len(text) <= LONGEST and value < 10 ** (6 + decimals):
        return text
    scale, suffix = next(((e, s) for e, s in ((12, "ktỷ"), (9, "tỷ")) if value >= 10 ** (e + decimals)), (6, "tr"))
    digits = len(str(value)) - scale - decimals  # before the comma; none or fewer for 0,12tr
    places = min(max(3 - digits, 0), 2)
    exact = decimals + scale
    rounded = (value * 10**places + 10**exact // 2) // 10**exact
    while places and rounded % 10 == 0:
        rounded, places = rounded // 10, places - 1
    return format_amount(rounded, places) + suffix
