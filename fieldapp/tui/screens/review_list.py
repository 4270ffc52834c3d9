"""The records of one post and kind that wait for review: accept one, look closer, or accept all without a hint."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.console import RenderableType
from rich.table import Table
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static

from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _, counted
from fieldapp.records import attachments, records, view, words
from fieldapp.store.store import Store
from fieldapp.tui.screens.base import OpenList
from fieldapp.tui.screens.beside import Beside, page_of
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.lines import hanging, refill
from fieldapp.work import review_hints, review_queue

IN_SIGHT = 40
"""Records shown of a pile at most, in the room beside a list"""
AT_ONCE = 200
"""Records shown at once; the next ones follow when these are done"""


class ReviewListScreen(Beside):
    """``~``: changed since the last review. ``?``: something is odd, and a sentence below says what. ``×``: voided by
    its post since it was looked at."""

    HELP = (
        "F2 accepts the chosen one, F6 all that have no question mark. Enter opens one, with the other record beside it"
        " where it may be the same: it can be returned there."
    )
    CHANGES = frozenset({"accept", "accept_all"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "accept", _("Accept")),
        Binding("f6", "accept_all", _("Accept all without ?")),
        Binding("f10", "app.moved('accept_all')", show=False),
    ]

    def __init__(self, kind: str, post_id: str) -> None:
        super().__init__()
        self._kind = kind
        self._post_id = post_id
        self._waiting: Sequence[review_queue.QueuedRecord] = ()
        self._doubts: Mapping[str, Sequence[review_hints.Doubt]] = {}
        self._second = SecondPress()

    def body(self) -> ComposeResult:
        left = Static(id="left", classes="line", markup=False)
        left.display = False
        yield Static(id="what", classes="section", markup=False)
        yield OpenList(id="pile", markup=False)
        yield Static(id="voided", classes="line", markup=False)
        yield left
        yield Static(id="message", classes="problem", markup=False)

    def renew(self) -> None:
        self._waiting = review_queue.review_queue(self.store, self._kind, self._post_id, AT_ONCE)
        ids = [w.row["id"] for w in self._waiting]
        self._doubts = review_hints.doubts_about(self.store, self._kind, ids)
        lines = _lines(self.store, self._kind, self._waiting, self._doubts)
        refill(self.query_one(OptionList), lines, f"✓ {_('Nothing waits to be looked at.')}")
        post = words.post_names(self.store)[self._post_id]
        number = counted("{n} record", "{n} records", len(ids), f"{len(ids)}{'+' if len(ids) == AT_ONCE else ''}")
        title = f"{post} · {_(records.model_of(self._kind).PLURAL)} · {number}"
        self.query_one("#what", Static).update(Content(title))
        voided = review_queue.lately_voided(self.store, self._kind, self._post_id)
        self.query_one("#voided", Static).update(Content("\n".join(f"× {line}" for line in voided)))
        self.query_one("#voided").display = bool(voided)
        self.refresh_bindings()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        from fieldapp.tui.screens.record import RecordScreen

        self.query_one("#left").display = False  # the number will be another one
        self._second.forget()
        self._say("")
        self.app.push_screen(RecordScreen(self._waiting[event.option_index].row["id"]), self._tell)

    def _tell(self, said: str | None) -> None:
        """Say what was done with the record that was opened, until another one is."""
        self.query_one("#left", Static).update(Content(said or ""))
        self.query_one("#left").display = bool(said)

    def beside(self) -> RenderableType | None:
        from fieldapp.tui.screens.record import record_beside

        at = self.query_one(OptionList).highlighted
        if at is None or not self._waiting:
            return None
        row_id = self._waiting[at].row["id"]
        return record_beside(self.store, row_id, self.beside_width, self._doubts.get(row_id, ()))

    def action_accept(self) -> None:
        """Accept the chosen record."""
        at = self.query_one(OptionList).highlighted
        if at is not None and self._waiting:
            self._accept([self._waiting[at]])

    def action_accept_all(self) -> None:
        """Accept all records shown that are not odd and were not changed since the last review; say what is left."""
        plain = [w for w in self._waiting if not w.again and w.row["id"] not in self._doubts]
        again = sum(w.again for w in self._waiting)
        left = {"?": len(self._waiting) - len(plain) - again, "~": again}
        signs = ", ".join(_("{n} with “{sign}”").format(n=n, sign=sign) for sign, n in left.items() if n)
        said = _("Left, to look at one by one: {signs}.").format(signs=signs) if signs else ""
        self._accept(plain, confirm=True, left=said)

    def _accept(self, chosen: list[review_queue.QueuedRecord], *, confirm: bool = False, left: str = "") -> None:
        try:
            number = review_queue.accept_all(self.store, chosen, confirm=confirm)
        except NeedsConfirmation as question:
            asked = _("{question} F2 again says yes.").format(question=question)
            self._second.press(asked, lambda: self._say(asked), lambda: self._accept(chosen, confirm=True))
            return
        except FieldappError as error:
            self._say(str(error))
            return
        said = _("{n} accepted.").format(n=number)
        if not left:
            self.app.notify(said, markup=False)
        self.query_one("#left", Static).update(Content(f"{said} {left}"))
        self.query_one("#left").display = bool(left)
        self._say("")
        self.renew()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing can be accepted where nothing waits."""
        return bool(self._waiting) or action not in ("accept", "accept_all")

    def _say(self, message: str) -> None:
        self.query_one("#message", Static).update(Content(message))

    def on_option_list_option_highlighted(self) -> None:
        self._second.forget()
        self._say("")


def pile_beside(store: Store, post_id: str, kind: str) -> RenderableType:
    """The records of one post and kind that wait for review, for the room beside a list."""
    waiting = review_queue.review_queue(store, kind, post_id, IN_SIGHT)
    doubts = review_hints.doubts_about(store, kind, [w.row["id"] for w in waiting])
    return page_of(_(records.model_of(kind).PLURAL), *_lines(store, kind, waiting, doubts))


def _lines(
    store: Store,
    kind: str,
    waiting: Sequence[review_queue.QueuedRecord],
    doubts: Mapping[str, Sequence[review_hints.Doubt]],
) -> list[Table]:
    """Each record by its name and figures; below it what is odd."""
    names = words.display(store, kind, [w.row for w in waiting], records.model_of(kind).LABEL, short=True)
    figures = view.figures_of(store, [w.row["id"] for w in waiting])
    files = attachments.counts(store, [w.row["id"] for w in waiting])
    lines = []
    for one, texts in zip(waiting, names, strict=True):
        row_id = one.row["id"]
        odd = doubts.get(row_id, ())
        sign = "~" if one.again else "?" if odd else "·"
        name = " · ".join(filter(None, [*texts, figures.get(row_id), files.get(row_id, attachments.Count()).words]))
        lines.append(hanging(sign, "\n".join([name, *(f"? {doubt.sentence}" for doubt in odd)])))
    return lines
