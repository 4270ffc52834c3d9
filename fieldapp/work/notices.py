"""Notices about the exchange that need a person: lines for the first screen, and sentences for the USB screen."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from fieldapp.domain.amounts import format_amount
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _, counted
from fieldapp.store.store import Store
from fieldapp.sync.exchange.status import Status
from fieldapp.sync.peers import peers
from fieldapp.sync.peers.peers import Peer
from fieldapp.work.todo import Todo

DAY = "day"
"""``Todo.kind`` of a clock that cannot be right: a person says which day it is"""
DECIDE = "decide"
"""``Todo.kind`` of things that a person decides on the screen for decisions"""

REVIEW = "review"
"""``Todo.kind`` of records that wait for review"""
UNRECEIVED = "unreceived"
"""``Todo.kind`` of the records that headquarters has not received; their list shows which"""


class ToReview(Struct, frozen=True):
    """What waits for review."""

    counts: Sequence[tuple[str, str, int]]
    """(post's id, kind, number of its records that wait)"""
    doubted: Mapping[tuple[str, str], int]
    """(post's id, kind) -> in how many of them something is odd"""


TO_REVIEW = "to review"
"""The name under which screens keep what ``to_review`` found: one counts for the others"""


def to_review(store: Store) -> ToReview:
    """Count what waits for review; it takes long if there are many records."""
    from fieldapp.records import reviews
    from fieldapp.work import review_queue

    counts = reviews.waiting_counts(store)
    return ToReview(counts, review_queue.doubted_counts(store) if counts else {})


def review_line(found: ToReview, *, keys: bool = True) -> list[Todo]:
    """One line with the number of records that wait for review; none where nothing waits.

    ``keys``: the line names a key, for the screen; otherwise a command.
    """
    if not found.counts:
        return []
    records = sum(number for _post, _kind, number in found.counts)
    posts = len({post for post, _kind, _number in found.counts})
    asked = sum(found.doubted.values())
    text = _("{records} of {posts}: F7 goes through them") if keys else _("{records} of {posts}: `fieldapp hq queue`")
    text = text.format(
        records=counted("{n} record", "{n} records", records, format_amount(records)),
        posts=counted("{n} post", "{n} posts", posts) + (f", {asked_text(asked)}" if asked else ""),
    )
    return [_line("·", _("to review"), text, REVIEW)]


def asked_text(number: int) -> str:
    """“2 bản ghi có dấu “?””"""
    return _("{records} with “?”").format(records=counted("{n} record", "{n} records", number, format_amount(number)))


def exchange_todo(state: Status, role: str, *, keys: bool = True) -> list[Todo]:
    """One line for each sort of thing that waits; the USB screen says more. ``keys``: as for ``review_line``."""
    found = []
    if state.clock_warning:
        found.append(_line("!", _("clock"), state.clock_warning, DAY))
    to_release, to_confirm = _rare_sentences(state)
    found += [_line("!", _("clock"), sentence, DECIDE) for sentence in to_release]
    waiting = len(state.held) - (state.uncertified if role == "hq" else 0)  # those laptops have lines of their own
    if refused := waiting + len(state.quarantined) + len(state.set_aside):
        text = counted(
            "{n} batch or change waits or was refused", "{n} batches or changes wait or were refused", refused
        )
        found.append(_line("!", _("from the stick"), text, DECIDE))
    if state.conflicts:
        found.append(_line("!", _("conflict"), _conflicts(state), DECIDE))
    if state.undecided:
        found.append(_line("!", _("voided"), _undecided(state), DECIDE))
    if role == "hq":
        waits = _("{name} waits to be certified")
        found += [_line("·", _("new laptop"), waits.format(name=name), DECIDE) for name in state.asking]
        found += [_line("!", _("to confirm"), sentence, DECIDE) for sentence in to_confirm]
    elif state.unsent_records:
        found += _unsent_lines(state, keys)
    return found


def _unsent_lines(state: Status, keys: bool) -> list[Todo]:
    """What to carry, and the way to see which records headquarters has not received."""
    found = []
    if state.fresh_records:
        command = _("{records}: `fieldapp sync export` takes them to the stick")
        text = _("{records}: F9 takes them to the stick") if keys else command
        fresh = counted("{n} record", "{n} records", state.fresh_records)
        found.append(_line("!", _("not sent"), text.format(records=fresh)))
    if state.left_here:
        text = _("the last bundle lies in {folder}, on this laptop: copy it onto a stick")
        found.append(_line("!", _("not on a stick"), text.format(folder=display_path(state.left_here)), UNRECEIVED))
    records = counted("{n} record", "{n} records", state.unsent_records)
    if state.awaited_records:
        carried = _("{records} ({n} carried, their receipt is awaited)")
        if state.left_here:
            carried = _("{records} ({n} in the bundle on this laptop)")
        records = carried.format(records=records, n=state.awaited_records)
    text = _("{records}: see which") if keys else _("{records}: `fieldapp sync unsent`")
    found.append(_line("·", _("HQ lacks"), text.format(records=records), UNRECEIVED))
    return found


def exchange_sentences(state: Status, role: str) -> list[str]:
    """A sentence for everything that waits or was refused, for the USB screen."""
    to_release, to_confirm = _rare_sentences(state)
    found = [state.clock_warning] if state.clock_warning else []
    found += [*to_release, *state.held, *state.quarantined, *state.set_aside]
    hint = _("Esc, then F6 twice, show them.") if role == "hq" else ""
    for number, sentence in ((state.conflicts, _conflicts(state)), (state.undecided, _undecided(state))):
        if number:
            found.append(f"{sentence}. {hint}".strip())
    if role == "hq" and state.asking:
        found.append(certificate_request_text(state.asking))
    return [*found, *to_confirm]


def _rare_sentences(state: Status) -> tuple[list[str], list[str]]:
    """What can be released, and which laptops are to be confirmed: what tells it is loaded only where there is some."""
    if not (state.to_release or state.to_confirm):
        return [], []
    from fieldapp.sync.exchange import messages

    to_release = [messages.to_release_text(state.to_release)] if state.to_release else []
    return to_release, [messages.to_confirm_text(name) for name in state.to_confirm]


def certificate_request_text(names: Sequence[str]) -> str:
    """The sentence that says which replicas wait to be certified, and which keys lead there."""
    line = _("Waiting to be certified: {names}. F4 shows the fingerprint: compare it by telephone, then F2 certifies.")
    return line.format(names=", ".join(map(brief_text, names)))


def laptops_that_wait(store: Store) -> list[Peer]:
    """At headquarters: the laptops that wait for us to certify them."""
    if store.role != "hq":
        return []
    me = peers.own(store)
    return [peer for peer in peers.others(store) if peers.awaits_certificate(me, peer)]


def _conflicts(state: Status) -> str:
    return counted(
        "{n} field was written differently by two people",
        "{n} fields were written differently by two people",
        state.conflicts,
    )


def _undecided(state: Status) -> str:
    return counted(
        "{n} record waits for a decision: it was voided by somebody who did not know of another change",
        "{n} records wait for a decision: they were voided by people who did not know of other changes",
        state.undecided,
    )


def _line(sign: str, when: str, text: str, kind: str = "") -> Todo:
    return Todo("!" if sign == "!" else "·", when, text, kind=kind, target="")
