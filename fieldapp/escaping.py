"""Text that somebody else wrote, made safe to print, to export and to quote within a sentence.

A record, a bundle or a file name may hold anything. A terminal obeys escape sequences, and a spreadsheet computes what
looks like a formula (CSV injection): whatever prints or exports such text passes it through here.
"""

import unicodedata

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet may take for a formula"""

MAX_BRIEF = 100
"""Characters that are shown of a name: more than those have that the program gives"""
_QUOTES = str.maketrans("“”", "''")


def for_terminal(text: str) -> str:
    """Text as a terminal may print it: line feeds and tabs stay, other unprintable characters are replaced by a sign.

    Tabs separate the columns of a table; what records say has none (``vietnamese.text.clean``).
    """
    return "".join(c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def for_csv(cell: object) -> object:
    """A cell as a CSV file may hold it: a text that looks like a formula stands behind an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and looks_like_formula(cell) else cell


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula."""
    return text.startswith(FORMULA_STARTS)


def display_path(name: object) -> str:
    """A file's name or path as people are shown it: ``brief_text``, in quotes where it has a blank.

    Whoever gave the file its name cannot make it look like a sentence of the program, or hide one.
    """
    text = brief_text(str(name)).translate(_QUOTES)
    return f"“{text}”" if " " in text else text


def brief_text(text: str) -> str:
    """Text from outside within a sentence: one line of printable characters, without its middle where it is long."""
    text = for_terminal(" ".join(unicodedata.normalize("NFC", text).split()))
    return text if len(text) <= MAX_BRIEF else f"{text[: MAX_BRIEF // 2]}…{text[-MAX_BRIEF // 2 :]}"
