"""Messages in the user's language: English in the code, Vietnamese (the default) and others from ``locale/``."""

import gettext
import os
from functools import lru_cache
from pathlib import Path


def language() -> str:
    """The language in force: ``FIELDAPP_LANG``, else Vietnamese."""
    return os.environ.get("FIELDAPP_LANG") or "vi"


@lru_cache
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation("fieldapp", Path(__file__).parent / "locale", languages=[code], fallback=True)


def _(message: str) -> str:
    """The message in the user's language; the English one where it has no translation."""
    return _catalogue(language()).gettext(message) if message else ""


def counted(one: str, many: str, n: int, shown: str | None = None) -> str:
    """So many of something: ``one`` or ``many`` as the language wants it, with ``n`` filled in, or ``shown`` for it. A
    text with several numbers is put together of such parts."""
    return _catalogue(language()).ngettext(one, many, n).format(n=n if shown is None else shown)


def everywhere(message: str) -> set[str]:
    """The message in every language that the program has: what a sheet may say."""
    catalogues = sorted(path.name for path in (Path(__file__).parent / "locale").iterdir() if path.is_dir())
    return {message, *(_catalogue(code).gettext(message) for code in catalogues)}
