"""What only a person can decide: two values of one field, a void, a new laptop, and what waits or was refused."""

from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.visual import VisualType
from textual.widgets import OptionList, Static

from fieldapp.domain.records import BY_KIND
from fieldapp.errors import FieldappError
from fieldapp.i18n import _, counted
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import conflict_messages, messages, status
from fieldapp.sync.merge import merge, release, resolve
from fieldapp.sync.peers import peers
from fieldapp.sync.peers.peers import Peer
from fieldapp.tui.screens.base import Chooser, OpenList, Page
from fieldapp.tui.screens.beside import Beside, page_of, titled
from fieldapp.tui.screens.laptops import LaptopScreen, warnings_of, word_lines
from fieldapp.tui.widgets.lines import hanging, refill
from fieldapp.work.todo import Todo, questions


class ConflictsScreen(Beside):
    """Conflicts first, then laptops to certify, then changes to release, then what waits or was refused, and why."""

    HELP = (
        "≠ two people wrote a field, or one voided what the other changed, without knowing of each other: Enter shows"
        " both. ? two records of one deed: Enter shows both. · a laptop waits to be certified: Enter shows its"
        " fingerprint. · changes from a wrong clock wait: Enter releases them. ! waits, or was refused: with the"
        " reason."
    )

    def __init__(self) -> None:
        super().__init__()
        self._conflicts: list[Row] = []
        self._asking: list[Peer] = []
        self._to_release: release.ToRelease | None = None
        self._questions: list[Todo] = []

    def body(self) -> ComposeResult:
        yield Static(Content(_("To decide")), classes="section")
        yield OpenList(id="open", markup=False)

    def renew(self) -> None:
        state = status.exchange_status(self.store)
        me = peers.own(self.store)
        self._conflicts = merge.conflicts(self.store)
        known = peers.others(self.store) if me.role == "hq" else []
        asking = [p for p in known if peers.awaits_certificate(me, p)]
        to_confirm = peers.to_confirm(self.store, known)
        self._asking = [*asking, *to_confirm]
        told = conflict_messages
        lines = [
            ("≠", f"{told.conflict_title(self.store, c)}: {told.both_sides(self.store, c)}") for c in self._conflicts
        ]
        lines += [("·", _("{name} waits to be certified").format(name=p.title)) for p in asking]
        lines += [("!", messages.to_confirm_text(p.title)) for p in to_confirm]
        self._to_release = state.to_release
        if state.to_release:
            lines.append(("·", messages.to_release_text(state.to_release)))
        self._questions = questions(self.store)
        lines += [("?", line.text) for line in self._questions]
        lines += [("!", sentence) for sentence in (*state.held, *state.quarantined, *state.set_aside)]
        nothing = f"✓ {_('Nothing is to be decided.')}"
        refill(self.query_one(OptionList), [hanging(sign, text) for sign, text in lines], nothing)

    def beside(self) -> RenderableType | None:
        at = self.query_one(OptionList).highlighted
        if at is None:
            return None
        if at < len(self._conflicts):
            return _conflict_beside(self.store, self._conflicts[at], self.beside_width)
        if at - len(self._conflicts) < len(self._asking):
            peer = self._asking[at - len(self._conflicts)]
            advice = _("Compare by telephone, word by word:")
            return page_of(
                peer.title, *map(Text, [*warnings_of(self.store, peer), advice, *word_lines(peer.fingerprint)])
            )
        if at == len(self._conflicts) + len(self._asking) and self._to_release:
            return page_of(_("Recorded while a clock was wrong"), Text(messages.to_release_text(self._to_release)))
        if (question := self._question_at(at)) is not None:
            from fieldapp.tui.screens.record import record_beside

            return record_beside(self.store, question.target, self.beside_width)
        return None

    def _question_at(self, at: int) -> Todo | None:
        """The question that the review asks on a line; None on another line."""
        at -= len(self._conflicts) + len(self._asking) + (self._to_release is not None)
        return self._questions[at] if 0 <= at < len(self._questions) else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        at = event.option_index
        if at < len(self._conflicts):
            self.app.push_screen(ConflictScreen(self._conflicts[at]))
        elif at - len(self._conflicts) < len(self._asking):
            self.app.push_screen(LaptopScreen(self._asking[at - len(self._conflicts)]))
        elif at == len(self._conflicts) + len(self._asking) and self._to_release:
            self.app.push_screen(ReleaseScreen(self._to_release))
        elif (question := self._question_at(at)) is not None:
            from fieldapp.tui.screens.record import RecordScreen

            self.app.push_screen(RecordScreen(question.target))


class ConflictScreen(Page):
    """Both values, who wrote them and when. The chosen one is written as a change, and all laptops take it.

    Enter only chooses: it leads here from the first screen, and may come once too often.
    """

    HELP = (
        "Choose the value that is right, or whether the record stays voided; F2 decides. It is written as a change like"
        " any other, and reaches the other laptops."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "settle", _("Decide so")),
        Binding("f4", "open_record", _("Record")),
    ]

    def __init__(self, conflict: Row) -> None:
        super().__init__()
        self._conflict = conflict

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        yield Chooser(id="sides", markup=False)
        yield Static(id="message", classes="problem", markup=False)

    def renew(self) -> None:
        self.query_one("#what", Static).update(Content(conflict_messages.conflict_title(self.store, self._conflict)))
        lines: list[VisualType] = []
        for side, word in zip(conflict_messages.SIDES, (_("in use now"), _("not used")), strict=True):
            by = f"{conflict_messages.conflict_author(self._conflict, side)}, {word}"
            value = conflict_messages.conflict_value(self.store, self._conflict, side)
            if choice := conflict_messages.choice_text(self._conflict, side):
                by = f"{conflict_messages.conflict_author(self._conflict, side)}: {value}"
                lines.append(hanging("", f"{choice}\n{by}"))
            else:
                lines.append(Content(f" {value}\n     {by}"))
        refill(self.query_one(OptionList), lines)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        side = conflict_messages.SIDES[event.option_index]
        choice = conflict_messages.choice_text(self._conflict, side)
        value = conflict_messages.conflict_value(self.store, self._conflict, side)
        asked = choice or _("“{value}” is right").format(value=value)
        self.query_one("#message", Static).update(Content(_("F2 decides: {choice}.").format(choice=asked)))

    def action_settle(self) -> None:
        """Write that the highlighted side is right."""
        side: resolve.Side = "loser" if self.query_one(OptionList).highlighted else "winner"
        try:
            resolve.resolve_conflict(self.store, self._conflict["id"], side)
        except FieldappError as error:
            self.query_one("#message", Static).update(Content(str(error)))
            return
        self.app.notify(_("Settled."), markup=False)
        self.dismiss(None)

    def action_open_record(self) -> None:
        """Open the record that the field belongs to."""
        from fieldapp.tui.screens.record import RecordScreen

        self.app.push_screen(RecordScreen(conflict_messages.conflict_record(self.store, self._conflict)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide F4 for a kind of record that this version does not know."""
        return action != "open_record" or self._conflict["table"] in BY_KIND


def _conflict_beside(store: Store, conflict: Row, width: int) -> RenderableType:
    """Both values, and the record that they belong to, for the room beside a list."""
    from fieldapp.tui.screens.record import record_beside

    told = conflict_messages
    sides = []
    for side, word in zip(told.SIDES, (_("in use now"), _("not used")), strict=True):
        choice = told.choice_text(conflict, side) or word
        sides.append((choice, f"{told.conflict_value(store, conflict, side)} ({told.conflict_author(conflict, side)})"))
    known = conflict["table"] in BY_KIND
    record = [Text(), record_beside(store, told.conflict_record(store, conflict), width)] if known else []
    return page_of(told.conflict_title(store, conflict), titled(sides), *record)


class ReleaseScreen(Page):
    """What was recorded while a clock was far ahead, and the key that logs it again."""

    HELP = (
        "A laptop's clock was years ahead when these were recorded, so no laptop can order them. F2 logs them again, in"
        " their old order, with today's clock: nothing that was typed changes, and the next bundle takes them to all."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "release", _("Release"))]

    def __init__(self, found: release.ToRelease) -> None:
        super().__init__()
        self._found = found

    def body(self) -> ComposeResult:
        yield Static(Content(_("Recorded while a clock was wrong")), classes="section")
        yield Static(Content(messages.to_release_text(self._found)), classes="line")
        yield Static(Content(_("F2 logs them again, in their old order, with today's clock. Nothing that was typed"
                               " changes; the next bundle takes them to all laptops.")), classes="line")  # fmt: skip
        yield Static(id="message", classes="problem", markup=False)

    def action_release(self) -> None:
        """Log the changes again."""
        try:
            number = release.release(self.store)
        except FieldappError as error:
            self.query_one("#message", Static).update(Content(str(error)))
            return
        self.app.notify(counted("{n} change was logged again.", "{n} changes were logged again.", number), markup=False)
        self.dismiss(None)
