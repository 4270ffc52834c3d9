"""Which photographs and papers are attached to a record?"""

import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.domain.amounts import format_amount
from fieldapp.domain.attachment import FileSort
from fieldapp.domain.dates import format_date
from fieldapp.errors import FieldappError
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _, counted
from fieldapp.records import attachments, records
from fieldapp.tui.files import is_file, is_folder, photographs_and_papers, typed_path
from fieldapp.tui.screens.base import MARK, MarkList, Page
from fieldapp.tui.widgets.picture import Picture
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import clean

REFUSALS_TOLD = 4


class FileField(TextField):
    """The path of a file or folder."""

    VIETNAMESE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", _("Take"), key_display="Enter")]


class AttachScreen(Page):
    """Mark files on a stick, a phone or this laptop; F2 attaches them to the record."""

    WRITES = True
    HELP = (
        "Mark files, or type a path; F2 attaches what is marked, or else the chosen one. Nothing is moved or deleted."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "add", _("Attach")),
        Binding("tab", "other", _("Next"), key_display="Tab"),
        Binding("f4", "sort", _("What it is")),
        Binding("f5", "renew", _("Look again")),
        Binding("f6", "all", _("All")),
    ]

    def __init__(self, record_id: str) -> None:
        super().__init__()
        self._record_id = record_id
        self._files: list[Path] = []
        self._marked: dict[Path, None] = {}
        self._day = ""
        """The record's day, YYYY-MM-DD, where its kind has one"""
        self._done: set[str] = set()
        """Ids of the files that were attached here: one content under two names is one"""
        self._sort: FileSort | None = None
        """What all of them are; None: each what it most probably is"""

    def body(self) -> ComposeResult:
        yield Static(id="title", classes="section", markup=False)
        with Horizontal(id="files-and-picture"):
            yield MarkList(id="files", markup=False)
            yield Picture(id="picture")
        yield Static(id="about", classes="line", markup=False)
        with Horizontal(id="path-line"):
            yield Static(Content(_("File, folder")))
            yield FileField(stays=True, id="path", placeholder=_("type a path here, then Enter"))
        with Horizontal(id="caption-line"):
            yield Static(Content(_("Caption")))
            yield TextField(stays=True, id="caption", placeholder=_("of all that are marked; may stay empty"))
        yield Static(id="said", classes="line", markup=False)

    def on_mount(self) -> None:
        found = records.get(self.store, self._record_id)
        day = records.model_of(found.kind).DATE
        self._day = str(found.row[day] or "") if day else ""
        self._title()
        self.query_one("#files").focus()
        self.action_renew()

    @property
    def unkept(self) -> bool:
        """A path or a caption is typed, or files are marked."""
        return bool(self._marked) or any(field.value for field in self.query(TextField))

    def _title(self) -> None:
        marked = f" · {counted('{n} marked', '{n} marked', len(self._marked))}" if self._marked else ""
        sort = f" · {_('as {sort}').format(sort=attachments.sort_title(self._sort))}" if self._sort else ""
        self.query_one("#title", Static).update(Content(f"{_('Attach photographs and papers')}{marked}{sort}"))

    # choosing ---------------------------------------------------------------------------------------------------

    def action_renew(self) -> None:
        """Look for files again, on sticks, phones and this laptop."""
        if not self.busy:
            self._say("… " + _("Looking for photographs and papers"))
            self._look_for()

    @work(thread=True, exclusive=True, group="look")
    def _look_for(self) -> None:
        found = photographs_and_papers()
        self.app.call_from_thread(self._found, found)

    def _found(self, found: Sequence[Path], at: int = 0) -> None:
        if not self.is_mounted:
            return
        self._files = list(dict.fromkeys([*self._marked, *found]))
        self._list(at)
        nothing = _("None was found on a stick, a phone or this laptop. Type the path of a file or folder below.")
        if sys.platform == "win32":
            nothing += " " + _("A phone on a cable has no path in Windows: copy its photographs to Pictures, then F5.")
        self._say("" if self._files else nothing)
        if not self._files:
            self.query_one("#path").focus()

    def _list(self, at: int | None) -> None:
        listed = self.query_one("#files", OptionList)
        listed.clear_options()
        listed.add_options([Option(self._line(path)) for path in self._files])
        listed.highlighted = at if self._files else None
        self._title()
        self._look_at_chosen()

    def _line(self, path: Path) -> Content:
        sign = MARK if path in self._marked else " "
        return Content(f"{sign} {brief_text(path.name)}\n    {display_path(path.parent)}")

    @property
    def _chosen(self) -> Path | None:
        at = self.query_one("#files", OptionList).highlighted
        return self._files[at] if at is not None and at < len(self._files) else None

    def on_option_list_option_highlighted(self) -> None:
        self._look_at_chosen()

    def _look_at_chosen(self) -> None:
        if not self.busy:
            self._look_at(self._chosen)

    @work(thread=True, exclusive=True, group="picture")
    def _look_at(self, path: Path | None) -> None:
        """Show the picture of a file, and the day and place that it tells."""
        small, said = None, ""
        try:
            if path is not None:
                looked = attachments.look(path)
                small, said = looked.thumbnail, _told(looked.taken_on, looked.place, self._day)
        except FieldappError as error:
            said = f"! {error}"
        self.app.call_from_thread(self._looked, path, small, said)

    def _looked(self, path: Path | None, small: bytes | None, said: str) -> None:
        if self.is_mounted and path == self._chosen:
            self.query_one(Picture).show(small)
            self.query_one("#about", Static).update(Content(said))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        path = self._files[event.option_index]
        if path in self._marked:
            del self._marked[path]
        else:
            self._marked[path] = None
        listed = self.query_one("#files", OptionList)
        listed.replace_option_prompt_at_index(event.option_index, self._line(path))
        self._title()
        listed.action_cursor_down()

    def action_sort(self) -> None:
        """Say what all of them are; at first, and at last again, each is what its content and name say."""
        sorts = (None, *attachments.SORTS)
        self._sort = sorts[(sorts.index(self._sort) + 1) % len(sorts)]
        self._title()
        if self._sort is None:
            self._say("· " + _("Each is what it seems: a picture a photograph, a paper or “bien ban” a minute."))
        else:
            sort = attachments.sort_title(self._sort)
            self._say("· " + _("All that are attached now: {sort}.").format(sort=sort))

    def action_all(self) -> None:
        """Mark all files that are listed, or none."""
        self._marked = {} if len(self._marked) == len(self._files) else dict.fromkeys(self._files)
        self._list(self.query_one("#files", OptionList).highlighted)

    def action_other(self) -> None:
        """Go to the path, the caption, and back to the list."""
        self.focus_next()

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        if event.input.id == "path":
            self._take_path()
        else:
            self.query_one("#files").focus()

    def _take_path(self) -> bool:
        """Mark the file whose path is typed, or list the files of the folder; whether nothing is wrong."""
        field = self.query_one("#path", FileField)
        if not clean(field.value):
            return True
        path = typed_path(field.value)
        try:
            if is_folder(path):
                self._found(attachments.files_in(path))
                if len(self._files) >= attachments.MAX_LISTED:
                    self._say("· " + _("Very many: the newest {n} are listed.").format(
                        n=format_amount(attachments.MAX_LISTED)))  # fmt: skip
                if not self._files:
                    self._say("! " + _("No photograph or paper is in {path}.").format(path=display_path(path)))
                    return False
            elif is_file(path):
                self._marked[path] = None
                self._files = list(dict.fromkeys([path, *self._files]))
                self._list(0)
            else:
                self._say("! " + _("There is no file {path}.").format(path=display_path(path)))
                return False
        except FieldappError as error:
            self._say(f"! {error}")
            return False
        except (OSError, ValueError):
            self._say("! " + _("There is no file {path}.").format(path=display_path(path)))
            return False
        field.value = ""
        self.query_one("#files").focus()
        return True

    # attaching --------------------------------------------------------------------------------------------------

    def action_add(self) -> None:
        """Attach what is marked, or else the chosen file."""
        if self.busy or not self._take_path():
            return
        given = list(self._marked) or [path for path in [self._chosen] if path is not None]
        if not given:
            self._say("! " + _("Mark files first, or type a path."))
            return
        self.busy = True
        self.refresh_bindings()
        self._attach_all(given, self.query_one("#caption", TextField).value)

    @work(thread=True)
    def _attach_all(self, given: Sequence[Path], caption: str) -> None:
        """Attach one after the other, so that one bad file does not stop the others."""

        def begins(number: int, path: Path) -> None:
            text = f"… {_('Attaching')} {number + 1}/{len(given)}: {brief_text(path.name)}"
            self.app.call_from_thread(self._say, text)

        with closing(self.store.reopen()) as store:
            ids, refused = attachments.add_each(store, self._record_id, given, caption, self._sort, begins=begins)
        self.app.call_from_thread(self._attached, given, ids, refused)

    def _attached(self, given: Sequence[Path], ids: Sequence[str], refused: dict[Path, str]) -> None:
        self.busy = False
        self.refresh_bindings()
        self._done |= {*ids}
        done = self._done_text
        if not refused:
            self.dismiss(done)
            return
        self._marked = dict.fromkeys(refused)
        self._files = [path for path in self._files if path in refused or path not in given]
        self._list(0)
        told = attachments.refusals_text(refused, REFUSALS_TOLD)
        lines = [*([done] if self._done else []), *(line if line.startswith("…") else f"! {line}" for line in told)]
        self._say("\n".join(lines))

    def action_back(self) -> None:
        """Go back; what was attached is told there."""
        self.dismiss(self._done_text if self._done else None)

    @property
    def _done_text(self) -> str:
        return "✓ " + counted("{n} file is attached.", "{n} files are attached.", len(self._done))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The screen cannot be left while files are attached."""
        return not (self.busy and action in ("back", "add", "renew", "all", "sort"))

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(Content(text))


def _told(taken_on: date | None, place: str | None, record_day: str) -> str:
    """What a photograph says of itself, and whether the record has another day; empty for nothing."""
    other = taken_on is not None and record_day not in ("", taken_on.isoformat())
    told = [
        _("taken on {day}").format(day=format_date(taken_on)) if taken_on else "",
        _("the record says {day}").format(day=format_date(date.fromisoformat(record_day))) if other else "",
        _("at {place}").format(place=place) if place else "",
    ]
    return " · ".join(filter(None, told))
