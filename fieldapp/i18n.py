"""Messages in the user's language: English in the code, Vietnamese (the default) and others from ``locale/``."""

import csv
import gettext
import os
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from struct import unpack_from
from typing import Any

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
"""The languages of the program, each by its own name"""

_SOURCES: dict[int, str] = {}
"""Identity of a translated text that the catalogues hold -> its message. They hold each text for good, and one for each
message, so that equal words of two messages are told apart"""


class _Messages(dict[Any, str]):
    """Message, or (message, number of its plural form) -> text, each read from the file when it is first asked for.

    A start asks for one message in ten; reading all of them would take longer than the rest of it.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data
        self._number, self._ids, self._texts = unpack_from("<3I", data, 8)

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __missing__(self, key: Any) -> str:
        message, form = key if isinstance(key, tuple) else (key, None)
        wanted = message.encode("utf-8", "surrogatepass"), form is not None
        low, high = 0, self._number
        while low < high:  # they are sorted; a message with plural forms is stored as its singular, a zero, its plural
            middle = (low + high) // 2
            singular, zero, _plural = self._string(self._ids, middle).partition(b"\0")
            found = singular, bool(zero)
            if found == wanted:
                text = self._string(self._texts, middle)
                self[key] = (text if form is None else text.split(b"\0")[form]).decode()
                return self[key]
            low, high = (middle + 1, high) if found < wanted else (low, middle)
        raise KeyError(key)

    def _string(self, table: int, number: int) -> bytes:
        length, at = unpack_from("<2I", self._data, table + 8 * number)
        return self._data[at : at + length]


class _Catalogue(gettext.GNUTranslations):
    def _parse(self, fp: Any) -> None:
        self._catalog = _Messages(fp.read())
        rule = self._catalog[""].partition("; plural=")[2].partition(";")[0]
        self.plural = gettext.c2py(rule)


def speak(code: str) -> None:
    """Use this language from now on."""
    os.environ["FIELDAPP_LANG"] = code


def language() -> str:
    """The user's language: ``FIELDAPP_LANG``, else Vietnamese."""
    return os.environ.get("FIELDAPP_LANG") or "vi"


@lru_cache
def _catalogue(code: str) -> gettext.NullTranslations:
    folder = Path(__file__).parent / "locale"
    return gettext.translation("fieldapp", folder, languages=[code], class_=_Catalogue, fallback=True)


KNOWN = 10_000
"""Texts up to which those without a translation are remembered too: Textual names forty keys on each screen"""


class _Texts(dict[str, str]):
    """Message -> its text in one language, once it was asked for."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code

    def __missing__(self, message: str) -> str:
        text = _catalogue(self._code).gettext(message)
        if text is not message:
            self[message] = text
            _SOURCES[id(text)] = message
        elif len(self) < KNOWN:
            self[message] = message
        return text


@lru_cache
def _texts(code: str) -> _Texts:
    return _Texts(code)


def _(message: str) -> str:
    """The message in the user's language, or in English if it has no translation."""
    return _texts(language())[message] if message else ""


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
    """The message in every language of the program, and what earlier versions said in its place: the texts by which
    sheets, pasted ranges and templates of papers may name it."""
    catalogues = sorted(path.name for path in (Path(__file__).parent / "locale").iterdir() if path.is_dir())
    return {message, *(_catalogue(code).gettext(message) for code in catalogues), *_former().get(message, ())}


@cache
def _former() -> Mapping[str, set[str]]:
    """Message -> the labels of earlier versions, which people have in their files."""
    former: dict[str, set[str]] = {}
    with (Path(__file__).parent / "data" / "former_labels.csv").open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            former.setdefault(line["message"], set()).add(line["label"])
    return former


def in_vietnamese(message: str) -> str:
    """The message in Vietnamese, whatever the user's language."""
    return _catalogue("vi").gettext(message)
