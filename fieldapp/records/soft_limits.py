"""Soft limits: the program asks once about an unusual value, and stores the answer with the row.

A row's ``confirmed`` holds the answers, one ``field=value`` a line: the question is not asked again until the value
changes.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from fieldapp.domain.amounts import format_amount, format_money
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Record, UsualYears, fields_of
from fieldapp.i18n import _
from fieldapp.vietnamese.letters import look_alikes


class Question(Struct, frozen=True):
    """One question to the user; its answer is stored under ``field`` and ``value``."""

    field: str
    value: str
    sentence: str
    yes: str = ""
    """what yes to it means, where that is more than that it is right"""

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


def unusual_value_questions(record: Record, today: date) -> Iterable[Question]:
    """Questions about single values: a day far from today, a year so, a name without a letter, letters of another
    alphabet, a great number."""
    for shape in fields_of(type(record)):
        value = getattr(record, shape.name)
        if value is None:
            continue
        if shape.type in ("date", "year"):
            sentence = far_off_text(value, shape.years, today, past=shape.past)
        elif shape.lettered and not any(map(str.isalpha, value)):
            sentence = _("“{name}” has no letter in it. Is it right?").format(name=value)
        elif shape.usual_maximum is not None and value > shape.usual_maximum:
            sentence = _unusually_much(f"{format_amount(value)} {shape.unit}", format_amount(shape.usual_maximum))
        elif shape.type in ("text", "long") and (words := look_alikes(value)):
            mixed = "".join(letter for _word, letters in words for letter in letters)
            yield Question(shape.name, f"letters {mixed}", _mixed(*words[0]))
            continue
        else:
            continue
        if sentence:
            yield Question(shape.name, str(value), sentence)


def _mixed(word: str, letters: Sequence[str]) -> str:
    sentence = _("“{word}” has letters of another alphabet that look like ours: {letters}. Is it right?")
    cyrillic, greek = _("Cyrillic"), _("Greek")
    named = (f"{c} ({cyrillic if 'CYRILLIC' in unicodedata.name(c) else greek})" for c in letters)
    return sentence.format(word=word, letters=", ".join(named))


def far_off_text(value: date | int, usual: UsualYears, today: date, *, past: bool = False) -> str | None:
    """The question about a day or a year that is unusually many years back or ahead.

    ``past``: about any day in the future it is asked elsewhere. A year is asked about if it is to come.
    """
    if isinstance(value, date):
        named, then, now = format_date(value), _parts(value), _parts(today)
    else:
        named, then, now = str(value), (value, 1, 1), (today.year, 1, 1)
    back, ahead = _whole_years(then, now), _whole_years(now, then)
    if back > usual.back:
        return _("{day} is {n} years back. Is it right?").format(day=named, n=back)
    if ahead >= (usual.ahead if isinstance(value, date) else 1) and not past:
        return _("{day} is {n} years ahead. Is it right?").format(day=named, n=ahead)
    return None


def _parts(day: date) -> tuple[int, int, int]:
    return day.year, day.month, day.day


def _whole_years(first: tuple[int, int, int], last: tuple[int, int, int]) -> int:
    """Whole years from a day to a later one; below zero where it is earlier."""
    return last[0] - first[0] - (last[1:] < first[1:])


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
        yield Question(field, str(amount), _unusually_much(shown(amount), shown(high)))
    elif low is not None and amount < low:
        sentence = _("{amount} is unusually little: mostly at least {limit}. Is it right?")
        yield Question(field, str(amount), sentence.format(amount=shown(amount), limit=shown(low)))


def _unusually_much(amount: str, limit: str) -> str:
    sentence = _("{amount} is unusually much: mostly at most {limit}. Is it right?")
    return sentence.format(amount=amount, limit=limit)


def raised_now(questions: Iterable[Question], old: Mapping[str, Any] | None, *, changed: bool) -> list[Question]:
    """The questions to ask about a record, and those whose answers stay with it. ``old``: its stored row.

    What stands in a record that is edited elsewhere was recorded before the program asked about it, or came from
    another laptop. Nobody is asked about it now: ``changed`` says whether the edit is about it.
    """
    known = set(((old and old.get("confirmed")) or "").split("\n"))
    return [q for q in questions if changed or q.answer in known]


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
