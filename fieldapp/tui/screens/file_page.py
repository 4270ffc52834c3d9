"""Pages that make files: for a folder of this machine, or for the browser that shows the screen."""

import os
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.reports.files.write import save_file
from fieldapp.store import leftovers, people
from fieldapp.store.store import Store
from fieldapp.tui.files import documents, typed_path
from fieldapp.tui.host import Host
from fieldapp.tui.screens.base import Page
from fieldapp.tui.widgets.text_field import TextField

BYTES = "application/octet-stream"
"""The type of a file that no browser opens by itself"""


class MadeFile(NamedTuple):
    """A file before it is anywhere."""

    stem: str
    """its name without the ending"""
    form: str
    """its ending"""
    data: bytes
    private: bool = False
    """it says who people are, and other accounts of this machine may not read it"""


class Made(NamedTuple):
    """What was made, and what is to be said of it besides where it is."""

    files: Sequence[MadeFile]
    note: str = ""
    together: str = ""
    """what several files are called as one, for a browser"""


class FolderField(TextField):
    """The folder to write into; what is typed first replaces the one that is offered."""

    VIETNAMESE = False
    OVERWRITES = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Write the file"), key_display="Enter")]


class FilePage(Page):
    """Makes files, and writes them into the folder, never over a file that is there. In a browser they go to the
    browser, which puts them where it puts what is downloaded."""

    WRITES = True
    DELIVERED = True

    def where(self) -> ComposeResult:
        """Where files go, and a line for what was done."""
        if self.app.is_web:
            yield Static(Content(_("The file goes to this browser, among what is downloaded.")), classes="line")
        else:
            with Horizontal(id="path-line"):
                yield Static(Content(_("Into the folder:")))
                yield FolderField(str(documents()), stays=True, id="folder")
        yield Static(id="said", classes="line", markup=False)

    def action_other(self) -> None:
        """Go from the list to the folder, or back."""
        self.focus_next()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The screen cannot be left while a file is written; there is no folder for what goes to a browser."""
        return not (self.busy and action == "back") and not (action == "other" and self.app.is_web)

    def begin(self, make: Callable[[Store], Made]) -> None:
        """Make the files beside the screen, and bring them where they go."""
        if self.busy:
            return
        self.busy = True
        self._say("… " + _("Writing"))
        self._make(make, None if self.app.is_web else typed_path(self.query_one(FolderField).text))

    @work(thread=True)
    def _make(self, make: Callable[[Store], Made], folder: Path | None) -> None:
        try:
            with self.store.reopen() as store:
                made = make(store)
                if folder is None:
                    said = self.app.call_from_thread(_deliver_made, self.app, made)
                else:
                    said = save_files(store, made.files, folder)
            said = f"✓ {said}\n  {made.note}".rstrip()
        except FieldappError as error:
            said = f"! {error}"
        self.app.call_from_thread(self._done, said)

    def _done(self, said: str) -> None:
        self.busy = False
        self._say(said)

    def _say(self, line: str) -> None:
        self.query_one("#said", Static).update(Content(line))


def hand_over(app: Host, file: MadeFile) -> str:
    """Write a file among the documents, or send it to the browser that shows the screen; where it is, in words."""
    return _deliver_made(app, Made([file])) if app.is_web else save_files(app.store, [file], documents())


def save_files(store: Store, files: Sequence[MadeFile], folder: Path) -> str:
    """Write all files into a folder, under names that no file has yet, or none; where they are, in words."""
    people.check(store, people.Act.REPORT_FILES)
    done: list[Path] = []
    try:
        for file in files:
            leftovers.remember(store, folder)
            path = _free_path(folder, file.stem, file.form)
            save_file(path, file.data, private=file.private)
            done.append(path)
    except FieldappError:
        for path in done:
            path.unlink(missing_ok=True)
        raise
    where = str(done[0]) if len(done) == 1 else _("{n} files in {path}").format(n=len(done), path=folder)
    return _("{path} is written. It is not encrypted: protect it like a paper copy.").format(path=where)


def _deliver_made(app: Host, made: Made) -> str:
    people.check(app.store, people.Act.REPORT_FILES, writes=False)
    if len(made.files) == 1:
        (file,) = made.files
        return deliver(app, f"{file.stem}.{file.form}", file.data)
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as whole:
        for file in made.files:
            whole.writestr(f"{file.stem}.{file.form}", file.data)
    return deliver(app, f"{made.together}.zip", out.getvalue())


def deliver(app: Host, name: str, data: bytes) -> str:
    """Send a file to the browser that shows the screen; what is to be said of it. Only in the screen's own thread."""
    # the length goes along as the name: so the browser sees whether the file is whole
    app.deliver_binary(BytesIO(data), save_filename=name, mime_type=BYTES, name=str(len(data)))
    return _("{name} goes to the browser. It is not encrypted: protect it like a paper copy.").format(name=name)


def _free_path(folder: Path, stem: str, form: str) -> Path:
    """A path in the folder that no file has yet."""
    number, path = 1, folder / f"{stem}.{form}"
    while os.path.exists(path):  # noqa: PTH110 — Path.exists raises for a name that is too long
        number += 1
        path = folder / f"{stem}_{number}.{form}"
    return path
