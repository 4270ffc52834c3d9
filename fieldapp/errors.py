"""The one kind of error that a user is meant to read."""

from collections.abc import Mapping


class FieldappError(Exception):
    """What happened, what is safe and what to do next, in the user's language.

    Everything that is refused raises this; anything else that reaches the top is a defect and goes to the log file.
    ``fields`` maps a field of a form to the sentence that belongs beside it.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class Unsure(FieldappError):
    """What was given is unusual: nothing was saved yet, and it is when the same is given again with ``confirm``.

    ``fields`` maps a field to the question that belongs beside it. ``alike``: the id of the record that says the same.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None, alike: str | None = None) -> None:
        super().__init__(message, fields)
        self.alike = alike


class OnlyReading(FieldappError):
    """The records were opened to be read: nothing may be changed."""


class Refused(FieldappError):
    """A file that is not taken. ``reason`` is the word for it in ``docs/bundle-format.md``, for programs."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Cancelled(Exception):
    """A person broke the work off; raised by what is told of its progress. Nothing was changed."""
