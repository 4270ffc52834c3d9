"""USB: is it safe to pull the stick?"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, ProgressBar, Static
from textual.widgets.option_list import Option

from fieldapp.domain.amounts import format_amount
from fieldapp.domain.text import clean
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sync import drives, exchange
from fieldapp.tui import notices
from fieldapp.tui.screens.base import Page
from fieldapp.tui.widgets.text_field import TextField

STAGES = {
    "read": "Reading bundles",
    "apply": "Taking in changes",
    "index": "Making the new records findable",
    "write": "Writing the bundle",
    "verify": "Reading back and comparing",
}


class Drives(OptionList):
    """The sticks that are plugged in."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", _("Start"), key_display="Enter")]


class FolderField(TextField):
    """A folder to write to, in place of a stick."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Start"), key_display="Enter")]


class SyncScreen(Page):
    """Choose a drive or type a folder; Enter reads the replies there, writes the bundle, and reads it back."""

    HELP = "Choose the stick and press Enter. Pull it only after the line that says so."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "start", _("Start"), show=False),
        Binding("tab", "other", _("Drive or folder"), key_display="Tab"),
        Binding("f5", "renew", _("Look for sticks again")),
    ]

    def body(self) -> ComposeResult:
        yield Static(id="unsent", classes="section", markup=False)
        yield Drives(id="drives", markup=False)
        yield Static(Content(_("Or a folder:")), classes="line")
        yield FolderField(stays=True, id="folder")
        yield ProgressBar(show_eta=False, id="bar")
        with VerticalScroll(id="steps", can_focus=False):
            yield Static(id="lines", classes="line", markup=False)

    def on_mount(self) -> None:
        self._lines: list[str] = []
        self.query_one("#bar").display = False

    def renew(self) -> None:
        state = exchange.status(self.store)
        role = self.store.identity.role
        self.query_one("#unsent", Static).update(Content(_waiting(state, role)))
        if self.busy or self._lines:
            return
        self._show([f"! {sentence}" for sentence in notices.sentences(state, role)])
        self._drives = drives.drives()
        listed = self.query_one("#drives", OptionList)
        listed.clear_options()
        for d in self._drives:
            size = format_amount(d.free // 100_000_000, 1)
            words = _("{name}   {size} GB free   {n} bundles").format(name=d.name, size=size, n=d.bundles)
            listed.add_option(Option(Content(f" {words}")))
        if not self._drives:
            listed.add_option(Option(Content(" " + _("No stick is plugged in.")), disabled=True))
        listed.can_focus = bool(self._drives)
        listed.highlighted = 0 if self._drives else None
        (listed if self._drives else self.query_one("#folder")).focus()

    def action_other(self) -> None:
        """Go from the drives to the folder, or back."""
        self.focus_next()

    def action_renew(self) -> None:
        """Look for sticks again."""
        self._lines = []
        self.renew()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._begin(self._drives[event.option_index].path)

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        self._start(clean(event.value))

    def action_start(self) -> None:
        """Begin with the folder that is typed, or the drive that is chosen."""
        self._start(self.query_one(TextField).text)

    def _start(self, typed: str) -> None:
        at = self.query_one("#drives", OptionList).highlighted
        if typed:
            self._begin(_folder(typed))
        elif self._drives and at is not None:
            self._begin(self._drives[at].path)
        else:
            self._show(["! " + _("Plug a stick in and press F5, or type a folder.")])

    def _begin(self, folder: Path) -> None:
        if self.busy:
            return
        self.busy = True
        self._lines = []
        self._show_busy()
        self._run(folder)

    @work(thread=True)
    def _run(self, folder: Path) -> None:
        store = self.store.again()
        tell = self.app.call_from_thread
        try:
            if not os.path.isdir(folder):  # noqa: PTH112 — Path.is_dir raises for a name that is too long
                raise FieldappError(
                    _("There is no folder {dest}. Plug the stick in, or name another.").format(dest=folder)
                )
            self._imported(exchange.import_files(store, [folder], self._progress))
            for made in exchange.export(store, folder, progress=self._progress):
                tell(self._say, f"✓ {made.sentence}")
            tell(self._say, "✓ " + _("DONE. The stick may be pulled."))
        except FieldappError as error:
            tell(self._say, f"! {error}")
        except OSError as error:
            line = _("{folder} cannot be read or written: {why}. Plug the stick in again, or take another.")
            tell(self._say, f"! {line.format(folder=folder, why=error.strerror or error)}")
        finally:
            store.close()
            tell(self._done)

    def _imported(self, results: list[exchange.Imported]) -> None:
        tell = self.app.call_from_thread
        for result in results:
            if result.for_others:
                continue
            if result.refused is None:
                line = _("Read from {sender}: {n} new changes.").format(sender=result.sender, n=result.applied)
                tell(self._say, f"✓ {line}")
            for sentence in result.problems:
                tell(self._say, f"! {sentence}")

    def _progress(self, stage: str, done: int, of: int) -> None:
        self.app.call_from_thread(self._show_progress, stage, done, of)

    def _show_progress(self, stage: str, done: int, of: int) -> None:
        self.query_one(ProgressBar).update(total=of or None, progress=done)
        self._show([*self._lines, f"… {_(STAGES[stage])}"])

    def _say(self, line: str) -> None:
        self._lines.append(line)
        self._show(self._lines)

    def _show(self, lines: Sequence[str]) -> None:
        self.query_one("#lines", Static).update(Content("\n".join(lines)))

    def _done(self) -> None:
        self.busy = False
        self._show(self._lines)
        self._show_busy()
        self.on_screen_resume()

    def _show_busy(self) -> None:
        """While the work runs there is a bar, and nothing to press."""
        self.query_one("#bar").display = self.busy
        for where in ("#drives", "#folder"):
            self.query_one(where).disabled = self.busy
        if not self.busy:
            self.query_one("#folder" if self.query_one(TextField).value else "#drives").focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the work runs there is nothing to press."""
        return not (self.busy and action in ("start", "renew", "back", "other"))


def _waiting(state: exchange.Status, role: str) -> str:
    """What there is to carry."""
    if role == "hq":
        return _("The reply for each post is written onto the stick.")
    line = _("{n} changes in {records} records not received by headquarters.")
    return line.format(n=state.unsent, records=state.unsent_records)


def _folder(typed: str) -> Path:
    try:
        return Path(typed).expanduser()
    except RuntimeError:  # “~somebody” whom this machine does not know
        return Path(typed)
