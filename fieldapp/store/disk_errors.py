"""Sentences for errors of the disk and of the database file: what happened, what is safe, what to do next."""

import errno
import shutil
from pathlib import Path

from fieldapp.errors import HELD, WINDOWS_CODES, FieldappError, code_of_opening, windows_code
from fieldapp.i18n import _
from fieldapp.store import disk

BUSY, READONLY, IO_ERROR, CORRUPT, FULL, CANNOT_OPEN, NOT_A_DATABASE = 5, 8, 10, 11, 13, 14, 26
"""SQLite's result codes, without their extended part"""


NO_ROOM = 100_000
"""Bytes: with less room than that an I/O error means that the disk is full. SQLite says so of the file that connections
share, which needs 32 kB"""


class DiskError(FieldappError):
    """The disk or the file failed; what the person entered is not the cause.

    ``why``: the sentence about the disk alone. Only who has undone everything may add that nothing was recorded.
    """

    def __init__(self, why: str, *, undone: bool = False) -> None:
        super().__init__(f"{_('Nothing was recorded.')} {why}" if undone else why)
        self.why = why


class DiskFull(DiskError):
    """There is no room on the disk. Reading goes on."""


def disk_error_text(error: BaseException, folder: Path | None = None, *, undone: bool = False) -> DiskError | None:
    """The sentence for an error of the database or the operating system; None if it is not about the disk.

    ``folder``: where the database lies. ``undone``: all that was begun was rolled back, and the sentence says so.
    """
    import sqlcipher3.dbapi2 as sqlcipher  # late: the passphrase is asked for before a file is opened

    if isinstance(error, sqlcipher.DatabaseError):
        found = _full() if is_full(error, folder) else _of_database(_code(error))
    else:
        found = _of_system(error)
    return type(found)(found.why, undone=undone) if found is not None else None


def _of_system(error: BaseException) -> DiskError | None:
    held = disk.held_text(error)
    if held:
        return DiskError(held)
    if not isinstance(error, OSError):
        return None
    meant = WINDOWS_CODES.get(windows_code(error), error.errno)
    if meant in (errno.ENOSPC, errno.EDQUOT):
        return _full()
    if meant in (errno.EROFS, errno.EACCES, errno.EPERM):
        return _read_only()
    return _failing() if meant == errno.EIO else None


def opening_error_text(error: BaseException, path: Path) -> DiskError | None:
    """The sentence for an error while the database file at ``path`` was opened.

    SQLite says of a file that another program holds only that it cannot be opened.
    """
    for suffix in ("", "-wal", "-shm"):
        file = f"{path}{suffix}"
        code = code_of_opening(file)
        if code in HELD:
            return DiskError(disk.open_elsewhere(file))
    return disk_error_text(error, path.parent)


def is_damage(error: BaseException) -> bool:
    """Whether a database error says that the file is damaged, or was written under another key."""
    return _code(error) in (CORRUPT, NOT_A_DATABASE)


def is_full(error: BaseException, folder: Path | None) -> bool:
    """Whether a database error comes from a disk without room; ``folder``: where the database lies."""
    code = _code(error)
    if code != IO_ERROR or folder is None:
        return code == FULL
    try:
        return shutil.disk_usage(folder).free < NO_ROOM
    except OSError:
        return False


def _code(error: BaseException) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def beginning_damaged() -> DiskError:
    """The sentence for a file whose first page is damaged: the key fits, but no other page can be found."""
    return DiskError(
        _(
            "The data file is damaged at its beginning, and cannot be opened. Leave it as it is. Take the newest"
            " backup: `fieldapp --home NEW_FOLDER restore BACKUP`; the automatic ones are in the folder `backups`."
        )
    )


def rebuild_failed() -> DiskError:
    """The sentence for a file of which not enough can be read to build a new one."""
    return DiskError(
        _(
            "Too much of the data file is damaged: `fieldapp doctor --rebuild` cannot save it. Nothing was changed."
            " Take the newest backup: `fieldapp --home NEW_FOLDER restore BACKUP`; the automatic ones lie in the folder"
            " `backups`."
        )
    )


def _of_database(code: int) -> DiskError | None:
    if code in (READONLY, CANNOT_OPEN):
        return _read_only()
    if code == IO_ERROR:
        return _failing()
    if code in (CORRUPT, NOT_A_DATABASE):
        return DiskError(
            _(
                "A part of the data file is damaged and cannot be read. `fieldapp doctor` says which;"
                " `fieldapp doctor --rebuild` saves what can be read, `fieldapp restore` takes a backup."
            )
        )
    if code == BUSY:
        return DiskError(_("Another program holds the data file. Close the other window and try again."))
    return None


def _full() -> DiskError:
    return DiskFull(_("The disk is full. What was confirmed before is safe. Free space, then do this again."))


def _read_only() -> DiskError:
    return DiskError(
        _(
            "The folder of the records cannot be written. What was confirmed before is safe. Check the permissions of"
            " the folder and the disk."
        )
    )


def _failing() -> DiskError:
    return DiskError(
        _(
            "The disk failed while it was read or written. Write a backup to a stick now (`fieldapp backup FOLDER`),"
            " then have the disk checked."
        )
    )
