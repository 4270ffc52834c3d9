"""The one kind of error that a user is meant to read."""

import errno
from collections.abc import Mapping

from fieldapp.i18n import _


class FieldappError(Exception):
    """What happened, what is safe and what to do next, in the user's language.

    Everything that is refused raises this; anything else that reaches the top is a defect and goes to the log file.
    ``fields`` maps a field of a form to the sentence that belongs beside it.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class NeedsConfirmation(FieldappError):
    """What was given is unusual: nothing was saved yet, and it is when the same is given again with ``confirm``.

    ``fields`` maps a field to the question that belongs beside it. ``alike``: the id of the record that says the same.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None, alike: str | None = None) -> None:
        super().__init__(message, fields)
        self.alike = alike


class ReadOnly(FieldappError):
    """The records were opened to be read: nothing may be changed."""


class FileRefused(FieldappError):
    """A file that is not taken. ``os_error_text`` is the word for it in ``docs/bundle-format.md``, for programs."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Cancelled(Exception):
    """A person broke the work off; raised by what is told of its progress. Nothing was changed."""


def os_error_text(error: OSError) -> str:
    """What the system says of a file or stick, within a sentence; what is not usual in the system's own words."""
    usual = {
        errno.ENOENT: _("there is nothing of that name"),
        errno.EACCES: _("access is denied"),
        errno.EPERM: _("access is denied"),
        errno.EROFS: _("it is write-protected"),
        errno.ENOSPC: _("no space is left"),
        errno.EIO: _("the device does not answer rightly"),
        errno.ENODEV: _("it was pulled"),
        errno.ENXIO: _("it was pulled"),
        errno.EISDIR: _("it is a folder, name a file in it"),
        errno.ENOTDIR: _("it is no folder"),
        errno.ENAMETOOLONG: _("the name is too long"),
    }
    return usual.get(error.errno or 0) or error.strerror or type(error).__name__
