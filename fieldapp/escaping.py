"""Text that somebody else wrote, made safe to print, to export and to quote within a sentence.

A record, a bundle or a file name may contain anything. A terminal obeys escape sequences, and a spreadsheet computes
text that looks like a formula (CSV injection). So code that prints or exports such text must pass it through this
module.
"""

import unicodedata

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet may take a text for a formula if it begins with one of these"""

MAX_BRIEF = 100
"""Most characters that are shown of a name; names given by the program are shorter"""
_QUOTES = str.maketrans("“”", "''")


def for_terminal(text: str) -> str:
    """Text that is safe to print on a terminal: line feeds and tabs stay, other unprintable characters are replaced.

    Tabs separate the columns of a table; texts of records have none (``vietnamese.text.clean``).
    """
    return "".join(c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def for_csv(cell: object) -> object:
    """A cell that is safe in a CSV file: a text that looks like a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and looks_like_formula(cell) else cell


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula."""
    return text.startswith(FORMULA_STARTS)


def display_path(name: object) -> str:
    """A file's name or path for display: ``brief_text``, in quotes if it contains a space.

    So a file's name cannot look like a sentence of the program, or hide one.
    """
    text = brief_text(str(name)).translate(_QUOTES)
    return f"“{text}”" if " " in text else text


def brief_text(text: str) -> str:
    """Text from outside for use within a sentence: one line of printable characters; a long text loses its middle."""
    text = for_terminal(" ".join(unicodedata.normalize("NFC", text).split()))
    return text if len(text) <= MAX_BRIEF else f"{text[: MAX_BRIEF // 2]}…{text[-MAX_BRIEF // 2 :]}"
