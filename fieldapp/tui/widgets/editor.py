"""The base of all parts of a form: what the form needs of each of them."""

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
    """What the other fields of the form hold at this moment."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Key of a field -> its data: the id of what was chosen, else the typed text, else None"""
    on: date | None = None
    """The day that the record is about, once it is understood"""
    adds: bool = False
    """Whether a record that a pick list lacks may be added where it is needed"""


def problem_sign(asks: bool) -> str:
    """The sign before a sentence beside a field: ``?`` if it asks, ``!`` if something is wrong."""
    return "?" if asks else "!"


class Editor(Vertical):
    """One part of a form: a field, or the rows of one sort that belong to the record.

    ``data`` has the shape that ``records.save`` takes. ``typed`` is what a draft keeps; ``restore`` shows it again.
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
        """The name of the field, or of the children, in the JSON form of the record"""
        self._comment: Static | None = None

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
        """Adapt to what the other fields now hold."""

    def resolve_typed(self) -> str | None:
        """Decide what half-entered text means, before saving; returns a sentence if that is not possible."""
        return None

    def show_problem(self, sentence: str | None, where: str = "", *, asks: bool = False) -> None:
        """Show what is wrong; None for ``sentence`` takes the problem away.

        ``where``: the rest of the key after this part's own, such as ``0.amount``. ``asks``: the sentence asks whether
        something unusual is right.
        """
        raise NotImplementedError

    def show_comments(self, comments: Mapping[str, str]) -> None:
        """Show headquarters' comments on this part, for as long as the form is open.

        ``comments``: the rest of the key after this part's own, such as a measure's id, or '' -> text.
        """
        if self._comment is None:
            self._comment = Static(classes="comment", markup=False)
            self.call_later(self.mount, self._comment, after=0)  # its other widgets may not be there yet
        self._comment.update(Content("\n".join(comments.values())))
        self._comment.display = bool(comments)

    def focus_place(self, where: str) -> None:
        """Focus what a comment is about; ``where`` as in ``show_comments``."""
        self.focus_problem()

    def focus_problem(self) -> None:
        """Focus what is wrong, or the first field of this part."""
        raise NotImplementedError
