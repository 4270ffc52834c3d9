"""Photographs and papers of a record: see them, add some, give them captions, take them out."""

from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.domain.dates import format_date
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _
from fieldapp.records import attachments, from_photograph, opened, records, wanted_files, words
from fieldapp.records.attachments import Attached
from fieldapp.sync.exchange import file_space
from fieldapp.tui.screens.attach_files import AttachScreen
from fieldapp.tui.screens.base import OpenList, Page
from fieldapp.tui.screens.file_page import deliver
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.picture import Picture
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import tidy


class FileList(OpenList):
    """Files, a picture beside them; Enter opens one in another program."""


class CaptionField(TextField):
    """What a photograph shows, or a paper is about."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Keep"), key_display="Enter")]


class WhyField(TextField):
    """Why a file is taken out."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Confirm"), key_display="Enter")]


class RecordFilesScreen(Page):
    """The files of one record, each with its picture and caption."""

    CHANGES = frozenset({"add", "remove", "sort", "fetch", "copy"})
    HELP = (
        "Enter opens a file in another program. F2 attaches some; sticks carry them to headquarters after the records."
        " F4 says what a file is: photograph, minute, other paper. F5 asks for one that is not here: the next reply"
        " brings it; of one that is here it takes day and position over into the record. Where a photograph or minute"
        " will never be, say why in the record: F2 there, the last field."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "add", _("Attach")),
        Binding("f4", "sort", _("What it is")),
        Binding("f5", "fetch", _("Get it back")),
        Binding("f5", "copy", _("Day into the record")),
        Binding("tab", "other", _("List or caption"), key_display="Tab"),
        Binding("delete", "remove", _("Take out"), key_display="Del"),
    ]

    def __init__(self, record_id: str) -> None:
        super().__init__()
        self._record_id = record_id
        self._home = Path()
        """The workspace, also when the records are locked"""
        self._files: list[Attached] = []
        self._may_change = False
        self._second = SecondPress()
        self._shown: Attached | None = None
        """The file whose picture and caption are shown"""
        self._offered = ""
        """What its record may take over from it"""

    def body(self) -> ComposeResult:
        yield Static(id="title", classes="section", markup=False)
        with Horizontal(id="files-and-picture"):
            yield FileList(id="files", markup=False)
            yield Picture(id="picture")
        yield Static(id="about", classes="line", markup=False)
        with Horizontal(id="caption-line"):
            yield Static(Content(_("Caption")))
            yield CaptionField(stays=True, id="caption", placeholder=_("what it shows, then Enter"))
        with Vertical(id="void-line"):
            yield Static(id="why", classes="line", markup=False)
            yield WhyField(stays=True, id="reason")
        yield Static(id="said", classes="line", markup=False)

    def on_mount(self) -> None:
        self._home = self.store.home

    def renew(self) -> None:
        found = records.get(self.store, self._record_id)
        label = words.labels(self.store, found.kind, [self._record_id])[self._record_id]
        lacks = wanted_files.lacking(self.store, self._record_id).words
        lacking = f" · {_('no {files} yet').format(files=lacks)}" if lacks else ""
        if why := found.row.get("no_files_because"):
            lacking = f" · {_('Why there is no photograph or minute')}: {brief_text(why)}"
        self.query_one("#title", Static).update(Content(f"{_('Photographs and papers')}: {label}{lacking}"))
        self._may_change = attachments.may_attach(self.store, self._record_id) and not self.app.read_only
        self._files = attachments.of_record(self.store, self._record_id)
        listed = self.query_one("#files", OptionList)
        at = listed.highlighted or 0
        typed_for = self._shown.id if self._shown is not None and self._caption_changed else None
        listed.clear_options()
        listed.add_options([Option(Content(_line_of(one))) for one in self._files])
        self._second.forget()
        listed.highlighted = min(at, len(self._files) - 1) if self._files else None
        if typed_for is not None and self._chosen is not None and self._chosen.id == typed_for:
            self._shown = self._chosen  # a caption that is half typed is typed on
        else:
            self._shown = None
            self._show_chosen()
            if not self._asks:
                listed.focus()
        self.refresh_bindings()

    @property
    def _chosen(self) -> Attached | None:
        at = next((listed.highlighted for listed in self.query("#files").results(OptionList)), None)
        return self._files[at] if at is not None and at < len(self._files) else None

    @property
    def _asks(self) -> bool:
        return any(line.has_class("-shown") for line in self.query("#void-line"))

    def on_option_list_option_highlighted(self) -> None:
        self._show_chosen()
        self.refresh_bindings()

    def _show_chosen(self) -> None:
        """Show the chosen file; what was typed about the one before is kept first."""
        chosen = self._chosen
        if (chosen is not None and chosen == self._shown) or not self._keep_caption():
            return
        self._shown = chosen
        self._offered = from_photograph.told(self.store, chosen) if chosen is not None and self._may_change else ""
        field = self.query_one("#caption", CaptionField)
        field.value = (chosen.caption or "") if chosen else ""
        self.query_one("#caption-line").display = chosen is not None and self._may_change
        self.query_one("#about", Static).update(Content(self._about(chosen)))
        if chosen is None or not chosen.is_picture:
            self.query_one(Picture).show(None)
        else:
            self._draw(chosen)

    def _about(self, chosen: Attached | None) -> str:
        if chosen is not None:
            gone = chosen.state == "cleared" and file_space.is_gone(self.store, chosen.sha256)
            lost = _("headquarters no longer has it: attach it again from the phone or a backup")
            return f"{chosen.sentence}: {lost}" if gone else chosen.sentence
        return _("No file yet. F2 attaches some.") if self._may_change else _("No file is attached.")

    @work(thread=True, exclusive=True, group="picture")
    def _draw(self, chosen: Attached) -> None:
        try:
            small = attachments.thumbnail(self.store, chosen)
        except (FieldappError, RuntimeError) as error:  # damaged; or locked meanwhile
            small = None
            self.app.call_from_thread(self._say, f"! {error}" if isinstance(error, FieldappError) else "")
        self.app.call_from_thread(self._drawn, chosen, small)

    def _drawn(self, chosen: Attached, small: bytes | None) -> None:
        if chosen == self._shown and self.is_mounted:
            self.query_one(Picture).show(small)

    # seen in another program ------------------------------------------------------------------------------------

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Ask first: outside of the program the file is not encrypted."""
        chosen = self._files[event.option_index]
        self._second.press(chosen.id, lambda: self._ask_to_open(chosen), lambda: self._open(chosen))

    def _ask_to_open(self, chosen: Attached) -> None:
        if chosen.state != "here":
            self._second.forget()
            self._say(f"! {chosen.sentence}")
        elif self.app.is_web:
            self._say("? " + _("Enter again sends it to this browser, not encrypted: protect it like a paper copy."))
        else:
            self._say(
                "? "
                + _(
                    "Enter again opens it in another program. Meanwhile it lies unencrypted in a private folder, which"
                    " is wiped when you leave this screen."
                )
            )

    def _open(self, chosen: Attached) -> None:
        self.busy = True
        self._open_outside(chosen)

    @work(thread=True)
    def _open_outside(self, chosen: Attached) -> None:
        try:
            if self.app.is_web:  # not on the screen of the machine that serves the page
                data = attachments.content(self.store, chosen.sha256) or b""
                sent = self.app.call_from_thread(deliver, self.app, attachments.out_name(chosen, data), data)
                line = f"✓ {sent}"
            else:
                opened.open_file(self.store, chosen)
                opening = _("{name} is being opened in another program. Close it there before you leave here.")
                line = "✓ " + opening.format(name=display_path(chosen.name))
        except FieldappError as error:
            line = f"! {error}"
        self.app.call_from_thread(self._opened, line)

    def _opened(self, line: str) -> None:
        self.busy = False
        self._say(line)

    def on_unmount(self) -> None:
        opened.wipe_own(self._home)

    # captions ---------------------------------------------------------------------------------------------------

    @property
    def _caption_changed(self) -> bool:
        field = next(iter(self.query("#caption").results(TextField)), None)
        return self._shown is not None and field is not None and tidy(field.value) != (self._shown.caption or "")

    def _keep_caption(self) -> bool:
        """Keep the caption that is typed; whether it could be kept."""
        if self._shown is None or not self._caption_changed:
            return True
        try:
            attachments.set_caption(self.store, self._shown.id, self.query_one("#caption", CaptionField).value)
        except FieldappError as error:
            self._say(f"! {error}")
            self.query_one("#caption").focus()
            return False
        self._shown = None
        self._say("✓ " + _("The caption is kept."))
        self.renew()
        return True

    def keep(self) -> None:
        self._keep_caption()
        opened.wipe_own(self.store.home)

    @property
    def unkept(self) -> bool:
        """A caption that is typed and could not be kept."""
        return self._may_change and self._caption_changed

    def action_other(self) -> None:
        """Go from the list to the caption, or back."""
        if self._keep_caption():
            self.focus_next()

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        if event.input.id == "caption":
            if self._keep_caption():
                self.query_one("#files").focus()
        else:
            self._take_out(event.value)

    # what changes -----------------------------------------------------------------------------------------------

    def action_add(self) -> None:
        """Choose files to attach."""
        if self._keep_caption():
            self.app.push_screen(AttachScreen(self._record_id), self._attached)

    def _attached(self, said: str | None) -> None:
        if said:
            self._say(said)
            self.renew()
            listed = self.query_one("#files", OptionList)
            listed.highlighted = len(self._files) - 1 if self._files else None

    def action_sort(self) -> None:
        """Say that the file is the next one of: photograph, minute, other paper."""
        chosen = self._chosen
        if chosen is None or not self._keep_caption():
            return
        sort = attachments.SORTS[(attachments.SORTS.index(chosen.sort) + 1) % len(attachments.SORTS)]
        attachments.set_sort(self.store, chosen.id, sort)
        self.renew()
        self._say("✓ " + _("{name} is a {sort} now.").format(
            name=display_path(chosen.name), sort=attachments.sort_title(sort)))  # fmt: skip

    def action_fetch(self) -> None:
        """Ask headquarters for a file that is not here."""
        chosen = self._chosen
        if chosen is None:
            return
        try:
            file_space.want_again(self.store, [chosen.sha256])
        except FieldappError as error:
            self._say(f"! {error}")
            return
        self.renew()
        self._say("✓ " + _("Asked for: the next bundle takes the request along, the reply brings the file."))

    def action_copy(self) -> None:
        """Take day and position over into empty fields of the record, on the second press."""
        chosen = self._chosen
        if chosen is None or not self._keep_caption():
            return
        said = self._offered
        try:
            with records.tried(self.store):
                from_photograph.take_over(self.store, chosen)
        except NeedsConfirmation as question:
            said = f"{said}. {question}"
        except FieldappError as error:
            self._say("! " + next(iter(error.fields.values()), str(error)))
            return
        asked = _("F5 again writes into the record: {fields}").format(fields=said)
        self._second.press(asked, lambda: self._say(f"? {asked}"), lambda: self._take_over(chosen))

    def _take_over(self, chosen: Attached) -> None:
        from_photograph.take_over(self.store, chosen, confirm=True)
        self.renew()
        self._say("✓ " + _("The record is changed; its history says so."))

    def action_remove(self) -> None:
        """Ask for the reason, on the page."""
        if self._chosen is None or not self._keep_caption():
            return
        why = _("Why is “{name}” taken out? It stays in the history. Enter takes it out, Esc keeps it.")
        self.query_one("#why", Static).update(Content(why.format(name=display_path(self._chosen.name))))
        self.query_one("#void-line").add_class("-shown")
        self.query_one("#reason").focus()
        self.refresh_bindings()

    def _take_out(self, reason: str) -> None:
        if self._chosen is None:
            return
        name = display_path(self._chosen.name)
        try:
            attachments.take_out(self.store, self._chosen.id, reason)
        except FieldappError as error:
            self._say("! " + next(iter(error.fields.values()), str(error)))
            return
        self._close_question()
        self._say("✓ " + _("{name} is taken out.").format(name=name))
        self.renew()

    def _close_question(self) -> None:
        self.query_one("#void-line").remove_class("-shown")
        self.query_one("#reason", WhyField).value = ""
        self._say("")
        self.query_one("#files").focus()
        self.refresh_bindings()

    def action_back(self) -> None:
        """Close the question, or leave the caption; otherwise go back."""
        if self._asks:
            self._close_question()
        elif self._keep_caption():
            if self.query_one("#caption").has_focus:
                self.query_one("#files").focus()
            else:
                super().action_back()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the record's own post changes its files; what is asked is answered first."""
        if action == "back":
            return not self.busy
        if action == "fetch":
            return not self._asks and self._chosen is not None and self._chosen.state in ("cleared", "not_arrived")
        if action == "copy":
            return self._may_change and not self._asks and bool(self._offered)
        if action in ("add", "remove", "other", "sort"):
            return self._may_change and not self._asks and (action == "add" or self._chosen is not None)
        return True

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(Content(text))


def _line_of(one: Attached) -> str:
    """Two lines: the name, and below it the caption, the day, or where it is."""
    second = [
        attachments.state_text(one),
        one.sort_told,
        one.caption or "",
        format_date(one.taken_on) if one.taken_on else "",
    ]
    said = " · ".join(filter(None, second)) or attachments.size_text(one.size)
    return f" {display_path(one.name)}\n   {brief_text(said)}"
