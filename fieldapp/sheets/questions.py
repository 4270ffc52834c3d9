"""What is asked about a sheet as a whole, once, before anything of it is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

from fieldapp.errors import FieldappError
from fieldapp.i18n import _


@dataclass(frozen=True)
class SheetChoice:
    """One answer, and what it would give."""

    key: str
    text: str


@dataclass(frozen=True)
class SheetQuestion:
    """A question about a sheet; ``key=key of a choice`` answers it."""

    key: str
    text: str
    choices: Sequence[SheetChoice]


class NeedsAnswer(FieldappError):
    """Something about the sheet as a whole is not certain. Nothing was recorded; give it again with the answers."""

    def __init__(self, questions: Sequence[SheetQuestion]) -> None:
        self.questions = questions
        parts = []
        for question in questions:
            choices = [f"--answer {question.key}={choice.key}: {choice.text}" for choice in question.choices]
            parts.append(" ".join([question.text, _("Answer by"), "; ".join(choices) + "."]))
        super().__init__(" ".join([*parts, _("Nothing was recorded.")]))
