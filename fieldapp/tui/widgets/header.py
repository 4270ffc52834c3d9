"""The line at the top of every screen: who works, at which post, and what headquarters has."""

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Click
from textual.widgets import Static

from fieldapp.i18n import _, counted
from fieldapp.store.store import Store
from fieldapp.sync.exchange import status
from fieldapp.sync.peers import practice
from fieldapp.tui.host import Host
from fieldapp.tui.widgets.lines import put

NARROW, MIDDLE = 70, 100
"""Columns of a screen up to which less is said: here only how many records, or less of what became of them, so that
the name of the person has room"""


class HeaderLine(Horizontal):
    """Post, person, input method, and how many records headquarters has not received."""

    app = getters.app(Host)

    def compose(self) -> ComposeResult:
        yield Static(classes="who", markup=False)
        yield Static(classes="typing", markup=False)
        yield Static(classes="sent", markup=False)

    def on_mount(self) -> None:
        self.refresh_state()

    def refresh_state(self) -> None:
        """Show the current state."""
        store = self.app.store
        self.state = status.exchange_status(store)
        identity = store.identity
        who = f"{identity.post_name or identity.name} · {store.user}"
        marks = [_("PRACTICE")] if practice.is_practice(store) else []
        marks += [_("reading only")] if store.read_only else []
        put(self.query_one(".who", Static), " · ".join([*marks, who]))
        self._show_sent()
        self.show_typing()

    def on_resize(self) -> None:
        """Show as much as there is room for."""
        if not self.app.locked:
            self._show_sent()

    def _show_sent(self) -> None:
        text = sent_text(self.app.store, self.state, self.app.size.width)
        put(self.query_one(".sent", Static), text)

    def on_click(self, event: Click) -> None:
        """The number of records that headquarters has not received opens their list."""
        if event.widget is self.query_one(".sent"):
            self.app.show_unreceived()

    def show_typing(self) -> None:
        """Name the program's own input method while it is on."""
        put(self.query_one(".typing", Static), self.app.habit)


def sent_text(store: Store, state: status.Status, width: int) -> str:
    """“SCH chưa nhận 7 bản ghi · 3 chưa xuất”; at headquarters what of the exchange waits, and nothing where nothing
    does: what is to be reviewed or decided stands on the first screen."""
    if store.identity.role == "hq":
        batches = len(state.held) - state.uncertified + len(state.quarantined)
        conflicts = state.conflicts + state.undecided
        waits = [
            (len(state.asking), counted("{n} to be certified", "{n} to be certified", len(state.asking))),
            (batches, counted("{n} batch waits", "{n} batches wait", batches)),
            (conflicts, counted("{n} conflict", "{n} conflicts", conflicts)),
        ]
        return " · ".join([counted("{n} laptop", "{n} laptops", state.laptops), *(said for n, said in waits if n)])
    if not state.unsent_records:
        return _("HQ has everything")
    lacks = counted("HQ lacks {n} record", "HQ lacks {n} records", state.unsent_records)
    if width > MIDDLE:
        return f"{lacks}: {state.counts}"
    if width <= NARROW:
        return lacks
    if state.awaited_records and state.fresh_records:
        return f"{lacks} · {_('{n} to carry').format(n=state.fresh_records)}"
    carried = _("on this laptop") if state.left_here else _("carried")
    return f"{lacks} · {_('to carry') if state.fresh_records else carried}"
