"""The part of a form with rows of another table: a heading, and below it the widgets for such rows."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from fieldapp.domain.model import Child
from fieldapp.i18n import _
from fieldapp.tui.widgets.editor import Editor, problem_sign

MAX_UNSEEN = 5
"""Most rows that are named"""


class FormSection(Editor):
    """A titled editor of child rows, with a place for one problem that belongs to no single row."""

    HEADING: ClassVar[str] = ""
    """English message; empty: the name of the rows' book"""

    DEFAULT_CSS = """
    FormSection { height: auto; margin: 1 0 0 0; }
    FormSection > .title { text-style: bold; padding: 0 1; }
    FormSection > .problem { color: $text-error; text-style: bold; padding: 0 1; display: none; }
    FormSection.-wrong > .problem { display: block; }
    FormSection.-asked > .problem { color: $text-warning; }
    FormSection > .unseen { color: $text-warning; padding: 0 1; display: none; }
    FormSection.-unseen > .unseen { display: block; }
    """

    def __init__(self, key: str, child: Child) -> None:
        super().__init__(key)
        self.title = _(self.HEADING or child.model.PLURAL)
        self._heading = Static(Content(self.title), classes="title", markup=False)
        self._problem = Static(classes="problem", markup=False)
        self._unseen = Static(classes="unseen", markup=False)

    def compose(self) -> ComposeResult:
        yield self._heading
        yield self._problem
        yield self._unseen
        yield from self.compose_rows()

    def compose_rows(self) -> ComposeResult:
        """The widgets below the heading."""
        yield from ()

    def show_number(self, number: int) -> None:
        """Show the number of rows in the heading."""
        self._heading.update(Content(f"{self.title}: {number}" if number else self.title))

    def show_unseen(self, *said: tuple[str, Sequence[str]]) -> None:
        """Say which rows do not fit, and are not recorded: nothing is lost without a word.

        ``said``: a sentence with ``{lines}``, and the rows that it is about.
        """
        shown = []
        for sentence, lines in said:
            named = "; ".join([*lines[:MAX_UNSEEN], *(["…"] if len(lines) > MAX_UNSEEN else [])])
            shown += [f"· {sentence.format(lines=named)}"] if lines else []
        self._unseen.update(Content("\n".join(shown)))
        self.set_class(bool(shown), "-unseen")

    def show_problem(self, sentence: str | None, where: str = "", *, asks: bool = False) -> None:
        self.set_class(sentence is not None, "-wrong")
        self.set_class(asks, "-asked")
        self._problem.update(Content(f"{problem_sign(asks)} {sentence}" if sentence else ""))
