"""Which sheet? The files that lie where people keep them, and a field for any other; and the sheets imported before."""

from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.errors import FieldappError
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.records.words import local_instant
from fieldapp.reports import void_effect
from fieldapp.sheets import take_back
from fieldapp.sheets.reading import READ
from fieldapp.tui.files import is_file, newest_files, typed_path
from fieldapp.tui.screens.base import OpenList, Page
from fieldapp.tui.screens.sheet import SheetScreen
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import clean


class PathField(TextField):
    """The path of a file."""

    VIETNAMESE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Open"), key_display="Enter")]


class SheetFileScreen(Page):
    """Choose the file whose rows are to be recorded as records of ``kind``."""

    WRITES = True
    HELP = "Enter opens a sheet and shows how it is understood. Nothing is recorded before F2 there."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other", _("List or path"), key_display="Tab"),
        Binding("f5", "renew", _("Look again")),
        Binding("f7", "batches", _("Imported before")),
    ]

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind
        self._files: list[Path] = []

    def body(self) -> ComposeResult:
        title = _("Import a sheet: {kind}").format(kind=_(records.model_of(self._kind).PLURAL))
        yield Static(Content(title), classes="section")
        yield OpenList(id="files", markup=False)
        with Horizontal(id="path-line"):
            yield Static(Content(_("Or a file:")))
            yield PathField(stays=True, id="path", placeholder=_("type the path here, then Enter"))
        yield Static(id="said", classes="problem", markup=False)

    def on_mount(self) -> None:
        self.action_renew()

    def action_renew(self) -> None:
        """Look for sheets again."""
        self._files = newest_sheets()
        listed = self.query_one("#files", OptionList)
        listed.clear_options()
        for path in self._files:
            day = f"{datetime.fromtimestamp(path.stat().st_mtime):%d/%m/%Y %H:%M}"
            listed.add_option(Option(Content(f" {day}  {brief_text(path.name)}  {display_path(path.parent)}")))
        if not self._files:
            text = _("No sheet was found on a stick, among the documents, downloads or on the desktop.")
            listed.add_option(Option(Content(f" {text}"), disabled=True))
        listed.can_focus = bool(self._files)
        listed.highlighted = 0 if self._files else None
        (listed if self._files else self.query_one("#path")).focus()

    def action_other(self) -> None:
        """Go from the list to the path, or back."""
        self.focus_next()

    def action_batches(self) -> None:
        """List the sheets that were imported."""
        self.app.push_screen(BatchesScreen())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._open(self._files[event.option_index])

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        if clean(event.value):
            self._open(typed_path(event.value))

    def _open(self, path: Path) -> None:
        if is_file(path):
            self._say("")
            self.take(path)
        else:
            self._say("! " + _("There is no file {path}.").format(path=display_path(path)))

    def take(self, path: Path) -> None:
        """Show how the file is understood."""
        self.app.push_screen(SheetScreen(self._kind, path), self._returned)

    def _returned(self, recorded: bool | None) -> None:
        if recorded:
            self.dismiss(None)

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(Content(text))


def newest_sheets() -> list[Path]:
    """Files that may be sheets on sticks and where people keep their files, the newest first."""
    return newest_files(READ)


class BatchesScreen(Page):
    """The sheets that were imported on this laptop; Del takes one back, after its effect was told."""

    WRITES = True
    HELP = "Taking a sheet back voids its records, except those that were changed since."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete", "take_sheet_back", _("Take back the sheet"), key_display="Del")
    ]

    def __init__(self) -> None:
        super().__init__()
        self._batches: list[take_back.Batch] = []
        self._second = SecondPress()

    def body(self) -> ComposeResult:
        yield Static(Content(_("Imported sheets")), classes="section")
        yield OptionList(id="batches", markup=False)  # Enter opens nothing here, so the keys do not name it
        yield Static(id="said", classes="line", markup=False)

    def renew(self) -> None:
        self._batches = take_back.batches(self.store)
        listed = self.query_one("#batches", OptionList)
        listed.clear_options()
        for batch in self._batches:
            text = _("{at}  {file}  {kind}: {standing} of {records} records").format(
                at=local_instant(batch.given_at),
                file=brief_text(batch.file),
                kind=_(records.model_of(batch.kind).TITLE),
                standing=batch.standing,
                records=batch.records,
            )
            listed.add_option(Option(Content(f" {text}")))
        if not self._batches:
            listed.add_option(Option(Content(" " + _("No sheet was imported on this laptop.")), disabled=True))
        listed.highlighted = 0 if self._batches else None
        listed.focus()
        self.refresh_bindings()

    @property
    def _chosen(self) -> take_back.Batch | None:
        at = next((listed.highlighted for listed in self.query("#batches").results(OptionList)), None)
        return self._batches[at] if at is not None and at < len(self._batches) else None

    def action_take_sheet_back(self) -> None:
        """Say what taking the sheet back changes; the second press does it."""
        batch = self._chosen
        if batch is not None:
            self._second.press(str(batch.number), lambda: self._ask(batch), lambda: self._take_back(batch))

    def _ask(self, batch: take_back.Batch) -> None:
        try:
            kind, ids = take_back.records_to_void(self.store, batch.number)
            sentences = void_effect.void_sentences(self.store, kind, ids)
        except FieldappError as error:
            self._second.forget()
            self._say([f"! {error}"])
            return
        self._say([*sentences, "? " + _("Del again takes the sheet back.")])

    def _take_back(self, batch: take_back.Batch) -> None:
        from fieldapp.sheets import messages

        try:
            taken = take_back.take_back(self.store, batch.number, _("the sheet was taken back"))
        except FieldappError as error:
            self._say([f"! {error}"])
            return
        edited = _("Edited since, and kept: {record} ({id}).")
        self._say(
            [
                f"✓ {messages.taken_back_text(taken)}",
                *(edited.format(record=entered.label, id=entered.id) for entered in taken.edited),
            ]
        )
        self.renew()

    def _say(self, lines: list[str]) -> None:
        self.query_one("#said", Static).update(Content("\n".join(lines)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a sheet with standing records is taken back."""
        batch = self._chosen if action == "take_sheet_back" else None
        return action != "take_sheet_back" or (batch is not None and batch.standing > 0)

    def on_option_list_option_highlighted(self) -> None:
        self.refresh_bindings()
