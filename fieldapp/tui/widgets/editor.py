"""What a form needs of each of its parts, whatever they look like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static


@dataclass(frozen=True)
class FormContext:
    """What the other fields of the form say at this moment."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Key of a field -> its data: an id where one was chosen, else what was typed, else None"""
    on: date | None = None
    """The day that the record is about, once it is understood"""


def problem_sign(asks: bool) -> str:
    """What stands before a sentence beside a field: ``?`` where it asks, ``!`` where something is wrong."""
    return "?" if asks else "!"


class Editor(Vertical):
    """One part of a form: a field, or the rows of one sort that belong to the record.

    ``data`` is in the shape that ``records.save`` takes; ``typed`` is what a draft keeps, ``restore`` takes it back.
    """

    copies = True
    """Whether the previous record's value can be taken over."""

    DEFAULT_CSS = """
    Editor { height: auto; }
    Editor > .comment { color: $text-warning; text-style: bold; padding: 0 1; height: auto; }
    """

    class Changed(Message):
        """Something was typed or chosen; bubbles to the form."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        """The field's name, or the children's, in the JSON form of the record"""

    @property
    def data(self) -> Any:
        """The value as ``records.save`` takes it; None or an empty list where nothing was entered."""
        raise NotImplementedError

    @property
    def typed(self) -> Any:
        """What was typed, as JSON."""
        raise NotImplementedError

    def restore(self, typed: Any) -> None:
        """Show what was typed before."""
        raise NotImplementedError

    def load(self, value: Any) -> None:
        """Show a stored value, in the shape of ``records.as_data``."""
        raise NotImplementedError

    def copy_from(self, value: Any) -> bool:
        """Take over the previous record's value; False where there is none."""
        if value in (None, []):
            return False
        self.load(value)
        return True

    def follow(self, context: FormContext) -> None:
        """The other fields now say this."""

    def resolve_typed(self) -> str | None:
        """Make up one's mind about half-entered text before saving; a sentence if that cannot be done."""
        return None

    def show_problem(self, sentence: str | None, where: str = "", *, asks: bool = False) -> None:
        """Say what is wrong, or no longer; ``where`` is the rest of the key after this part's own (``0.amount``).

        ``asks``: the sentence asks whether something unusual is right.
        """
        raise NotImplementedError

    def show_comment(self, text: str) -> None:
        """Show, for as long as the form is open, what headquarters says of this part."""
        self.mount(Static(Content(text), classes="comment", markup=False), after=0)

    def focus_problem(self) -> None:
        """Move the focus to what is wrong, or to the first place that takes it."""
        raise NotImplementedError
