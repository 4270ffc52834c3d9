"""One record: what it says, what was done for its tasks, whether headquarters has it, and its history."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import ClassVar

from msgspec.structs import replace
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.domain.model import Record
from fieldapp.domain.party import Member
from fieldapp.domain.records import BY_KIND
from fieldapp.domain.reference import Post
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import attachments, hanging, history, persons, records, reviews, view, words
from fieldapp.records.reviews import Comment
from fieldapp.reports.papers.templates import has_templates
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import status
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.beside import page_of, titled
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.more_below import MoreBelow
from fieldapp.tui.widgets.picture import PictureBeside
from fieldapp.tui.widgets.scrolling import show_line
from fieldapp.tui.widgets.signs import state_text
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.text import tidy
from fieldapp.work import review_hints, review_queue

LABEL_WIDTH = 22
PHOTOGRAPH_LINES = 18
"""Lines of a photograph beside a list"""
ROOM_FOR_TWINS = 70
"""Columns from which on two records are shown beside each other"""


class ReasonField(TextField):
    """Why a record is voided, or what is to be corrected in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", _("Confirm"), key_display="Enter"),
        Binding("enter", "submit_comment", _("Return"), key_display="Enter"),
    ]

    returns = False
    """It is what is to be corrected"""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Say what Enter does."""
        if action in ("submit", "submit_comment"):
            return self.returns == (action == "submit_comment")
        return super().check_action(action, parameters)

    async def action_submit_comment(self) -> None:
        """Return the record with what is typed."""
        await self.action_submit()


class WorkList(OptionList):
    """What was done for each task of an agreement, or what names a voided record: one record per line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", _("Open"), key_display="Enter"),
        Binding("down", "cursor_down", _("Choose"), key_display="↑↓"),
    ]

    def __init__(self) -> None:
        super().__init__(id="work", markup=False)

    def show(self, groups: Sequence[tuple[str, int, Sequence[tuple[str, str]]]]) -> None:
        """Show groups: (heading, number of records, (id, text) of the newest). The same line stays highlighted."""
        at = self.highlighted
        self.clear_options()
        for number, (heading, total, newest) in enumerate(groups):  # a record may be in several
            self.add_option(Option(Content.styled(heading, "bold"), disabled=True))
            self.add_options([Option(Content(f"   {text}"), id=f"{number} {row_id}") for row_id, text in newest])
            if total > len(newest):
                more = _("… and {n} more").format(n=total - len(newest))
                self.add_option(Option(Content(f"   {more}"), disabled=True))
        self.highlighted = at if at is not None and at < self.option_count else None

    @property
    def has_records(self) -> bool:
        """Whether there is a line that can be opened."""
        return any(option.id for option in self.options)

    def on_focus(self) -> None:
        if self.highlighted is None:
            self.action_first()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self.call_after_refresh(show_line, self, event.option_index)


class RecordScreen(Page):
    """Shows one record of any kind."""

    CHANGES = DELIVERS = frozenset({"papers"})
    AUTO_FOCUS = ""  # otherwise typing would go into the reason, which is not shown yet
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "work", _("Into the list"), key_display="Enter"),
        Binding("f2", "change", _("Change")),
        Binding("f2", "take_back", _("Take back")),
        Binding("f2", "accept", _("Accept")),
        Binding("f4", "open_record", _("The other one")),
        Binding("f6", "more", _("One more comment")),
        Binding("delete", "send_back", _("Return"), key_display="Del"),
        Binding("delete", "void", _("Void"), key_display="Del"),
        Binding("delete", "retire", _("Retire"), key_display="Del"),
        Binding("f7", "files", _("Photographs, papers")),
        Binding("f8", "papers", _("Papers")),
        Binding("down,pagedown", "scroll(1)", _("Scroll"), key_display="↑↓"),
        Binding("up,pageup", "scroll(-1)", _("Up"), show=False),
    ]

    def __init__(self, row_id: str) -> None:
        super().__init__()
        self._record_id = row_id
        self._model: type[Record] = Record
        """Of every kind, until the record was read"""
        self._read = False
        self._open = False
        self._reviewable = False
        self._has_files = False
        """It has files, or may get some"""
        self._seen = ""
        """The fingerprint of the record as it is shown"""
        self._twin: records.Found | None = None
        """At headquarters, a record that may be the same"""
        self._second = SecondPress()
        self._about: Comment | None = None
        """The comment that is being typed, with the place that it is about; None while a reason is typed"""
        self._comments: list[Comment] = []
        """The comments before it, which go with it"""

    @property
    def unkept(self) -> bool:
        """A comment is typed, which no draft keeps."""
        return bool(self._comments or (self._about is not None and self.query_one(ReasonField).value))

    def body(self) -> ComposeResult:
        yield Static(id="title", classes="section", markup=False)
        with VerticalScroll(can_focus=False) as whole:
            yield Static(id="fields", classes="line", markup=False)
            yield Static(id="doubts", classes="line", markup=False)
            with Vertical(id="served"):
                yield Static(id="served-title", classes="section", markup=False)
                yield WorkList()
            yield Static(Content(_("History")), classes="section")
            yield Static(id="history", classes="line", markup=False)
        yield MoreBelow(whole)
        with Vertical(id="void-line"):
            yield Static(id="why", markup=False)
            yield ReasonField(stays=True, id="reason")
        yield Static(id="decided", classes="line", markup=False)
        yield Static(id="message", classes="problem", markup=False)

    def on_mount(self) -> None:
        self._tell("")

    def renew(self) -> None:
        found = records.get(self.store, self._record_id)
        self._model = records.model_of(found.kind)
        self._read = True
        self._open = found.row["voided_at"] is None
        self._reviewable = review_queue.reviewable(self.store, found)
        files = attachments.counts(self.store, [self._record_id]).get(self._record_id, attachments.Count()).words
        self._has_files = bool(files) or attachments.may_attach(self.store, self._record_id)
        title = _(self._model.TITLE)
        if not self._open:
            title += f" · {words.voided_word(self._model).lower()}"
        if self.store.role == "hq":
            title = " · ".join([title, *words.posts_of(self.store, [found.row]).values()])
        self._update("#title", "   ".join(filter(None, [title, self._state_note(found), files])))
        self._show_hints(found)
        shown = [*view.describe(self.store, found), *_advice(self.store, found)]
        if not self._reviewable:  # else it stands among what is odd
            shown += [(_("Confirmed"), text) for text in records.confirmed_sentences(self.store, found)]
        self.query_one("#fields", Static).update(
            beside_twin(self.store, found, shown, self._twin) if self._twin else _in_columns(shown)
        )
        self._show_work()
        self.query_one("#history", Static).update(_history(history.record_lines(self.store, self._record_id)))
        self.refresh_bindings()

    def _show_work(self) -> None:
        """Show what was done for the tasks of an agreement, or, of a voided record, what still names it."""
        work = self.query_one(WorkList)
        if self._open:
            self._update("#served-title", _("Done for each task"))
            has_tasks = any(child.model.REFERRED for child in self._model.CHILDREN.values())
            work.show(_done_for_tasks(self.store, self._record_id) if has_tasks else [])
        else:
            self._update("#served-title", _("Still names it"))
            naming = hanging.records_naming(self.store, self._model.KIND, self._record_id)
            work.show([(_(BY_KIND[kind].PLURAL), number, newest) for kind, number, newest in naming])
        self.query_one("#served").display = work.option_count > 0

    def _state_note(self, found: records.Found) -> str:
        """At headquarters: whether the record waits for review or was returned. At a post: where it is, or the same."""
        review = reviews.last_reviews(self.store, found.kind, [self._record_id]).get(self._record_id)
        if self.store.role == "hq":
            if self._open and review is not None and review.returned:
                return state_text(self.store, "returned")
            seen = review is not None and review.state == "accepted"
            return f"· {_('to review')}" if self._reviewable and not seen else ""
        if self._open and review is not None and review.returned:
            return state_text(self.store, "returned")
        return state_text(self.store, status.unreceived(self.store, [self._record_id]).get(self._record_id, "received"))

    def _show_hints(self, found: records.Found) -> None:
        """Show the reviewer what is odd, and what was changed since the last review."""
        lines = []
        self._twin = None
        if self._reviewable:
            self._seen = reviews.record_fingerprint(self.store, found.kind, self._record_id)
            doubts = review_hints.doubts_about(self.store, found.kind, [self._record_id]).get(self._record_id, [])
            lines = [f"? {doubt.sentence}" for doubt in doubts]
            lines += [f"→ {advice}" for advice in dict.fromkeys(doubt.advice for doubt in doubts if doubt.advice)]
            self._twin = _twin_in(self.store, doubts)
            lines[len(doubts) : len(doubts)] = [f"? {said}" for said in _said_of_twin(self.store, self._twin)]
            if changed := review_queue.changed_since(self.store, found):
                lines += [_("Changed since it was looked at:"), *(f"  {line}" for line in changed)]
        self._update("#doubts", "\n".join(lines))
        self.query_one("#doubts").display = bool(lines)

    def _update(self, where: str, text: str) -> None:
        self.query_one(where, Static).update(Content(text))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer changing and voiding only where they may be done."""
        if not self._read:
            return False
        if action == "work":
            work = self.query_one(WorkList)
            return work.has_records and not work.has_focus and not self.query_one("#void-line").has_class("-shown")
        if action in ("send_back", "void", "retire") and self.query_one("#void-line").has_class("-shown"):
            return False
        if action == "open_record":
            return self._twin is not None
        if action == "more":
            return self._about is not None and self.query_one("#void-line").has_class("-shown")
        if action == "accept":  # not while a comment is typed, which would be lost
            return self._reviewable and not self.query_one("#void-line").has_class("-shown")
        if action == "send_back":
            return self._reviewable
        if action == "files":
            return self._has_files
        if action == "papers":
            return self._open and has_templates(self.store, self._model.KIND)
        if action == "take_back":
            return not self._open and records.writable(self.store, self._model)
        if action in ("void", "retire") and (action == "retire") != self._model.REFERENCE:
            return False
        if action in ("change", "void", "retire"):
            return self._open and records.writable(self.store, self._model)
        return True

    def action_scroll(self, step: int) -> None:
        """Scroll by some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=5 * step, animate=False, immediate=True)

    def action_change(self) -> None:
        """Open the form on this record."""
        from fieldapp.tui.screens.forms import form_of

        self.app.push_screen(form_of(self._model.KIND, self._record_id))

    def action_open_record(self) -> None:
        """Open the record that may be the same."""
        if self._twin is None:
            return
        twin: str = self._twin.row["id"]
        self._tell("")
        self.app.push_screen(RecordScreen(twin), lambda said: self._tell_decided(twin) if said else None)

    def _tell_decided(self, twin: str) -> None:
        """Say what was done with the other record, now that this one is shown in its place."""
        review = reviews.last_reviews(self.store, self._model.KIND, [twin]).get(twin)
        later = twin > self._record_id
        if review is not None and review.returned:
            self._tell(_("↩ The later record was returned; this is the other one.") if later
                       else _("↩ The earlier record was returned; this is the other one."))  # fmt: skip
        else:
            self._tell(_("✓ The later record was accepted; this is the other one.") if later
                       else _("✓ The earlier record was accepted; this is the other one."))  # fmt: skip

    def _tell(self, said: str) -> None:
        self._update("#decided", said)
        self.query_one("#decided").display = bool(said)

    def action_files(self) -> None:
        """Show photographs and papers of the record."""
        from fieldapp.tui.screens.record_files import RecordFilesScreen

        self.app.push_screen(RecordFilesScreen(self._record_id))

    def action_papers(self) -> None:
        """Make papers from the record."""
        from fieldapp.tui.screens.papers import open_papers

        open_papers(self.app, self._model.KIND, [self._record_id])

    def action_accept(self) -> None:
        """Accept the record, and go back to the list. Accepting both of two that may be one takes a second press."""
        self._accept(confirm=False)

    def _accept(self, *, confirm: bool) -> None:
        try:
            review_queue.review_record(self.store, self._record_id, "accepted", seen=self._seen, confirm=confirm)
        except NeedsConfirmation as question:
            asked = _("{question} F2 again says yes.").format(question=question)
            self._second.press(asked, lambda: self._update("#message", asked), lambda: self._accept(confirm=True))
            return
        except FieldappError as error:
            self._update("#message", str(error))
            return
        said = _("✓ Accepted.")
        self.app.notify(said, markup=False)
        self.dismiss(said)

    def action_send_back(self) -> None:
        """Let the reviewer choose what the comment is about, then write it on the page."""
        from fieldapp.tui.screens.place_finder import PlaceFinder

        def chosen(about: Comment | None) -> None:
            if about is not None:
                self._write_comment(about)
            elif self._comments:
                self._write_comment(self._comments.pop())

        places = review_queue.comment_places(self.store, records.get(self.store, self._record_id))
        self.app.push_screen(PlaceFinder(places), chosen)

    def _write_comment(self, about: Comment) -> None:
        """Let a comment be typed, or go on being typed."""
        self._about = about
        self._update("#message", "")
        said = (reviews.comments_text(self.store, self._model.KIND, [one]) for one in self._comments)
        told = [f"↩ {text.lstrip(' ·:')}" for text in said]
        title = reviews.comment_title(self.store, self._model.KIND, about) or _("The whole record")
        how = _("What must be corrected? Enter returns the record to its post, F6 adds one more comment, Esc does not.")
        self._ask("\n".join([*told, f"{title}: {how}"]))
        field = self.query_one(ReasonField)
        field.value = about.comment
        field.cursor_position = len(about.comment)
        self.refresh_bindings()

    def action_more(self) -> None:
        """Keep this comment, and let one more be written."""
        if self._about is None:
            return
        text = tidy(self.query_one(ReasonField).value)
        if not text:
            self._update("#message", _("Say what must be corrected."))
            return
        self._comments.append(replace(self._about, comment=text))
        self.action_send_back()

    def action_void(self) -> None:
        """Ask for the reason, on the page."""
        from fieldapp.reports import void_effect

        self._about = None
        try:
            also = void_effect.void_sentences(self.store, self._model.KIND, [self._record_id])
        except FieldappError as error:  # what changes is worked out by a write that is rolled back
            also = [str(error)]
        why = (
            _("Why is it retired? Enter retires it, Esc keeps it.")
            if self._model.REFERENCE
            else _("Why is it voided? Enter voids it, Esc keeps it.")
        )
        self._ask("\n".join([*also, why]))

    def _ask(self, why: str, *, reason: bool = True) -> None:
        """Ask on the page; ``reason``: what is typed is the answer."""
        self._update("#why", why)
        self._tell("")
        self.query_one(ReasonField).returns = self._about is not None
        self.query_one("#void-line").add_class("-shown")
        self.query_one("#reason").display = reason
        if reason:
            self.query_one("#reason").focus()

    def action_retire(self) -> None:
        """Void reference data. The key is called Retire: data that goes out of use is not wrong."""
        self.action_void()

    def action_take_back(self) -> None:
        """Say what taking the void back changes, and what is unusual about it; F2 once more does it."""
        if self.query_one("#void-line").has_class("-shown"):
            self._take_back()
            return
        from fieldapp.reports import void_effect

        try:
            asked = records.questions_when_taken_back(self.store, self._record_id)
            changes = void_effect.figure_sentences(self.store, self._model.KIND, [self._record_id], voided=False)
        except FieldappError as error:
            self._update("#message", str(error))
            return
        how = (
            _("F2 once more brings it back into use, Esc keeps it retired.")
            if self._model.REFERENCE
            else _("F2 once more takes the void back, Esc keeps it.")
        )
        self._ask("\n".join([*changes, *asked, how]), reason=False)

    def _take_back(self) -> None:
        try:
            records.take_back(self.store, self._record_id, confirm=True)
        except FieldappError as error:
            self._update("#message", str(error))
            return
        self._close_void()
        self.come_back()

    def action_work(self) -> None:
        """Go to what was done for the tasks."""
        self.query_one(WorkList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the record of work done for a task."""
        if event.option_id is not None:
            self.app.push_screen(RecordScreen(event.option_id.split()[-1]))

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        try:
            if self._about is None:
                records.void(self.store, self._record_id, event.value)
            else:
                comments = [*self._comments, replace(self._about, comment=tidy(event.value))]
                if self._comments and not comments[-1].comment:  # one more was begun, and is not needed
                    comments.pop()
                review_queue.review_record(self.store, self._record_id, "returned", comments=comments, seen=self._seen)
        except FieldappError as error:
            self._update("#message", next(iter(error.fields.values()), str(error)))
            return
        if self._about is not None:
            said = _("↩ Returned: the next reply carries it to the post.")
            self.app.notify(said, markup=False)
            self.dismiss(said)
            return
        self._close_void()
        self.come_back()

    def action_back(self) -> None:
        """Close the reason or leave the list of work; otherwise go back."""
        if self.query_one("#void-line").has_class("-shown") and self._about is not None and self._comments:
            self._write_comment(self._comments.pop())
        elif self.query_one("#void-line").has_class("-shown"):
            self._close_void()
        elif self.query_one(WorkList).has_focus:
            self.set_focus(None)
        else:
            super().action_back()

    def _close_void(self) -> None:
        self.query_one("#void-line").remove_class("-shown")
        self.query_one(TextField).value = ""
        self._about = None
        self.set_focus(None)
        self._update("#message", "")


def _advice(store: Store, found: records.Found) -> list[tuple[str, str]]:
    """(title, text): what may be done about a record, by which keys."""
    return persons.how_to_merge(store, found.row) if found.kind == Member.KIND else []


def record_beside(store: Store, row_id: str, width: int, doubts: Sequence[review_hints.Doubt] = ()) -> RenderableType:
    """A record for the room beside a list, as the screen on it would show it; ``width``: that of the room.

    ``doubts``: the hints about it, where they are known.
    """
    found = records.get(store, row_id)
    model = BY_KIND[found.kind]
    twin = _twin_in(store, doubts)
    posts = words.posts_of(store, [found.row]).values() if store.role == "hq" else ()
    shown = view.describe(store, found)
    content = beside_twin(store, found, shown, twin) if twin and width >= ROOM_FOR_TWINS else titled(shown)
    told = [*(doubt.sentence for doubt in doubts), *_said_of_twin(store, twin)]
    hints = [Text(f"\n? {sentence}", style="bold") for sentence in told]
    return page_of(" · ".join([_(model.TITLE), *posts]), content, *hints, *_photograph(store, row_id))


def _photograph(store: Store, row_id: str) -> list[RenderableType]:
    """The first photograph of a record that is here, in small."""
    for one in attachments.of_record(store, row_id):
        if one.is_picture and one.state == "here":
            with suppress(FieldappError):  # a damaged one is told on the screen of files
                small = attachments.thumbnail(store, one)
                return ["", PictureBeside(small, PHOTOGRAPH_LINES)] if small else []
    return []


def _twin_in(store: Store, doubts: Sequence[review_hints.Doubt]) -> records.Found | None:
    """The record that may be the same, which the first of the hints names."""
    twin = next((doubt.twin for doubt in doubts if doubt.twin), None)
    return records.get(store, twin) if twin else None


def _said_of_twin(store: Store, twin: records.Found | None) -> list[str]:
    """What the post of the other record was asked when it recorded that one, and what it answered."""
    if twin is None:
        return []
    told = _("The other one: {sentence}")
    return [told.format(sentence=sentence) for sentence in records.confirmed_sentences(store, twin)]


def beside_twin(store: Store, found: records.Found, shown: Sequence[tuple[str, str]], twin: records.Found) -> Table:
    """What is shown of a record, beside another one that may be the same; lines that differ are marked."""
    posts = words.posts_of(store, [found.row, twin.row])
    mine, other = _head(posts, found.row), _head(posts, twin.row)
    # an id has the instant at which it was made, finer than what is told as the time
    which = (_("recorded first"), _("recorded later"))[:: 1 if found.row["id"] < twin.row["id"] else -1]
    titles = (f"{_('this record')}: {which[0]}", f"{_('the other one')}: {which[1]}")
    from fieldapp.tui.screens.duplicate import side_by_side

    return side_by_side([*mine, *shown], [*other, *view.describe(store, twin)], titles)


def _head(posts: Mapping[str, str], row: Row) -> list[tuple[str, str]]:
    """Whose record it is: what tells two apart that say the same."""
    return [
        (_(Post.TITLE), posts.get(row["post_id"], "")),
        (_("Recorded by"), f"{row['created_by']}, {words.local_instant(row['created_at'])}"),
    ]


def _history(lines: Sequence[str]) -> Table:
    """When, who, what; a long text wraps within its column."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for _when_and_who in range(2):
        table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for line in lines:
        table.add_row(*map(Text, line.split("  ", maxsplit=2)))
    return table


def _in_columns(lines: Sequence[tuple[str, str]]) -> Table:
    """Titles left, texts right; a long text wraps within its column."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=LABEL_WIDTH)
    table.add_column(ratio=1)
    for title, text in lines:
        table.add_row(Text(title), Text(text))
    return table


def _done_for_tasks(store: Store, agreement: str) -> list[tuple[str, int, list[tuple[str, str]]]]:
    """(heading, number of records, (id, text) of the newest) for each task of an agreement."""
    from fieldapp.work import task_work

    found = []
    for task in task_work.work_by_task(store, agreement):
        done = _("{n} done").format(n=task.total) if task.total else _("nothing yet")
        heading = f"{_('Task')} {task.number} · {done} · {task.title}"
        found.append((heading, task.total, [(deed.row_id, f"{deed.day}  {deed.text}") for deed in task.deeds]))
    return found
