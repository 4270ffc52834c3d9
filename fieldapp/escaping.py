"""Text that somebody else wrote, made safe for a program that would take some of it for commands.

A record, a bundle or a file name may hold anything. A terminal obeys escape sequences, and a spreadsheet computes what
looks like a formula (CSV injection): whatever prints or exports such text passes it through here.
"""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet may take for a formula"""


def for_terminal(text: str) -> str:
    """Text as a terminal may print it: line feeds stay; all else that is not printable becomes a replacement sign."""
    return "".join(c if c == "\n" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def for_csv(cell: object) -> object:
    """A cell as a CSV file may hold it: a text that looks like a formula stands behind an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula."""
    return text.startswith(FORMULA_STARTS)
