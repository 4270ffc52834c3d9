"""The pack from which a post's laptops begin: written onto a stick, with what to tell the post."""

from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.domain.model import fields_of
from fieldapp.domain.reference import Post
from fieldapp.errors import FieldappError, NeedsConfirmation, os_error_text
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import enrolment, sticks
from fieldapp.sync.format import clock, drives
from fieldapp.sync.peers import peers, practice
from fieldapp.tui.files import typed_path
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.sync import Drives, FolderField
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.editor import Editor
from fieldapp.tui.widgets.entry import CodeEntry, Entry, EntryReading
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.vietnamese.text import clean, tidy


class PostCode(CodeEntry):
    """The code of a post; beside it which post has it already."""

    WIDTH = 24

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    @property
    def post(self) -> Row | None:
        """The post that has the code."""
        return self._store.row(
            "SELECT * FROM post WHERE code = ? COLLATE NOCASE AND voided_at IS NULL", [tidy(self.value)]
        )

    def reading(self) -> EntryReading:
        if not tidy(self.value):
            return EntryReading(_("letters and digits, such as IARVE"))
        post = self.post
        return EntryReading(_("→ a further laptop of {post}").format(post=post["name"]) if post else _("→ a new post"))


class PackScreen(Page):
    """Code and name of the post, then the stick; Enter or F2 writes the pack, and says what to tell the post."""

    WRITES = True
    HELP = (
        "A post's laptop begins from a pack. Type the post's code: a new one, with the post's name, or that of a post"
        " that is to have a further laptop. Then choose the stick. The pack holds no secret; what has to be compared by"
        " telephone is said once it is written."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "start", _("Write the pack")),
        Binding("tab", "other", _("Next"), key_display="Tab"),
        Binding("shift+tab", "app.focus_previous", _("Step back"), key_display="⇧Tab"),
        Binding("f5", "renew", _("Look again")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._drives: list[drives.Drive] = []
        self._second = SecondPress()

    def body(self) -> ComposeResult:
        title = {shape.name: _(shape.title) for shape in fields_of(Post)}
        self._code = PostCode(self.store)
        self._post_name = FieldRow("name", title["name"], Entry(), required=True)
        yield Static(Content(_("Pack for a post")), classes="section")
        yield FieldRow("code", title["code"], self._code, required=True)
        yield self._post_name
        yield Static(Content(_("Write it onto:")), classes="line")
        yield Drives(id="drives", markup=False)
        with Horizontal(id="path-line"):
            yield Static(Content(_("Or a folder:")))
            yield FolderField(stays=True, id="folder", placeholder=_("type the folder here, then Enter"))
        with VerticalScroll(id="steps", can_focus=False):
            yield Static(id="lines", classes="line", markup=False)

    def on_mount(self) -> None:
        self._code.focus()

    def renew(self) -> None:
        before, self._drives = self._drives, practice.practice_drives(self.store) or drives.drives()
        listed = self.query_one("#drives", OptionList)
        chosen = listed.highlighted if [d.path for d in before] == [d.path for d in self._drives] else None
        listed.clear_options()
        listed.add_options(
            [Option(Content(f" {brief_text(d.name)}   {display_path(d.path)}")) for d in self._drives]
            or [Option(Content(" " + _("No stick is plugged in.")), disabled=True)]
        )
        listed.can_focus = bool(self._drives)
        listed.highlighted = (chosen or 0) if self._drives else None

    def action_renew(self) -> None:
        """Look for sticks again."""
        self.renew()

    def action_other(self) -> None:
        """Go to the next field."""
        self.focus_next()

    def on_editor_changed(self, _event: Editor.Changed) -> None:
        self._second.forget()
        self._follow()

    def _follow(self) -> None:
        """Ask for the name of a new post only."""
        self.query(FieldRow).first().refresh_reading()
        self._post_name.display = self._code.post is None

    def on_option_list_option_selected(self) -> None:
        self.action_start()

    def on_input_submitted(self, event: FolderField.Submitted) -> None:
        if event.input.id == "folder":
            self.action_start()

    def action_start(self) -> None:
        """Write the pack."""
        at, typed = self.query_one("#drives", OptionList).highlighted, clean(self.query_one(FolderField).value)
        wanted = _("This field is needed.")
        if self._code.data is None or (self._post_name.display and self._post_name.data is None):
            row = self._post_name if self._code.data is not None else next(iter(self.query(FieldRow)))
            row.show_problem(wanted)
            row.focus_problem()
        elif not typed and at is None:
            self._show(["! " + _("Plug a stick in and press F5, or type a folder.")])
        elif clock.doubt(self.store) is not None:
            from fieldapp.tui.screens.day import DayDialog

            self.app.push_screen(DayDialog(), lambda said: self.action_start() if said else None)
        elif not self.busy:
            self._begin(typed_path(typed) if typed else self._drives[at or 0].path)

    def _begin(self, folder: Path, *, confirm: bool = False) -> None:
        self.busy = True
        self._show(["… " + _("Writing the pack")])
        self._write(self._code.data, self._post_name.data if self._post_name.display else None, folder, confirm)

    @work(thread=True)
    def _write(self, code: str, name: str | None, folder: Path, confirm: bool) -> None:
        with self.store.reopen() as store:
            try:
                written = enrolment.write_pack(store, code=code, name=name, dest=folder, confirm=confirm)
                lines = _told(store, written)
            except NeedsConfirmation as question:
                asked = _("{question} F2 again says yes.").format(question=question)
                self.app.call_from_thread(self._ask, asked, folder)
                return
            except FieldappError as error:
                lines = [f"! {error}"]
            except OSError as error:
                line = _("{folder} cannot be read or written: {why}. Plug the stick in again, or take another.")
                lines = [f"! {line.format(folder=display_path(folder), why=os_error_text(error))}"]
        self.app.call_from_thread(self._done, lines)

    def _ask(self, asked: str, folder: Path) -> None:
        """Ask what is unusual about the post; the second press of the key answers."""
        self._done([f"? {asked}"])
        self._second.press(asked, lambda: None, lambda: self._begin(folder, confirm=True))

    def _done(self, lines: list[str]) -> None:
        self.busy = False
        self._show(lines)
        self._follow()  # the code is a post's now
        self.refresh_bindings()

    def _show(self, lines: list[str]) -> None:
        self.query_one("#lines", Static).update(Content("\n".join(lines)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the pack is written, wait."""
        return not self.busy


def _told(store: Store, pack: Path) -> list[str]:
    """What was written, and what the post does with it."""
    me = peers.own(store)
    begin = _(
        "At the post, open the kit's folder on this stick and run install.cmd (Linux: sh install.sh). It finds {pack}"
        " beside the kit, and asks for name and passphrase. Is fieldapp there already: start it, F2."
    )
    compare = _("They call, and compare the words of headquarters: {words}")
    certify = _(
        "They record at once. With their first bundle the new laptop stands here under “To decide” (F6 twice): have"
        " them read out its words (Ctrl+P, “laptops”), and certify it with F2."
    )
    steps = [begin.format(pack=display_path(pack.name)), compare.format(words=me.fingerprint), certify]
    done = f"✓ {_('DONE.')} {sticks.done_text(store, [pack.parent])}"
    return [done, _("What to tell the post:"), *(f"{number}. {step}" for number, step in enumerate(steps, start=1))]
