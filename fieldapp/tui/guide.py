"""The guide (``docs/guide``) as F1 shows it: the sections about the screen that is open.

Each section names its screens below its heading:

## Heading
<!-- F1: HomeScreen ListScreen -->      or * for every screen
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from fieldapp.i18n import language
from fieldapp.packaged import packaged

ORDER = ("soldier", "officer", "headquarters")
EVERYWHERE = "*"
_BY_COMMAND = re.compile(r" ?(?:Trên dòng lệnh|By command): .*?\.(?= |$)")
"""A sentence of the page that the screen leaves out: whoever presses F1 is told keys"""
_MARK = re.compile(r"<!-- F1: ([\w* ]+) -->")


@dataclass(frozen=True)
class GuideSection:
    """A part of the guide with its heading."""

    part: str
    """one of ``ORDER``: the readers it is for"""
    title: str
    screens: frozenset[str]
    """class names of the screens that it is about"""
    text: str
    """without markup: one line for each paragraph and entry"""


def guide_sections() -> list[GuideSection]:
    """The sections in the user's language, or in Vietnamese if there is no guide in it."""
    folder = packaged("guide") / language()
    if not folder.is_dir():
        folder = packaged("guide") / "vi"
    return [section for part in ORDER for section in _of(folder / f"{part}.md")]


def guide_for(screen: str, *, at_hq: bool) -> list[GuideSection]:
    """The sections about a screen, then those about every screen; headquarters' own part only if ``at_hq``."""
    found = [section for section in guide_sections() if at_hq or section.part != "headquarters"]
    return [s for s in found if screen in s.screens] + [s for s in found if EVERYWHERE in s.screens]


@cache
def _of(path: Path) -> tuple[GuideSection, ...]:
    return tuple(_sections(path))


def _sections(path: Path) -> Iterator[GuideSection]:
    for part in path.read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _newline, body = part.partition("\n")
        mark = _MARK.search(body)
        text = "\n".join(_lines(MarkdownIt().parse(_MARK.sub("", body)))).strip("\n")
        yield GuideSection(path.stem, title, frozenset(mark[1].split()) if mark else frozenset(), text)


def _lines(tokens: list[Token]) -> Iterator[str]:
    """Plain text of Markdown without markup: one line for each paragraph, and an empty line after it."""
    sign = ""
    for token in tokens:
        if token.type == "list_item_open":
            sign = "· "
        elif token.type == "bullet_list_close":
            yield ""
        elif token.type in ("code_block", "fence"):
            yield from ("  " + line for line in token.content.splitlines())
            yield ""
        elif token.type == "inline":
            text = "".join(" " if child.type == "softbreak" else child.content for child in token.children or []
                           if child.type != "image")  # fmt: skip
            text = _BY_COMMAND.sub("", text)
            if text:
                yield sign + text
            if text and token.level == 1:
                yield ""
            sign = ""
