"""Messages in the user's language: English in the code, Vietnamese (the default) and others from ``locale/``."""

import gettext
import os
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

_language: ContextVar[str | None] = ContextVar("fieldapp_language", default=None)


def use_language(code: str) -> None:
    """Say which language ``_`` answers in from now on, in this context (``vi``, ``en``)."""
    _language.set(code)


def language() -> str:
    """The language in force: what was chosen, else ``FIELDAPP_LANG``, else Vietnamese."""
    return _language.get() or os.environ.get("FIELDAPP_LANG") or "vi"


@lru_cache
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation("fieldapp", Path(__file__).parent / "locale", languages=[code], fallback=True)


def _(message: str) -> str:
    """The message in the user's language; the English one where it has no translation."""
    return _catalogue(language()).gettext(message) if message else ""
