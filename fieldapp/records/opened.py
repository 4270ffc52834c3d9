"""Files of records that are looked at in another program: they lie unencrypted meanwhile, in a private folder.

The folder is wiped when the screen is left or locked, when the program ends, and at each start: after a kill, too.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.errors import FieldappError, os_error_text
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.store import disk
from fieldapp.store.store import Store

if TYPE_CHECKING:
    from fieldapp.records.attachments import Attached

FOLDER = "opened"
"""In the workspace; below it one folder for each running program"""


def open_file(store: Store, found: "Attached") -> None:
    """Write a file out, unencrypted, and open it with the program that the system has for it.

    FieldappError where there is no such program, where the file is not here, or is not what its row says.
    """
    from fieldapp.records import attachments
    from fieldapp.records.file_content import UNKNOWN

    store.check_writable()
    start = _starter()
    folder = _own(store.home)
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        why = os_error_text(error)
        raise FieldappError(_("{path} was not written: {why}.").format(path=display_path(folder), why=why)) from None
    for path in attachments.save_all(store, [found], folder):
        if path.suffix == UNKNOWN:
            disk.try_remove(path)
            raise FieldappError(
                _("{name} is no photograph and no paper any more; it is not opened.").format(
                    name=display_path(found.name)
                )
            )
        _start(start, path)


def _starter() -> str:
    """The program that opens files; FieldappError if there is none. Empty on Windows, which does it itself."""
    if sys.platform == "win32":
        return ""
    found = shutil.which("xdg-open")
    if found is None or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise FieldappError(
            _(
                "No other program can show it here: there are no windows. “fieldapp attached ID --save FOLDER” writes"
                " it into a folder."
            )
        )
    return found


def _start(starter: str, path: Path) -> None:
    import subprocess

    try:
        if sys.platform == "win32":
            os.startfile(path)  # noqa: S606 — a photograph or paper by its content
        else:
            nothing = subprocess.DEVNULL
            subprocess.Popen(  # noqa: S603 — the system's opener, and a path of our own
                [starter, str(path)], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
            )
    except OSError as error:
        why = os_error_text(error)
        raise FieldappError(_("{path} was not opened: {why}.").format(path=display_path(path.name), why=why)) from None


def wipe_own(home: Path) -> None:
    """Take away what this program has written out, as far as no other program holds it."""
    disk.try_remove(_own(home))


def wipe_all(home: Path) -> list[str]:
    """Take away what any program has written out; a sentence if there was something."""
    folder = home / FOLDER
    if not os.path.lexists(folder):
        return []
    left = any(path.is_file() for path in folder.rglob("*"))
    disk.try_remove(folder)
    if not left:
        return []
    if os.path.lexists(folder):
        return [
            _("Files that were opened in another program still lie unencrypted in {path}: close that program.").format(
                path=display_path(folder)
            )
        ]
    return [_("Files that were opened in another program lay unencrypted here after a run broke off. Wiped now.")]


def _own(home: Path) -> Path:
    return home / FOLDER / str(os.getpid())
