"""Text of given records that is written in the letters of an old Vietnamese font."""

from typing import Any

from fieldapp.errors import NeedsConfirmation
from fieldapp.escaping import brief_text
from fieldapp.i18n import _
from fieldapp.vietnamese.old_fonts import Converted, Written, convert

_NAMED = 5
"""Texts that are named in one sentence"""


def in_unicode(given: Any, *, confirm: bool) -> Any:
    """The given JSON with its old text in Unicode; NeedsConfirmation shows each before and after, unless ``confirm``.

    Texts under one key are taken to be written alike.
    """
    texts: list[Written] = []
    _collect(given, "", texts)
    changed = convert(texts)
    if not changed:
        return given
    found = {change.before: change for change in changed.values()}
    if not confirm:
        raise NeedsConfirmation(question(list(found.values())))
    return _replaced(given, {before: change.after for before, change in found.items()})


def question(changes: list[Converted]) -> str:
    """What to ask: each text before and after."""
    told = "; ".join(f"“{brief_text(c.before)}” → “{brief_text(c.after)}”" for c in changes[:_NAMED])
    sorts = ", ".join(sorted({change.encoding.value for change in changes}))
    return _("Written in letters of an old font, {sorts}: {texts}. It is recorded in Unicode if you confirm.").format(
        sorts=sorts, texts=told + ("; …" if len(changes) > _NAMED else "")
    )


def _collect(given: Any, key: str, texts: list[Written]) -> None:
    if isinstance(given, str):
        texts.append(Written(given, place=key))
    elif isinstance(given, dict):
        for name, value in given.items():
            _collect(value, str(name), texts)
    elif isinstance(given, list):
        for value in given:
            _collect(value, key, texts)


def _replaced(given: Any, texts: dict[str, str]) -> Any:
    if isinstance(given, str):
        return texts.get(given, given)
    if isinstance(given, dict):
        return {name: _replaced(value, texts) for name, value in given.items()}
    return [_replaced(value, texts) for value in given] if isinstance(given, list) else given
