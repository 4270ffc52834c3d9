"""A few questions in a box, answered together: passphrases, a new person, the code that headquarters reads out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.widgets.input import Selection

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.tui.screens.base import Dialog
from fieldapp.tui.widgets.footer import KeyFooter
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import clean


@dataclass(frozen=True)
class Question:
    """One line to be answered."""

    label: str
    hidden: bool = False
    field: str = ""
    """By which name errors mean this line"""
    value: str = ""
    """What it begins with"""


class AnswerField(TextField):
    """One answer; Enter goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Next"), key_display="Enter")]

    def mark(self, start: int, end: int) -> None:
        """Select a part of the answer: what is typed now takes its place."""
        self.selection = Selection(start, end)


class QuestionsDialog(Dialog):
    """Asks ``questions``. F2 calls ``finish`` with the answers in a thread; the window closes unless that fails."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "finish", _("Finish")),
        Binding("shift+tab", "app.focus_previous", _("Step back"), key_display="⇧Tab"),
        Binding("down", "app.focus_next", _("Next"), show=False),
        Binding("up", "app.focus_previous", _("Step back"), show=False),
    ]

    def __init__(self, title: str, questions: Sequence[Question]) -> None:
        super().__init__()
        self._title = title
        self._questions = questions

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(Content(self._title), classes="section")
            for question in self._questions:
                yield Static(Content(question.label), classes="line")
                yield AnswerField(question.value, password=question.hidden)
            yield Static(id="message", classes="problem", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        fields = self.query(AnswerField)
        next((field for field in fields if not field.value), fields.first()).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the work runs, it cannot be started again or closed."""
        return not (self.busy and action in ("finish", "close"))

    def finish(self, answers: Sequence[str]) -> Any:
        """Do the work, in a thread; the result dismisses the window. FieldappError is shown, and the questions stay."""
        raise NotImplementedError

    def action_finish(self) -> None:
        """Take the answers."""
        if not self.busy:
            self.busy = True
            self.refresh_bindings()
            self._say(_("One moment …"))
            self._run([clean(field.value) for field in self.query(AnswerField)])

    @work(thread=True)
    def _run(self, answers: Sequence[str]) -> None:
        try:
            result = self.finish(answers)
        except FieldappError as error:
            self.app.call_from_thread(self.refused, error)
        else:
            self.app.call_from_thread(self.dismiss, result)

    def refused(self, error: FieldappError) -> None:
        """Say what is wrong, and go to the line that it is about."""
        self.busy = False
        self.refresh_bindings()
        self._say(str(error))
        for question, field in zip(self._questions, self.query(AnswerField), strict=True):
            if question.field in error.fields:
                field.focus()
                break

    def _say(self, text: str) -> None:
        self.query_one("#message", Static).update(Content(text))


def agreed(passphrase: str, again: str) -> str:
    """The passphrase, if it was typed the same twice; FieldappError if not."""
    if passphrase != again:
        raise FieldappError(_("The two passphrases differ. Type them again."))
    return passphrase
