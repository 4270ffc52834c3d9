"""Double entry: a sample of a kind is keyed again blind; the screens show both keyings and how often fields differ."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static

from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.store import wall
from fieldapp.tui.screens.base import OpenList, Page
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.widgets.editor import Editor
from fieldapp.tui.widgets.lines import hanging, refill
from fieldapp.work import double_entry
from fieldapp.work.double_entry import Comparison, SampledRecord

SIZES = (5, 10, 20, 50, 100)


class SampleScreen(Page):
    """The sampled records, each with what identifies it on paper. The sample of a month is the same for everybody."""

    HELP = (
        "Take the paper of a record and key it again: Enter opens an empty form. What differs is shown when you"
        " save. · open, – written by yourself: another person keys it, ✓ keyed the same, ≠ keyed differently. F6"
        " draws more."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6", "more", _("Larger sample")),
        Binding("f8", "rates", _("Error rates")),
    ]

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind
        self._wanted = SIZES[1]
        self._drawn: list[SampledRecord] = []

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        yield OpenList(id="sample", markup=False)
        yield Static(id="message", classes="problem", markup=False)

    def renew(self) -> None:
        today = wall.today()
        self._drawn = double_entry.draw_sample(self.store, self._kind, self._wanted, f"{today:%Y-%m}")
        done = sum(1 for d in self._drawn if d.state in ("same", "different"))
        title = _("Key again › {kind} · sample of {month}: {done} of {n}").format(
            kind=_(records.model_of(self._kind).PLURAL), month=f"{today:%m/%Y}", done=done, n=len(self._drawn)
        )
        self.query_one("#what", Static).update(Content(title))
        by = _("recorded by {who}")
        lines = [
            hanging(double_entry.KEYING_SIGNS[d.state], f"{d.paper}  ({by.format(who=d.by)})") for d in self._drawn
        ]
        refill(self.query_one(OptionList), lines, f"· {_('There is nothing to key again.')}")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        chosen = self._drawn[event.option_index]
        why_not = {
            "own": _("You wrote in this record yourself: another person keys it again."),
            "same": _("This record was keyed again already."),
            "different": _("This record was keyed again already."),
        }.get(chosen.state, "")
        self.query_one("#message", Static).update(Content(why_not))
        if not why_not:
            self.app.push_screen(BlindForm(self._kind, chosen, double_entry.blind_form_data(self.store, chosen.row_id)))

    def action_more(self) -> None:
        """Draw the next larger sample; after the largest, the smallest."""
        self._wanted = SIZES[(SIZES.index(self._wanted) + 1) % len(SIZES)]
        self.renew()

    def action_rates(self) -> None:
        """Show how often each field differed."""
        self.app.push_screen(RatesScreen(self._kind))


class BlindForm(FormScreen):
    """An empty form in which an existing record is keyed again without being seen."""

    HELP = (
        "Key the record again from its paper, as if it were new. Nothing is recorded: F2 compares, and shows what"
        " differs."
    )
    ADDS = False  # what the record refers to is there: it was recorded once
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "save", _("Compare"), key_display="F2")]

    def __init__(self, kind: str, drawn: SampledRecord, given: Mapping[str, Any]) -> None:
        super().__init__(kind, initial=given)
        self._drawn = drawn
        self._warned = False

    @property
    def purpose(self) -> str:
        return _("Key again, blind")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide the keys that bring in recorded values: blind keying must not use them."""
        if action in ("copy", "copy_all", "pin", "templates"):
            return False
        return super().check_action(action, parameters)

    def keep(self) -> None:
        """Keep no draft: it would come back as a record of its own."""

    @property
    def unkept(self) -> bool:
        return not self._over and self._typed() != self._kept

    def _first_open(self) -> Editor:
        """The very first: what is given is compared with the paper too."""
        return self._editors[0]

    def _pin_again(self) -> None:
        """Keep nothing from the record before."""

    def action_leave(self) -> None:
        """Leave. What was typed is lost, so Esc must be pressed twice."""
        if self.unkept and not self._warned:
            self._warned = True
            self._say(_("Nothing of this is kept. Esc again leaves."), "-asked")
            return
        self._over = True
        self.dismiss(None)

    def record(self, data: Mapping[str, Any], *, confirm: bool) -> None:
        """Compare, and show what differs."""
        made = double_entry.compare_keying(self.store, self._drawn.row_id, data, confirm=confirm)
        self._over = True
        if not made.differences:
            self.app.notify(_("✓ Both keyings are the same."), markup=False)
            self.dismiss(None)
            return
        app = self.app
        self.dismiss(None)
        app.push_screen(DifferencesScreen(made, self._drawn))


class SideList(OptionList):
    """What differs, each with both values."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "select", _("The other one"), key_display="Enter"),
    ]


class DifferencesScreen(Page):
    """Both values of each difference; the person who keyed again says which one is right."""

    HELP = (
        "Look at the paper. Space, or Enter, chooses the other value: ● marks the chosen one. F2 writes what was"
        " keyed again where it is chosen, as a change like any other. Esc leaves the record as it is."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "write", _("Write")),
        Binding("escape", "back", _("Leave as it is"), key_display="Esc"),
    ]

    def __init__(self, made: Comparison, drawn: SampledRecord) -> None:
        super().__init__()
        self._made = made
        self._drawn = drawn
        self._keyed: set[int] = set()
        """Numbers of the differences for which the value keyed again is chosen"""
        self._asked: set[int] | None = None
        """Those that were chosen when writing asked about parts that do not fit them"""

    @property
    def unkept(self) -> bool:
        return True  # a record is not keyed again another time

    def body(self) -> ComposeResult:
        title = _("{n} differ › {paper}").format(n=len(self._made.differences), paper=self._drawn.paper)
        yield Static(Content(title), classes="section")
        yield SideList(id="differences", markup=False)
        yield Static(id="message", classes="problem", markup=False)

    def renew(self) -> None:
        shown = []
        for number, difference in enumerate(self._made.differences):
            marks = "○●" if number in self._keyed else "●○"
            values = (
                (_("recorded"), self._drawn.by, difference.recorded),
                (_("keyed again"), self.store.user, difference.keyed),
            )
            lines = [f" ≠ {difference.title}"]
            lines += [
                f"   {mark} {what} ({who}): {text or _('(empty)')}"
                for mark, (what, who, text) in zip(marks, values, strict=True)
            ]
            shown.append(Content("\n".join(lines)))
        refill(self.query_one(OptionList), shown)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose the other value."""
        self._keyed ^= {event.option_index}
        self.renew()

    def action_write(self) -> None:
        """Write the values keyed again where they are chosen."""
        chosen = [self._made.differences[number] for number in sorted(self._keyed)]
        try:
            double_entry.take_keyed(self.store, self._made, chosen, confirm=self._keyed == self._asked)
        except NeedsConfirmation as question:
            self._asked = {*self._keyed}
            sentence = _("{question} F2 again says yes.").format(question=" ".join(question.fields.values()))
            self.query_one("#message", Static).update(Content(f"? {sentence}"))
            return
        except FieldappError as error:
            sentence = "; ".join(error.fields.values()) or str(error)
            self.query_one("#message", Static).update(Content(f"! {sentence}"))
            return
        if chosen:
            self.app.notify(_("✓ {n} changed.").format(n=len(chosen)), markup=False)
        self.dismiss(None)


class RatesScreen(Page):
    """How often each field was keyed differently."""

    HELP = "Of the values that were keyed twice, how many differed. What differs most is first."

    def __init__(self, kind: str | None) -> None:
        super().__init__()
        self._kind = kind

    def body(self) -> ComposeResult:
        yield Static(Content(_("Error rates")), classes="section")
        yield Static(id="rates", classes="line", markup=False)

    def renew(self) -> None:
        self.query_one("#rates", Static).update(
            Content("\n".join(double_entry.rate_lines(double_entry.error_rates(self.store, self._kind))))
        )
