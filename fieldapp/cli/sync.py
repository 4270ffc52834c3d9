"""Commands for carrying changes on a stick."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from fieldapp.cli.base import (
    IN_PART,
    PATH,
    Context,
    agrees,
    as_json,
    cli,
    print_json,
    print_message,
    print_text,
    refuse_idle,
)
from fieldapp.cli.working import LINE
from fieldapp.errors import FieldappError
from fieldapp.escaping import display_path
from fieldapp.i18n import _, counted


@cli.group()
def sync() -> None:
    """Carry changes on a stick."""


@sync.command("export")
@click.argument("dest", type=PATH)
@click.option("--to", metavar="REPLICA", help="For one recipient only.")
@click.option("--max", "most", metavar="SIZE", help="Most files of records this time, such as 200MB; 0: none.")
@as_json
@click.pass_obj
def sync_export(obj: Context, dest: Path, to: str | None, most: str | None, as_json: bool) -> None:
    """Write bundles into the folder DEST and read them back; a post adds a backup that headquarters can open."""
    from fieldapp.sync.exchange import outgoing, outgoing_files, sticks
    from fieldapp.sync.safety import backup as backups

    limit = None if most is None else outgoing_files.read_size(most)
    store = obj.open()
    with LINE.doing(_("Writing the bundle")):
        results = outgoing.export(store, dest, to, LINE.progress, limit)
    with LINE.doing(_("Writing the backup")):
        backed_up = backups.backup_with_export(store, dest)
    if as_json:
        print_json(results)
        return
    for r in results:
        print_text(r.sentence)
    if backed_up:
        print_message(backed_up)
    print_message(sticks.done_text(store, [dest]))


@sync.command("import")
@click.argument("paths", type=PATH, nargs=-1, required=True)
@click.option("--reply", is_flag=True, help="Write each sender's reply beside its bundle.")
@click.option("--reply-to", type=PATH, metavar="DIR", help="Write all senders' replies into one folder.")
@as_json
@click.pass_obj
def sync_import(obj: Context, paths: Sequence[Path], reply: bool, reply_to: Path | None, as_json: bool) -> None:
    """Apply bundles; a folder stands for the bundles in it. A bad bundle does not stop the others."""
    import msgspec

    from fieldapp.store import log
    from fieldapp.sync.exchange import arrivals, incoming, replies

    refuse_idle(["reply"] if reply_to else [], "--reply-to")
    if reply_to is not None and not reply_to.is_dir():
        raise FieldappError(
            _("There is no folder {dest}. Plug the stick in, or name another.").format(dest=display_path(reply_to))
        )
    store = obj.open()
    since = log.last_number(store)
    with LINE.doing(_("Reading bundles")):
        results = incoming.import_files(store, paths, LINE.progress)
    arrived = arrivals.arrivals(store, results, since)
    with LINE.doing(_("Writing the bundle")):
        done = replies.reply(store, results, reply_to, LINE.progress) if reply or reply_to else None
    if as_json:
        files = [
            {"state": r.state, **{k: v for k, v in asdict(r).items() if k not in ("arrived", "waiting")}}
            for r in results
        ]
        posts = [{"sentence": a.sentence, **msgspec.to_builtins(a)} for a in arrived if a.name]
        print_json({"files": files, "posts": posts, **(asdict(done) if done else {})})
    for arrival in arrived:
        if not as_json and arrival.name:
            print_text(arrival.sentence)
    for r in results:
        for line in r.problems:
            print_message(line)
    if not results:
        print_message(_("No bundles there."))
    if counts := incoming.files_summary(results):
        print_message(counts)
    if unread := incoming.unread_folders_text(paths):
        print_message(unread)
    if asking := arrivals.awaiting_certificate(arrived):
        line = _("Waiting to be certified: {names}. `fieldapp hq replicas` shows the fingerprint: compare it by"
                 " telephone, then `fieldapp hq trust`.")  # fmt: skip
        print_message(line.format(names=", ".join(asking)))
    for made in done.written if done and not as_json else []:
        print_text(made.sentence)
    if done and done.kept:
        print_message(_("Already there, with nothing to add: {names}").format(names=", ".join(done.kept)))
    for line in done.problems if done else []:
        print_message(line)
    if any(not r.complete for r in results) or (done and done.problems):
        sys.exit(1 if results and all(r.refused for r in results) else IN_PART)


@sync.command("status")
@as_json
@click.pass_obj
def sync_status(obj: Context, as_json: bool) -> None:
    """Show what each other replica has of our changes, and what waits."""
    import msgspec.structs

    from fieldapp.records.words import local_instant
    from fieldapp.sync.exchange import messages, outgoing_files, record_files, status
    from fieldapp.sync.peers import peers as replicas

    store = obj.open()
    state, peers = status.exchange_status(store), status.peers_status(store)
    others = {p.id: p for p in replicas.others(store)}
    stock = record_files.own_stock(store)
    if as_json:
        print_json({**msgspec.structs.asdict(state), "peers": peers})
        return
    if store.identity.role == "post":
        print_text(state.sentence)
    for p in peers:
        sentence = (
            _("{name}: has {received} of the {of} changes of this laptop; last bundle from it: {when}.")
            if p.heard_at
            else _("{name}: has {received} of the {of} changes of this laptop; no bundle from it yet.")
        )
        when = local_instant(p.heard_at) if p.heard_at else ""
        print_text(sentence.format(name=p.name, received=p.received, of=p.of, when=when))
        if waiting := outgoing_files.waiting_text(store, stock, [*others.values()], others[p.replica_id]):
            print_text(f"  {waiting}")
        if p.lacks:
            since = local_instant(p.lacks_since) if p.lacks_since else "–"
            print_text("  " + _("Of all laptops' changes together it lacks {n}, the oldest of {when}.").format(
                n=p.lacks, when=since))  # fmt: skip
    for line in (*state.held, *state.quarantined, *state.set_aside):
        print_text(line)
    if state.to_release:
        print_text(messages.to_release_text(state.to_release))
    if state.clock_warning:
        print_message(state.clock_warning)


@sync.command("unsent")
@as_json
@click.pass_obj
def sync_unsent(obj: Context, as_json: bool) -> None:
    """List the records that headquarters has not received, and whether a bundle with them was written."""
    from fieldapp.records import records, search, words
    from fieldapp.sync.exchange import status

    store = obj.open()
    on_way = status.unreceived_records(store)
    hits = search.search_records(store, "", search.Filter(state="unreceived", ids=frozenset(on_way)), limit=len(on_way))
    if as_json:
        print_json([{"kind": hit.kind, "id": hit.row_id, "state": on_way[hit.row_id]} for hit in hits])
        return
    titles = {"unsent": _("not sent"), "awaited": status.awaited_text(store)}
    for hit in hits:
        name = words.labels(store, hit.kind, [hit.row_id])[hit.row_id]
        print_text(f"{hit.row_id}  {titles[on_way[hit.row_id]]}  {_(records.model_of(hit.kind).TITLE)}  {name}")
    print_message(status.exchange_status(store).sentence)


@sync.command("release")
@as_json
@click.pass_obj
def sync_release(obj: Context, as_json: bool) -> None:
    """Log again, in today's order, what waits because it was written while a clock was far ahead."""
    from fieldapp.sync.merge import release

    number = release.release(obj.open())
    if as_json:
        print_json({"changes": number})
        return
    print_text(counted("{n} change was logged again.", "{n} changes were logged again.", number))
    if number:
        print_message(_("The next bundle takes them along: export now."))


@sync.command("files")
@click.option("--clear", is_flag=True, help="Take away here what headquarters has; small pictures stay.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def sync_files(obj: Context, clear: bool, yes: bool, as_json: bool) -> None:
    """Show how much room attached files take on this laptop; clear those that headquarters has."""
    from fieldapp.records import attachments
    from fieldapp.sync.exchange import file_space

    refuse_idle([] if clear else ["yes"], "sync files")
    store = obj.open()
    found = file_space.space(store)
    if as_json:
        print_json(found)
    else:
        for line in found.lines:
            print_text(line)
    if not clear or (found.clearable and not yes and not agrees(_("Clear them here?"))):
        return
    number, size = file_space.clear(store)
    text = counted("{n} file was cleared here.", "{n} files were cleared here.", number)
    print_message(f"{text} {attachments.size_text(size)}." if number else _("There is nothing to clear."))


@sync.command("clean")
@click.argument("dest", type=PATH)
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def sync_clean(obj: Context, dest: Path, yes: bool, as_json: bool) -> None:
    """Delete old bundles from the folder DEST: those that were received or read. Other files are never touched."""
    from fieldapp.sync.exchange import sticks

    store = obj.open()
    old = sticks.old_bundles(store, dest)
    if as_json:
        print_json(old)
    for file in old:
        if not as_json:
            print_text(file.sentence)
    if not old:
        print_message(_("There is nothing to clear."))
        return
    if yes or agrees(_("Take {n} bundles away?").format(n=len(old))):
        print_message(
            counted("{n} bundle was taken away.", "{n} bundles were taken away.", sticks.delete_bundles(store, old))
        )
    else:
        print_message(_("Nothing was changed."))


@sync.command("verify")
@click.argument("file", type=PATH)
@as_json
@click.pass_obj
def sync_verify(obj: Context, file: Path, as_json: bool) -> None:
    """Check a bundle from beginning to end, and change nothing."""
    import msgspec

    from fieldapp.sync.exchange import incoming

    inspected = incoming.verify_bundle(obj.open(), file)
    if as_json:
        print_json(msgspec.to_builtins(inspected.manifest))
        return
    print_text(_("{file} is whole and signed by {sender} ({fingerprint}).").format(
        file=display_path(file.name), sender=inspected.sender.post_name or inspected.sender.name,
        fingerprint=inspected.fingerprint))  # fmt: skip


@cli.command("verify-history")
@click.argument("archive", type=PATH, nargs=-1, required=True)
@click.option("--identity", type=PATH, multiple=True, help="File with an age identity that opens the bundles.")
@click.option(
    "--root", multiple=True, metavar="RW…", help="Headquarters' minisign key; with it, no workspace is opened."
)
@as_json
@click.pass_obj
def verify_history(
    obj: Context, archive: Sequence[Path], identity: Sequence[Path], root: Sequence[str], as_json: bool
) -> None:
    """Prove from bundles alone, files or folders, that each log is an unbroken chain as headquarters signed it."""
    from fieldapp.sync.safety import archive as archives

    identities, roots = ([], set(root)) if root else archives.keys_of(obj.open())
    history = archives.examine_archive(archive, [*identities, *archives.read_identities(identity)], roots)
    if as_json:
        print_json(history)
    else:
        for line in [*(log.sentence for log in history.logs), *history.notes]:
            print_text(line)
        for line in history.problems:
            print_message(line)
        if not history.problems:
            print_text(_("All is well: {n} bundles, each log is what its author signed.").format(n=history.bundles))
    if history.problems:
        sys.exit(1)
