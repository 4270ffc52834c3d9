"""Replies to many bundles at once: each is written onto the stick that its bundle came from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.errors import Cancelled, FieldappError, reason_text
from fieldapp.i18n import _
from fieldapp.store import disk
from fieldapp.store.store import Store
from fieldapp.sync.exchange import bundle_contents, outgoing
from fieldapp.sync.exchange.incoming import Imported
from fieldapp.sync.exchange.outgoing import Exported
from fieldapp.sync.format import clock, drives, segment
from fieldapp.sync.format.bundle import Progress
from fieldapp.sync.peers import peers
from fieldapp.sync.peers.peers import Peer


@dataclass
class Replies:
    """The replies that were written, and a sentence for each one that was not."""

    written: list[Exported] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def reply(
    store: Store, results: Sequence[Imported], dest: Path | None = None, progress: Progress | None = None
) -> Replies:
    """Write a reply for each sender, and for the other certified laptops of its post.

    The replies go into the folder of the sender's bundle, or all into ``dest``. If one stick is full or gone, the
    others still get their replies. If a bundle could not be read, its file name tells the sender: with the reply the
    post learns that the bundle did not arrive.
    """
    if dest is not None:
        drives.check_target(store.home, dest)
    clock.check_day(store)
    with store.transaction():
        segment.seal_open_changes(store)
    done = Replies()
    inventory = bundle_contents.take_inventory(store)
    partners = peers.partners(store, inventory.others)
    wanted: dict[tuple[str, Path], Peer] = {}
    for result in results:
        sender = (
            peers.get(store, result.sender_id)
            if result.sender_id
            else outgoing.sender_of_name(result.path.name, partners)
        )
        if sender is None:
            continue
        if sender.trust != "certified":
            line = (
                _("No reply is written for {name}: it is revoked. What came since is in quarantine; ask who uses it.")
                if sender.trust == "revoked"
                else _("No reply is written for {name}: it waits to be certified.")
            ).format(name=sender.title)
            done.problems += [line] if line not in done.problems else []
        for to in partners:
            if to.id == sender.id or (sender.role == "post" and to.post_id == sender.post_id):
                wanted[(to.id, dest or result.path.parent)] = to
    try:
        for number, ((_id, folder), to) in enumerate(wanted.items()):
            if progress is not None:
                progress("write", number, len(wanted))
            try:
                drives.check_target(store.home, folder)
                done.written.append(outgoing.export_to(store, folder, inventory, to))
            except (FieldappError, OSError) as error:
                done.problems.append(f"{to.title}: {reason_text(error)}")
    except Cancelled:
        for made in done.written:
            disk.try_remove(made.path)
        raise
    return done
