"""Files on the disk: names that last, moves and deletions that wait for a virus scanner, names that Windows refuses.

Everything that renames, replaces or deletes a file does it here: Windows refuses while another program has the file
open, and a virus scanner opens each new file for a moment. ``kit/install.py`` has its own copy of the waiting, because
it runs before the program is there.
"""

import errno
import os
import re
import shutil
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PureWindowsPath
from typing import Any, TypeVar

from fieldapp.domain.file_names import is_windows_device
from fieldapp.errors import HELD, FieldappError, windows_code
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _

WINDOWS = os.name == "nt"
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between the attempts: a second and a half in all"""
DENIED, NOT_EMPTY = 5, 145
"""Windows' error codes: also given for a file that is being replaced, and a folder whose files are being deleted"""
MAX_PATH = 259
"""Most characters of a path on Windows, unless the machine allows longer ones"""
MAX_HOLDERS = 8
HOLDER = struct.Struct("<I8x512s144x")
"""Of Windows' RM_PROCESS_INFO: the number of the process and its name; 668 bytes"""
_FORBIDDEN = '<>:"|?*'
BEGUN = re.compile(r"\.fieldapp-[0-9a-f]{16}\.part(?:-wal|-shm|-journal)?")
"""Names of what is not finished, and of the files that SQLite adds to it"""
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
"""How ``os.open`` makes a file that is not there yet"""
PATIENCE = 30.0
"""Seconds that a process waits for another one that is at the same work"""
_NO_REPLACE, _HERE = 1, -100
"""RENAME_NOREPLACE and AT_FDCWD of Linux"""
_held: dict[str, int] = {}
"""Lock file -> the thread of this process that holds it"""
Result = TypeVar("Result")


class Occupied(FieldappError):
    """Another process is at the same work."""


# names that only one has ----------------------------------------------------------------------------------------


@contextmanager
def begun(folder: Path) -> Iterator[Path]:
    """A name in ``folder`` that no other run has, for a file or folder that is being made there.

    Rename it when it is whole: what still has this name after the block is removed. A kill leaves it, and
    ``store/leftovers.py`` finds it by its name.
    """
    path = folder / f".fieldapp-{os.urandom(8).hex()}.part"
    try:
        yield path
    finally:
        for suffix in ("", "-wal", "-shm"):
            try_remove(path.with_name(path.name + suffix))


def is_begun(name: str) -> bool:
    """Whether a file has the name of what is not finished."""
    return BEGUN.fullmatch(name) is not None


@contextmanager
def alone(lock: Path, wait: float = PATIENCE) -> Iterator[None]:
    """Let one process, and one thread of it, do this at a time; the others wait. ``lock``: an empty file.

    The lock goes with its process, however that ends. Occupied after ``wait`` seconds. Where the lock file cannot
    be made there is nothing to guard: nobody can write there.
    """
    if _held.get(str(lock)) == threading.get_ident():
        yield
        return
    try:
        handle = _take_lock(lock, time.monotonic() + wait)
    except OSError:
        yield
        return
    me = _held[str(lock)] = threading.get_ident()
    try:
        yield
    finally:
        if _held.get(str(lock)) == me:  # who deleted the file may find that another thread holds the next one
            del _held[str(lock)]
        os.close(handle)


def _take_lock(lock: Path, until: float) -> int:
    """Open and lock the file; Occupied if that is not possible in time. Who had it before may have deleted it."""
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while not _try_lock(handle):
                if time.monotonic() >= until:
                    raise Occupied(
                        _(
                            "Another window of the program is at the same work. Nothing was changed: wait until it is"
                            " done, then do this again."
                        )
                    )
                time.sleep(0.05)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), lock.stat()):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _try_lock(handle: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def take_name(source: Path, target: Path) -> None:
    """Rename a finished file or folder to a name that nobody has; FileExistsError if somebody took it meanwhile.

    Two that finish at the same moment cannot both take it, except on a file system that cannot rename so: there it is
    looked at just before.
    """
    _patiently(lambda: _take_name(source, target))


def _take_name(source: Path, target: Path) -> None:
    if sys.platform == "linux":
        import ctypes

        rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
        if rename is not None:
            if rename(_HERE, os.fsencode(source), _HERE, os.fsencode(target), _NO_REPLACE) == 0:
                return
            code = ctypes.get_errno()
            if code not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
                raise OSError(code, os.strerror(code), str(target))
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)  # on Windows it does not replace


# moving and removing --------------------------------------------------------------------------------------------


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Write a file that is not there yet, through to the disk; OSError, FileExistsError if it is there."""
    with os.fdopen(os.open(path, NEW_FILE, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk, so that a power cut does not undo a new, renamed or deleted file."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some FAT drivers refuse it
            os.fsync(handle)
    finally:
        os.close(handle)


def replace(source: Path, target: Path) -> None:
    """Rename ``source`` to ``target``, which is replaced if it is there; OSError, after some attempts on Windows."""
    _patiently(lambda: source.replace(target))


def rename(source: Path, target: Path) -> None:
    """Rename a file or folder; OSError, after some attempts on Windows."""
    _patiently(lambda: source.rename(target))


def remove(path: Path) -> None:
    """Delete a file, if it is there; OSError, after some attempts on Windows."""
    _patiently(lambda: path.unlink(missing_ok=True))


def remove_tree(folder: Path) -> None:
    """Delete a folder with everything in it, if it is there; OSError, after some attempts on Windows."""
    with suppress(FileNotFoundError):
        _patiently(lambda: shutil.rmtree(folder))


def try_remove(path: Path) -> None:
    """Delete a file or a folder with everything in it, as far as that is possible."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            remove_tree(path)
        else:
            remove(path)
    with suppress(OSError):  # a stick that is gone answers with errors to every question
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def _patiently(do: Callable[[], Result]) -> Result:
    for seconds in WAITS:
        try:
            return do()
        except OSError as error:
            if getattr(error, "winerror", None) not in (*HELD, DENIED, NOT_EMPTY):
                raise
        time.sleep(seconds)
    return do()


def held_text(error: BaseException) -> str | None:
    """The sentence for a file that another program has open; None if that is not the error."""
    code = windows_code(error)
    if not isinstance(error, OSError) or code not in (*HELD, DENIED):
        return None
    path = error.filename2 or error.filename
    if code == DENIED and not (error.filename2 and os.path.isfile(path) and os.access(path, os.W_OK)):  # noqa: PTH113 — it may be str or bytes
        return None  # a rename that is refused, onto a file that may be written: only an open file does that
    return open_elsewhere(os.fsdecode(path) if path else "")


def open_elsewhere(named: str) -> str:
    """The sentence for a file that another program has open; the name may be empty."""
    who = holders(Path(named)) if named else []
    if who:
        text = _("{path} is open in {programs}. Nothing was changed: close it there, then do this again.")
        return text.format(path=display_path(named), programs=", ".join(brief_text(name) for name in who))
    return _(
        "{path} is open in another window or program. Nothing was changed: close it there, then do this again."
    ).format(path=display_path(named) if named else "–")


def holders(path: Path, manager: Any = None) -> list[str]:
    """The programs that have a file open, as Windows calls them; empty where it does not tell.

    Asked of the restart manager, rstrtmgr.dll, as installers do; tests pass another ``manager``.
    """
    import ctypes

    try:
        if manager is None:
            if sys.platform != "win32":
                return []
            manager = ctypes.WinDLL("rstrtmgr")
        session, key = ctypes.c_uint32(), ctypes.create_unicode_buffer(33)
        if manager.RmStartSession(ctypes.byref(session), 0, key):
            return []
        try:
            files = (ctypes.c_wchar_p * 1)(os.path.abspath(path))  # noqa: PTH100 — resolve opens the file
            needed, count, reasons = ctypes.c_uint32(), ctypes.c_uint32(MAX_HOLDERS), ctypes.c_uint32()
            found = ctypes.create_string_buffer(MAX_HOLDERS * HOLDER.size)
            if manager.RmRegisterResources(session, 1, files, 0, None, 0, None) or manager.RmGetList(
                session, ctypes.byref(needed), ctypes.byref(count), found, ctypes.byref(reasons)
            ):
                return []
        finally:
            manager.RmEndSession(session)
    except (OSError, AttributeError):  # an edition of Windows without it
        return []
    listed = list(HOLDER.iter_unpack(found.raw))[: count.value]
    names = {
        name.decode("utf-16-le", "replace").partition("\0")[0] for process, name in listed if process != os.getpid()
    }
    return sorted(names - {""})


def check_name(path: Path) -> None:
    """FieldappError for a path that Windows cannot have, or would take for something else than a file.

    ``a:b`` would be written into a hidden stream of the file ``a``, and ``NUL`` into nothing.
    """
    if not WINDOWS:
        return
    named = PureWindowsPath(str(path))  # as text: of a path, each part would be read for a drive again
    for part in named.parts[bool(named.anchor) :]:
        check_portable_name(part)
    length = len(os.path.abspath(path))  # noqa: PTH100 — Path.resolve follows links
    if length > MAX_PATH and not long_paths():
        raise FieldappError(
            _(
                "The path has {n} characters, and Windows takes {most} at most. Nothing was written; name a folder"
                " nearer to the top, such as C:\\fieldapp."
            ).format(n=length, most=MAX_PATH)
        )


def check_folder(folder: Path) -> None:
    """FieldappError where no folder can be, because it or what is above it is a file."""
    there = next((path for path in (folder, *folder.absolute().parents) if os.path.lexists(path)), None)
    if there is not None and not os.path.isdir(there):  # noqa: PTH112 — Path.is_dir raises for a name that is too long
        raise FieldappError(
            _("{path} is a file. Nothing was made: name another folder.").format(path=display_path(there))
        )


def check_portable_name(name: str) -> None:
    """FieldappError for a name that Windows cannot have, on every system: sticks and folders go from one to another."""
    why = _refusal(name)
    if why:
        raise FieldappError(
            _("{name} cannot be a file's name on Windows: {why}. Nothing was written; name another.").format(
                name=display_path(name), why=why
            )
        )


def _refusal(part: str) -> str:
    if part in (".", ".."):
        return ""
    found = next((c for c in part if c in _FORBIDDEN or ord(c) < 32), None)
    if found is not None:
        return _("it contains the character {character}").format(character=found if ord(found) >= 32 else repr(found))
    if part.endswith((" ", ".")):
        return _("it ends with a blank or a full stop")
    if is_windows_device(part):
        return _("Windows calls a device so")
    return ""


def long_paths() -> bool:
    """Whether this machine allows paths beyond 259 characters; true where the system is not Windows."""
    if sys.platform != "win32":
        return not WINDOWS
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as settings:
            return bool(winreg.QueryValueEx(settings, "LongPathsEnabled")[0])
    except OSError:
        return False


def is_file(entry: "os.DirEntry[str]") -> bool:
    """Whether an entry of a folder is a file.

    One that cannot be asked, as a link that leads to itself, is none: it must not keep the others from being found.
    """
    try:
        return entry.is_file()
    except OSError:
        return False
