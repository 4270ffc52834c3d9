"""The figures of an activity as people type them: a number, an approximate number, only words, or a number for each
part of the time."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fieldapp.domain.amounts import WrongUnitError, format_amount, parse_amount
from fieldapp.domain.dates import format_date, parse_date
from fieldapp.i18n import _
from fieldapp.vietnamese.text import tidy

APPROXIMATE = re.compile(r"^\s*(~|(?:khoảng|chừng|độ|tầm|ước|about)\b)\s*", re.IGNORECASE)

AT, BETWEEN = "@", ";"
"""Signs in ``120 @30/11; 80 @1/12``: 120 up to 30 November, 80 more up to 1 December"""

FigureData = dict[str, Any]
"""``measure_id``, ``amount``, ``approximate``, ``note``, ``measured_on``: a row as ``records.save`` takes it"""


def read_figures(text: str, measure: Mapping[str, Any], last: date) -> list[FigureData]:
    """The typed figures, without ``measure_id``: one, or one for each part. Raises ValueError with a sentence.

    ``last``: a day without a year is read as the latest such day up to ``last``.
    """
    words = tidy(text)
    if measure["nature"] == "text" and AT in words:
        try:
            return _parts(words, measure, last)
        except ValueError:
            return [_figure(words, measure)]
    counted = BETWEEN in words and measure["nature"] != "text" and any(c.isdigit() for c in words)
    return _parts(words, measure, last) if AT in words or counted else [_figure(words, measure)]


def _parts(words: str, measure: Mapping[str, Any], last: date) -> list[FigureData]:
    figures = []
    for part in filter(None, map(tidy, words.split(BETWEEN))):
        amount, at, day = map(tidy, part.rpartition(AT))
        if not at or not amount:
            raise ValueError(_("Give each part its day: 120 @30/11; 80 @1/12."))
        figures.append(_figure(amount, measure) | {"measured_on": parse_date(day, last).isoformat()})
    return figures


def _figure(words: str, measure: Mapping[str, Any]) -> FigureData:
    if measure["nature"] == "text":
        return {"amount": None, "approximate": False, "note": words, "measured_on": None}
    if not APPROXIMATE.sub("", words):
        raise ValueError(_("Give a number, or words in its place such as “hàng chục”."))
    number = APPROXIMATE.sub("", words)
    try:
        amount = parse_amount(number, measure["decimals"], measure["unit_name"], measure.get("name", ""))
    except ValueError as error:
        if isinstance(error, WrongUnitError) or any(character.isdigit() for character in words):
            raise
        return {"amount": None, "approximate": True, "note": words, "measured_on": None}
    return {"amount": amount, "approximate": number != words, "note": None, "measured_on": None}


def figures_typed(figures: Sequence[Mapping[str, Any]], measure: Mapping[str, Any]) -> str:
    """Stored figures of one measure as a person would have typed them."""
    return f"{BETWEEN} ".join(_figure_typed(figure, measure) for figure in figures)


def _figure_typed(figure: Mapping[str, Any], measure: Mapping[str, Any]) -> str:
    words = str(figure.get("note") or "")
    if figure.get("amount") is not None:
        sign = "~" if figure.get("approximate") else ""
        words = sign + format_amount(figure["amount"], measure["decimals"])
    day = figure.get("measured_on")
    return f"{words} {AT}{format_date(date.fromisoformat(str(day)))}" if day else words
