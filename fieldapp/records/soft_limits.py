"""Soft limits: the program asks once about an unusual value, and stores the answer with the row.

A row's ``confirmed`` holds the answers, one ``field=value`` a line: the question is not asked again until the value
changes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldapp.domain.amounts import format_amount, format_money
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Record, fields_of
from fieldapp.i18n import _


@dataclass(frozen=True)
class Question:
    """One question to the user; its answer is stored under ``field`` and ``value``."""

    field: str
    value: str
    sentence: str

    @property
    def answer(self) -> str:
        """The line in ``confirmed`` that stores the answer."""
        return f"{self.field}={self.value}"


def future_day_questions(record: Record, today: date) -> Iterable[Question]:
    """Questions about days in the future, in fields where past days are usual."""
    for shape in fields_of(type(record)):
        day = getattr(record, shape.name)
        if shape.past and day is not None and day > today:
            yield Question(
                shape.name,
                day.isoformat(),
                _("{day} is in the future. Is it right?").format(day=format_date(day)),
            )


def hard_limit_text(amount: int, limits: Mapping[str, Any]) -> str | None:
    """The sentence for an amount beyond ``minimum`` or ``maximum``, or None; all amounts in units of 10^-decimals."""
    if limits["minimum"] is not None and amount < limits["minimum"]:
        return _at_least(limits)
    if limits["maximum"] is not None and amount > limits["maximum"]:
        return _at_most(limits)
    return None


def limits_text(limits: Mapping[str, Any]) -> list[str]:
    """Sentences for the least and the greatest amount allowed, where there are such limits."""
    least = [_at_least(limits)] if limits["minimum"] is not None else []
    return least + ([_at_most(limits)] if limits["maximum"] is not None else [])


def _at_least(limits: Mapping[str, Any]) -> str:
    return _("At least {limit}.").format(limit=_limits_in_words(limits)(limits["minimum"]))


def _at_most(limits: Mapping[str, Any]) -> str:
    return _("At most {limit}.").format(limit=_limits_in_words(limits)(limits["maximum"]))


def soft_limit_question(field: str, amount: int, limits: Mapping[str, Any]) -> Iterable[Question]:
    """The question about an amount beyond the usual limits; all amounts in units of 10^-decimals."""
    shown = _limits_in_words(limits)
    low, high = limits["usual_minimum"], limits["usual_maximum"]
    if high is not None and amount > high:
        sentence = _("{amount} is unusually much: mostly at most {limit}. Is it right?")
        yield Question(field, str(amount), sentence.format(amount=shown(amount), limit=shown(high)))
    elif low is not None and amount < low:
        sentence = _("{amount} is unusually little: mostly at least {limit}. Is it right?")
        yield Question(field, str(amount), sentence.format(amount=shown(amount), limit=shown(low)))


def unanswered(questions: Iterable[Question], confirmed: str | None) -> list[Question]:
    """The questions that were not answered before, according to the row's ``confirmed``."""
    known = set((confirmed or "").split("\n"))
    return [q for q in questions if q.answer not in known]


def answered(questions: Iterable[Question]) -> str | None:
    """The ``confirmed`` of a row with all its questions answered."""
    return "\n".join(sorted({q.answer for q in questions})) or None


def _limits_in_words(limits: Mapping[str, Any]) -> Callable[[int], str]:
    unit = limits["unit_name"] or ""
    if unit == "đồng":
        return format_money
    return lambda amount: f"{format_amount(amount, limits['decimals'])} {unit}".strip()
