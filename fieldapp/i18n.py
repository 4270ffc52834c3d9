"""Messages in the user's language: English in the code, Vietnamese (the default) and others from ``locale/``."""

import gettext
import os
from functools import lru_cache
from pathlib import Path

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
"""The languages of the program, each by its own name"""

_SOURCES: dict[int, str] = {}
"""Identity of a translated text that the catalogues hold -> its message. They hold each text for good, and one for each
message, so that equal words of two messages are told apart"""


def speak(code: str) -> None:
    """Use this language from now on."""
    os.environ["FIELDAPP_LANG"] = code


def language() -> str:
    """The user's language: ``FIELDAPP_LANG``, else Vietnamese."""
    return os.environ.get("FIELDAPP_LANG") or "vi"


@lru_cache
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation("fieldapp", Path(__file__).parent / "locale", languages=[code], fallback=True)


def _(message: str) -> str:
    """The message in the user's language, or in English if it has no translation."""
    if not message:
        return ""
    text = _catalogue(language()).gettext(message)
    if text is not message:
        _SOURCES[id(text)] = message
    return text


def again(text: str) -> str:
    """A text that ``_`` gave, perhaps before the language was changed, in the language of now.

    The names of keys are given once, when their classes are made.
    """
    return _(_SOURCES.get(id(text), text))


def counted(one: str, many: str, n: int, shown: str | None = None) -> str:
    """A message with a number: ``one`` or ``many`` as the language needs, with ``n`` (or ``shown``) filled in.

    Build a text with several numbers from several such parts.
    """
    return _catalogue(language()).ngettext(one, many, n).format(n=n if shown is None else shown)


def everywhere(message: str) -> set[str]:
    """The message in every language of the program: the texts that a sheet may contain for it."""
    catalogues = sorted(path.name for path in (Path(__file__).parent / "locale").iterdir() if path.is_dir())
    return {message, *(_catalogue(code).gettext(message) for code in catalogues)}


def in_vietnamese(message: str) -> str:
    """The message in Vietnamese, whatever the user's language."""
    return _catalogue("vi").gettext(message)
