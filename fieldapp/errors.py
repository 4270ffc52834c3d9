"""Errors that users read: ``FieldappError`` and its subclasses."""

import errno
import os
import sys
from collections.abc import Mapping

from fieldapp.i18n import _

HELD = (32, 33)
"""Windows' error codes for a file, or a part of it, that another program has open"""

WINDOWS_CODES = {
    19: errno.EROFS,  # write protected
    21: errno.ENODEV,  # not ready
    23: errno.EIO,  # checksum
    34: errno.ENODEV,  # another disk
    39: errno.ENOSPC,
    55: errno.ENODEV,
    112: errno.ENOSPC,
    123: errno.ENOENT,  # no such name
    206: errno.ENAMETOOLONG,
    223: errno.EFBIG,  # 4 GB, on FAT32
    433: errno.ENODEV,
    1006: errno.ENODEV,  # the volume was changed meanwhile
    1110: errno.ENODEV,
    1117: errno.EIO,
    1167: errno.ENODEV,  # not connected
    1392: errno.EIO,
    1393: errno.EIO,
}
"""Windows' error codes -> what they mean; Python says EACCES or EINVAL for most of them"""


class FieldappError(Exception):
    """An error with a message for the user: what happened, what is safe and what to do next, in the user's language.

    Every refusal raises this. Any other error that reaches the top is a defect and goes to the log file. ``fields``
    maps a field of a form to the sentence to show beside it.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class NeedsConfirmation(FieldappError):
    """The given data is unusual. Nothing was saved; give the same data again with ``confirm`` to save it.

    ``fields`` maps a field to the question to show beside it. ``alike``: the id of a record that may be the same.
    ``shift``: the days by which an activity moves whose dated figures were asked about; 0 where there are none.
    ``loses``: stored parts of the record would be taken out.
    """

    def __init__(
        self,
        message: str,
        fields: Mapping[str, str] | None = None,
        alike: str | None = None,
        shift: int = 0,
        *,
        loses: bool = False,
    ) -> None:
        super().__init__(message, fields)
        self.alike = alike
        self.shift = shift
        self.loses = loses


class ReadOnly(FieldappError):
    """The records are open for reading only: nothing may be changed."""


class FileRefused(FieldappError):
    """A file is refused. ``reason`` is a code for programs, as listed in ``docs/bundle-format.md``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Cancelled(Exception):
    """A person cancelled the work; raised by the callback that reports its progress. Nothing was changed."""


def windows_code(error: BaseException) -> int:
    """Windows' code of an error; 0 where there is none.

    Python's ``open`` says EACCES for a file that another program holds as for one that nobody may read, without
    Windows' code. So Windows is asked again.
    """
    code: int = getattr(error, "winerror", None) or 0
    if code or not isinstance(error, PermissionError) or not error.filename:
        return code
    return code_of_opening(os.fsdecode(error.filename))


def code_of_opening(path: str) -> int:
    """Windows' code if a file cannot be opened now, one of HELD if that is the reason; 0 if it can, or elsewhere."""
    code = 0
    if sys.platform == "win32":
        import _winapi

        read, write, shared, existing = _winapi.GENERIC_READ, _winapi.GENERIC_WRITE, 3, _winapi.OPEN_EXISTING
        for access in (read | write, read):
            try:
                _winapi.CloseHandle(_winapi.CreateFile(path, access, shared, 0, existing, 0, 0))
            except OSError as error:
                code = error.winerror
                if code in HELD:
                    break
    return code


def os_error_text(error: OSError) -> str:
    """The text of an operating system error, for use within a sentence; rare errors have their number."""
    code = windows_code(error)
    if code in HELD:
        return _("another window or program has it open")
    usual = {
        errno.ENOENT: _("there is nothing of that name"),
        errno.EEXIST: _("there is something of that name already"),
        errno.EACCES: _("access is denied"),
        errno.EPERM: _("access is denied"),
        errno.EROFS: _("it is write-protected"),
        errno.ENOSPC: _("no space is left"),
        errno.EIO: _("the device does not answer correctly"),
        errno.ENODEV: _("it was pulled"),
        errno.ENXIO: _("it was pulled"),
        errno.EISDIR: _("it is a folder, name a file in it"),
        errno.ENOTDIR: _("it is no folder"),
        errno.ENAMETOOLONG: _("the name is too long"),
        errno.ELOOP: _("it is a link that leads to itself"),
        errno.EFBIG: _("the file is too large for this disk or stick"),
        errno.EDQUOT: _("no space is left"),
        errno.EBUSY: _("the device is in use"),
        errno.EADDRINUSE: _("another program uses this port"),
        errno.EADDRNOTAVAIL: _("this machine has no such address"),
        errno.ETIMEDOUT: _("the network does not answer"),
        errno.ENETUNREACH: _("the network does not answer"),
    }
    meant = WINDOWS_CODES.get(code, error.errno or 0)
    return usual.get(meant) or _("error {number} of the system").format(number=code or error.errno or 0)


def reason_text(error: Exception) -> str:
    """The reason that an error gives, in the user's language, for use within a sentence."""
    if isinstance(error, FieldappError):
        return str(error)
    if isinstance(error, OSError):
        return os_error_text(error)
    if isinstance(error, UnicodeDecodeError):
        return _("it is not UTF-8")
    if isinstance(error, ValueError):
        from json import JSONDecodeError  # which a start does not need

        if isinstance(error, JSONDecodeError):
            return _("line {line}, column {column} cannot be understood").format(line=error.lineno, column=error.colno)
    if isinstance(error, RecursionError):
        return _("it is nested too deeply")
    return _("too little memory") if isinstance(error, MemoryError) else _("it cannot be read")
