"""This laptop's words and those of others, to compare by telephone; at headquarters also their recovery codes."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import log, people
from fieldapp.store.store import Store
from fieldapp.sync.exchange import arrivals, enrolment, messages
from fieldapp.sync.peers import peers, recovery
from fieldapp.sync.peers.peers import Peer
from fieldapp.tui.screens.base import OpenList, Page
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.lines import hanging, refill
from fieldapp.vietnamese.text import sort_key


def word_lines(words: str) -> list[str]:
    """The words of a key, in two lines."""
    parts = words.split()
    half = (len(parts) + 1) // 2
    return ["   " + "   ".join(part) for part in (parts[:half], parts[half:])]


def words_in_lines(words: str) -> list[Static]:
    """The words of a key, in two lines of a page."""
    return [Static(Content(line), classes="line words") for line in word_lines(words)]


def warnings_of(store: Store, peer: Peer) -> list[str]:
    """What to know of a laptop before its words are compared."""
    told = [*peers.namesakes(store, peer)]
    told += [messages.confirm_advice(peer)] if peer.id in peers.unconfirmed(store) else []
    return [f"! {sentence}" for sentence in told]


class LaptopsScreen(Page):
    """At a post its own words and headquarters'; at headquarters its own, and all laptops."""

    HELP = (
        "Each laptop's key in ten words. They are compared by telephone: headquarters reads out its own when a post"
        " begins, and the post reads out its own before headquarters certifies the laptop. If one word differs, it is"
        " another laptop. At headquarters, Enter shows a laptop's words, and its recovery code for a forgotten"
        " passphrase."
    )

    def __init__(self) -> None:
        super().__init__()
        self._known: list[Peer] = []

    def body(self) -> ComposeResult:
        me = peers.own(self.store)
        yield Static(Content(_("This laptop: {name}").format(name=me.title)), classes="section")
        yield from words_in_lines(me.fingerprint)
        if me.role == "hq":
            yield Static(Content(_("Other laptops")), classes="section")
            yield OpenList(id="laptops", markup=False)
            return
        certified = _("Headquarters has certified it.")
        waits = _("Headquarters has not certified it yet: carry the first bundle there, then they call, and you read"
                  " these words out.")  # fmt: skip
        yield Static(Content(certified if me.trust == "certified" else waits), classes="line")
        for hq in peers.roots(self.store):
            title = _("Headquarters: {name}. Compare these with theirs by telephone:")
            yield Static(Content(title.format(name=hq.title)), classes="section")
            yield from words_in_lines(hq.fingerprint)

    def renew(self) -> None:
        if not self.query(OptionList):
            return
        self._known = sorted(peers.others(self.store), key=lambda p: (p.trust != "pending", sort_key(p.title)))
        lines = [hanging("·" if p.trust == "pending" else "", f"{p.title} · {_(p.trust)}") for p in self._known]
        refill(self.query_one(OptionList), lines, _("No other laptop is known yet."))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.app.push_screen(LaptopScreen(self._known[event.option_index]))


class LaptopScreen(Page):
    """A laptop's fingerprint, to compare by telephone word by word."""

    HELP = (
        "Call the post and have them read the words from their own screen (Ctrl+P, “laptops”). If all ten are the"
        " same, it is their laptop: press F2. What it sent before is applied at once. F5 shows the recovery code of a"
        " laptop that is known, for somebody who forgot the passphrase. Del, twice, where a laptop was lost: what it"
        " sends from then on does not count."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "certify", _("Same words: certify")),
        Binding("f5", "recover", _("Recovery code")),
        Binding("delete", "revoke", _("Trust no longer"), key_display="Del"),
    ]

    def __init__(self, peer: Peer) -> None:
        super().__init__()
        self._peer = peer
        self._second = SecondPress()

    def body(self) -> ComposeResult:
        yield Static(Content(f"{self._peer.title} · {_(self._peer.trust)}"), classes="section")
        for warning in warnings_of(self.store, self._peer):
            yield Static(Content(warning), classes="line")
        yield Static(Content(_("Compare by telephone, word by word:")), classes="line")
        yield from words_in_lines(self._peer.fingerprint)
        if self._may_certify():
            advice = _("If one word differs, it is not that laptop. Certify nothing, and find out how the bundle got"
                       " here.")  # fmt: skip
            yield Static(Content(advice), classes="line")
        yield Static(id="message", classes="problem", markup=False)

    def _may_certify(self) -> bool:
        return self._peer.trust == "pending" or self._peer.id in peers.unconfirmed(self.store)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Certify what is not certified yet; read a code out to those who may open the laptop again."""
        if action == "certify":
            return self._may_certify()
        if action == "recover":
            return self._peer.trust == "certified" and people.may(self.store, people.Act.RECOVER)
        if action == "revoke":
            decided = self._peer.trust == "revoked" and self._peer.id not in peers.unconfirmed(self.store)
            return not decided and people.may(self.store, people.Act.CERTIFY)
        return True

    def action_certify(self) -> None:
        """Certify the laptop, and apply what it sent."""
        since = log.last_number(self.store)
        try:
            peer, _changes = enrolment.trust_replica(self.store, self._peer.id)
        except FieldappError as error:
            self._say(str(error))
            return
        sentence = arrivals.certified_text(self.store, peer, since)
        answered = any(isinstance(under, Page) and under.will_answer(peer.id) for under in self.app.screen_stack)
        self.app.notify(sentence if answered else f"{sentence} {_('F9 writes its reply.')}", markup=False)
        self.dismiss(None)

    def action_revoke(self) -> None:
        """Trust the laptop no longer, at the second press: it is lost, or is not theirs."""
        question = _("Del again: what this laptop sends from now on does not count. What has come in stays.")
        self._second.press("revoke", lambda: self._say(question), self._revoke)

    def _revoke(self) -> None:
        try:
            peer = enrolment.revoke_replica(self.store, self._peer.id)
        except FieldappError as error:
            self._say(str(error))
            return
        sentence = _("{name} is revoked. The other laptops learn it with the next reply.")
        self.app.notify(sentence.format(name=peer.title), markup=False)
        self.dismiss(None)

    def action_recover(self) -> None:
        """Show the recovery code, to be read out."""
        try:
            code = recovery.code_of(self.store, self._peer)
        except FieldappError as error:
            self._say(str(error))
            return
        self.app.push_screen(RecoveryCodeScreen(self._peer.title, code))

    def _say(self, text: str) -> None:
        self.query_one("#message", Static).update(Content(text))


class RecoveryCodeScreen(Page):
    """The code that opens a laptop whose passphrase was forgotten, to be read out by telephone."""

    HELP = (
        "Read the code out only to somebody whose voice you know, on a number that you know. At the post: F5 where the"
        " passphrase is asked for, then the code. A group that was misheard is named there; read that one again. The"
        " code opens the laptop once; its next bundle brings a new one."
    )

    def __init__(self, name: str, code: str) -> None:
        super().__init__()
        self._laptop = name
        self._code = code

    def body(self) -> ComposeResult:
        yield Static(Content(_("Recovery code of {name}").format(name=self._laptop)), classes="section")
        for number, group in enumerate(self._code.split(), start=1):
            yield Static(
                Content(_("   group {n}:   {digits}").format(n=number, digits=" ".join(group))), classes="line"
            )
        advice = _("Read it out only to somebody whose voice you know. The post presses F5 where the passphrase is"
                   " asked for, and types the code. It works once.")  # fmt: skip
        yield Static(Content(advice), classes="line")
