"""USB: is it safe to pull the stick?"""

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
from fieldapp.tui.screens.base import Page
from fieldapp.tui.widgets.text_field import TextField

STAGES = {
    "read": "Reading bundles",
    "apply": "Taking in changes",
    "write": "Writing the bundle",
    "verify": "Reading back and comparing",
}


class SyncScreen(Page):
    """Choose a drive or type a folder; Enter reads the replies there, writes the bundle, and reads it back."""

    HELP = "Choose the stick and press Enter. Pull it only after the line that says so."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "start", _("Start")),
        Binding("tab", "app.focus_next", _("Drive or folder"), key_display="Tab"),
        Binding("f5", "renew", _("Look for sticks again")),
    ]

    def body(self) -> ComposeResult:
        yield Static(id="unsent", classes="section", markup=False)
        yield OptionList(id="drives", markup=False)
        yield Static(Content(_("Or a folder:")), classes="line")
        yield TextField(stays=True, id="folder")
        yield ProgressBar(show_eta=False, id="bar")
        with VerticalScroll(id="steps", can_focus=False):
            yield Static(id="lines", classes="line", markup=False)

    def on_mount(self) -> None:
        self._lines: list[str] = []
        self._busy = False
        self.query_one("#bar").display = False

    def renew(self) -> None:
        state = exchange.status(self.store)
        line = _("{n} changes in {records} records not received by headquarters.")
        if self.store.identity.role == "hq":
            line = _("The reply for each post is written onto the stick.")
        self.query_one("#unsent", Static).update(Content(line.format(n=state.unsent, records=state.unsent_records)))
        if self._busy or self._lines:
            return
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
        (listed if self._drives else self.query_one("#folder")).focus()

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
            self._begin(Path(typed).expanduser())
        elif self._drives and at is not None:
            self._begin(self._drives[at].path)
        else:
            self._lines = []
            self._say("! " + _("Plug a stick in and press F5, or type a folder."))

    def _begin(self, folder: Path) -> None:
        if self._busy:
            return
        self._busy = True
        self._lines = []
        self.query_one("#bar").display = True
        self._run(folder)

    @work(thread=True)
    def _run(self, folder: Path) -> None:
        store = self.store.again()
        tell = self.app.call_from_thread
        try:
            if not folder.is_dir():
                raise FieldappError(
                    _("There is no folder {dest}. Plug the stick in, or name another.").format(dest=folder)
                )
            self._imported(exchange.import_files(store, [folder], self._progress))
            for made in exchange.export(store, folder, progress=self._progress):
                line = _("{file} for {to}: {records} records, {changes} changes, {size} bytes, read back and compared.")
                tell(self._say, "✓ " + line.format(
                    file=made.path.name, to=made.recipient, records=made.records, changes=made.changes,
                    size=format_amount(made.size)))  # fmt: skip
            tell(self._say, "✓ " + _("DONE. The stick may be pulled."))
        except FieldappError as error:
            tell(self._say, f"! {error}")
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
            for sentence in (*result.held, *result.quarantined, *result.set_aside, result.refused):
                if sentence:
                    tell(self._say, f"! {sentence}")

    def _progress(self, stage: str, done: int, of: int) -> None:
        self.app.call_from_thread(self._show_progress, stage, done, of)

    def _show_progress(self, stage: str, done: int, of: int) -> None:
        self.query_one(ProgressBar).update(total=of or None, progress=done)
        self.query_one("#lines", Static).update(Content("\n".join([*self._lines, f"… {_(STAGES[stage])}"])))

    def _say(self, line: str) -> None:
        self._lines.append(line)
        self.query_one("#lines", Static).update(Content("\n".join(self._lines)))

    def _done(self) -> None:
        self._busy = False
        self.query_one("#bar").display = False
        self.query_one("#lines", Static).update(Content("\n".join(self._lines)))
        self.on_screen_resume()

    def action_back(self) -> None:
        """Go back, but not away from running work."""
        if self._busy:
            self.notify(_("Wait: the stick is being written."), markup=False)
        else:
            super().action_back()
