"""Messages in the user's language: English in the code, Vietnamese (the default) and others from ``locale/``."""

import gettext
import os
from functools import lru_cache
from pathlib import Path


def language() -> str:
    """The user's language: ``FIELDAPP_LANG``, else Vietnamese."""
    return os.environ.get("FIELDAPP_LANG") or "vi"


@lru_cache
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation("fieldapp", Path(__file__).parent / "locale", languages=[code], fallback=True)


def _(message: str) -> str:
    """The message in the user's language, or in English if it has no translation."""
    return _catalogue(language()).gettext(message) if message else ""


def counted(one: str, many: str, n: int, shown: str | None = None) -> str:
    """A message with a number: ``one`` or ``many`` as the language needs, with ``n`` (or ``shown``) filled in.

    Build a text with several numbers from several such parts.
    """
    return _catalogue(language()).ngettext(one, many, n).format(n=n if shown is None else shown)


def everywhere(message: str) -> set[str]:
    """The message in every language of the program: the texts that a sheet may contain for it."""
    catalogues = sorted(path.name for path in (Path(__file__).parent / "locale").iterdir() if path.is_dir())
    return {message, *(_catalogue(code).gettext(message) for code in catalogues)}
