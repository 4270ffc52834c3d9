"""Commands of headquarters."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldapp.cli.base import (
    PATH,
    Context,
    agrees,
    as_json,
    cli,
    confirmed,
    file_password,
    print_json,
    print_message,
    print_table,
    print_text,
    refuse_idle,
)
from fieldapp.cli.working import LINE
from fieldapp.i18n import _, counted
from fieldapp.store import wall

if TYPE_CHECKING:
    from fieldapp.reports.plan_table import PlanTable
    from fieldapp.store.store import Store
    from fieldapp.sync.merge.resolve import Side
    from fieldapp.sync.peers.peers import Peer


@cli.group()
def hq() -> None:
    """Headquarters: packs, laptops, conflicts."""


@hq.command()
@click.option("--code", help="The post's code, such as IARVE.")
@click.option("--name", help="The post's name, where its code is new.")
@click.option("--role", type=click.Choice(["post", "hq"]), default="post", show_default=True,
              help="hq: for a further laptop of headquarters, or for a lower headquarters to join.")  # fmt: skip
@click.argument("dest", type=PATH)
@confirmed
@click.pass_obj
def pack(obj: Context, code: str | None, name: str | None, role: str, dest: Path, confirm: bool) -> None:
    """Write the pack from which the laptops of a post start, or further laptops of headquarters."""
    from fieldapp.records import lists
    from fieldapp.sync.exchange import enrolment

    if role != "hq" and not code:
        raise click.UsageError(_("Give --code of the post, and --name where it is new, or --role hq."))
    refuse_idle(["code", "name", "confirm"] if role == "hq" else [], "--role hq")
    store = obj.open()
    if code:
        written = enrolment.write_pack(store, code=code, name=name, dest=dest, confirm=confirm)
        post = lists.post_named(store, code)
        print_message(_("The pack of {post} ({code}) is written. Its laptops start from it:").format(
            post=post["name"], code=post["code"]))  # fmt: skip
    else:
        written = enrolment.write_hq_pack(store, dest=dest)
        print_message(_("The pack of headquarters is written. Its further laptops start from it:"))
    print_text(str(written))


@hq.command()
@click.argument("pack", type=PATH)
@click.pass_obj
def join(obj: Context, pack: Path) -> None:
    """Join the higher headquarters that wrote PACK (`hq pack --role hq`): bundles go to it too."""
    from fieldapp.sync.exchange import enrolment

    above = enrolment.join_headquarters(obj.open(), pack)
    print_text(_("Bundles are written for {name} too. Compare its fingerprint by telephone:").format(name=above.title))
    print_text(f"  {above.fingerprint}")


@hq.command()
@click.argument("post")
@click.option("--name", required=True, help="Its new name.")
@click.option("--code", help="Its new code.")
@click.pass_obj
def rename(obj: Context, post: str, name: str, code: str | None) -> None:
    """Rename a post; its records and laptops stay. A merged post goes on this way as a part of the other post."""
    from fieldapp.sync.exchange import enrolment

    renewed = enrolment.rename_post(obj.open(), post, name=name, code=code)
    print_text(
        _("The post is called {name} now; {n} laptops learn it with the next reply.").format(name=name, n=len(renewed))
    )


def _is_confirmed(store: "Store", peer: "Peer", question: str, yes: bool) -> bool:
    """Show on a terminal which laptop is meant, and ask. True without asking if ``yes`` or in a script."""
    from fieldapp.sync.peers import peers

    if yes or not sys.stdin.isatty():
        return True
    print_message(f"{peer.title}, {_(peer.trust)}, {peer.id}")
    print_message(f"  {peer.fingerprint}")
    for line in peers.namesakes(store, peer):
        print_message(line)
    if agrees(question):
        return True
    print_message(_("Nothing was changed."))
    return False


@hq.command()
@click.argument("replica")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def revoke(obj: Context, replica: str, yes: bool) -> None:
    """Stop trusting a laptop: its changes that are here stay valid, later ones are quarantined."""
    from fieldapp.sync.exchange import enrolment, messages
    from fieldapp.sync.peers import peers

    store = obj.open()
    peer = peers.find_peer(store, replica, None)
    decided = peer.trust == "revoked" and peer.id not in peers.unconfirmed(store)
    if not decided and not _is_confirmed(store, peer, _("Trust this laptop no longer?"), yes):
        return
    peer = enrolment.revoke_replica(store, peer.id)
    print_text(_("{name} is revoked. The other laptops learn it with the next reply.").format(name=peer.title))
    for listed in peers.to_confirm(store, peers.others(store)):
        print_message(messages.to_confirm_text(f"{listed.title}, {_(listed.trust)}, {listed.id}"))


@hq.command()
@as_json
@click.pass_obj
def replicas(obj: Context, as_json: bool) -> None:
    """List the known laptops with their fingerprints."""
    from fieldapp.sync.peers import peers, receipts

    store = obj.open()
    known = peers.others(store)
    if as_json:
        keys = ("id", "name", "role", "trust", "post_code", "post_name", "fingerprint")
        print_json([{**{k: getattr(p, k) for k in keys}, "have_at": receipts.all_heads(store, p.id)[1]} for p in known])
        return
    for p in known:
        print_text(f"{p.id}  {p.title}  {_(p.trust)}  {p.fingerprint}")


@hq.command()
@click.argument("replica")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def trust(obj: Context, replica: str, yes: bool) -> None:
    """Certify a laptop whose fingerprint was compared, and apply what it sent."""
    from fieldapp.store import log
    from fieldapp.sync.exchange import arrivals, enrolment
    from fieldapp.sync.peers import peers

    store = obj.open()
    peer = peers.find_peer(store, replica, peers.can_be_certified)
    question = _("Are these the words that were read out from that laptop by telephone?")
    decided = peer.trust == "certified" and peer.id not in peers.unconfirmed(store)
    if not decided and not _is_confirmed(store, peer, question, yes):
        return
    since = log.last_number(store)
    peer, _changes = enrolment.trust_replica(store, peer.id)
    print_text(arrivals.certified_text(store, peer, since))


@hq.command("paper")
@click.argument("file", type=PATH)
@click.option("--kind", required=True, help="The kind of record that it is about, such as meeting.")
@click.option("--code", required=True, help="The code by which it is named; an older one with it is replaced.")
@click.option("--name", default="", help="Its name in lists; without it, that of the file.")
@click.pass_obj
def paper(obj: Context, file: Path, kind: str, code: str, name: str) -> None:
    """Take in a Word template of your own for papers; posts get it with the next reply."""
    from fieldapp.reports.papers import own

    print_text(own.take_in(obj.open(), file, kind=kind, code=code, name=name))
    print_message(_("The template is taken in; posts get it with the next reply."))


@hq.command("recovery-code")
@click.argument("replica")
@click.pass_obj
def recovery_code(obj: Context, replica: str) -> None:
    """Show the recovery code of a laptop, to be read by telephone to somebody you know."""
    from fieldapp.sync.peers import peers, recovery

    store = obj.open()
    peer = peers.find_peer(store, replica)
    code = recovery.code_of(store, peer)
    print_message(
        _(
            "{name}: read the groups one by one; the post presses F5 where the passphrase is asked for, and types them."
            " Good once."
        ).format(name=peer.title)
    )
    print_text(code)


@hq.command("open-backup")
@click.argument("file", type=PATH)
@click.argument("dest", type=PATH)
@click.pass_obj
def open_backup(obj: Context, file: Path, dest: Path) -> None:
    """Open a backup from a post's stick; the post then restores it with `fieldapp restore`."""
    from fieldapp.sync.safety import backup as backups

    print_text(str(backups.open_sealed_backup(obj.open(), file, dest)))


@hq.command()
@click.argument("request", type=PATH)
@click.option("--compared", is_flag=True, help="The words were compared by telephone, and are the same.")
@click.pass_obj
def recover(obj: Context, request: Path, compared: bool) -> None:
    """Answer a laptop's request to be opened again; the answer is written beside the request."""
    from fieldapp.sync.peers import recovery

    asked = recovery.read_request(obj.open(), request)
    print_text(_("{user} at {laptop} asks. Have them read these words out by telephone:").format(
        user=asked.user, laptop=asked.laptop))  # fmt: skip
    print_text(f"  {asked.words}")
    if compared:
        print_text(str(recovery.answer(asked, request.parent)))
    else:
        print_message(_("If they are the same, give the same again with --compared. Nothing was given out yet."))


@hq.command()
@as_json
@click.pass_obj
def conflicts(obj: Context, as_json: bool) -> None:
    """List the fields that two people set, and the voids that were made, without knowing of the other."""
    from fieldapp.sync.exchange import conflict_messages
    from fieldapp.sync.merge import merge

    store = obj.open()
    found = merge.conflicts(store)
    if as_json:
        print_json(found)
        return
    for c in found:
        title, both = conflict_messages.conflict_title(store, c), conflict_messages.both_sides(store, c)
        print_text(f"{c['id']}: {title}: {both}")


@hq.command()
@click.argument("conflict", metavar="ID")
@click.option("--take", type=click.Choice(["winner", "loser"]), required=True, help="The value that is right.")
@click.pass_obj
def resolve(obj: Context, conflict: str, take: "Side") -> None:
    """Settle a conflict: the value is written as a change, and all laptops take it.

    Where a void is in question, the winner is the void; taking the loser takes the record back.
    """
    from fieldapp.sync.merge import resolve as conflict_work

    conflict_work.resolve_conflict(obj.open(), conflict, take)
    print_message(_("Settled."))


@hq.command()
@click.pass_obj
def adopt(obj: Context) -> None:
    """Take over the quarantined work of a copied disk that no laptop brings any more; it counts from then on."""
    from fieldapp.sync.merge import forks

    print_text(_("{n} parts of logs were taken over.").format(n=forks.adopt_branches(obj.open())))


@hq.command()
@as_json
@click.pass_obj
def quarantine(obj: Context, as_json: bool) -> None:
    """List what was refused, and what waits."""
    from fieldapp.sync.exchange import status

    state = status.exchange_status(obj.open())
    if as_json:
        print_json({"quarantined": state.quarantined, "held": state.held, "set_aside": state.set_aside})
        return
    for line in (*state.quarantined, *state.held, *state.set_aside):
        print_text(line)


@hq.command("open-data")
@click.argument("dest", type=PATH)
@click.option("--personal", is_flag=True, help="Include the columns that say who a person is.")
@click.option("--parquet", is_flag=True, help="Parquet files too, for DuckDB, pandas, R or Spark.")
@as_json
@click.pass_obj
def open_data(obj: Context, dest: Path, personal: bool, parquet: bool, as_json: bool) -> None:
    """Write all records for analysts into the new folder DEST: SQLite, CSV, data dictionary; not encrypted."""
    from fieldapp.reports import open_data as records
    from fieldapp.reports.flat_tables import FLAT

    written = records.write_package(obj.open(), dest, personal=personal, parquet=parquet)
    if as_json:
        print_json(written)
        return
    tables = [number for name, number in written.rows.items() if not name.startswith(FLAT)]
    print_text(_("{path}: {n} rows in {tables} tables.").format(path=dest, n=sum(tables), tables=len(tables)))
    if written.left_out:
        print_message(_("Left out as personal: {columns}.").format(columns=", ".join(written.left_out)))
    print_message(_("{path} is written. It is not encrypted: protect it like a paper copy.").format(path=dest))


@hq.command("publish")
@click.argument("url", required=False, metavar="URL")
@click.option("--partitions", type=click.IntRange(1, 1024), help="Parts of each table, by post; counts at a new load.")
@click.option("--server", "servers", multiple=True, help="A foreign server that holds parts too; several are allowed.")
@click.option("--anew", is_flag=True, help="Load everything again, beside what is there.")
@click.option("--sql", is_flag=True, help="Print the SQL for PostgreSQL, and do nothing.")
@as_json
@click.pass_obj
def hq_publish(
    obj: Context,
    url: str | None,
    partitions: int | None,
    servers: tuple[str, ...],
    anew: bool,
    sql: bool,
    as_json: bool,
) -> None:
    """Mirror all records into the PostgreSQL at URL (postgresql://host/name, without a password): at first all of
    them, later only changes. The password comes from ~/.pgpass, a service or the environment."""
    from fieldapp.publish import mirror, server, tables

    if url is None and not sql:
        raise click.UsageError(_("Name the database, such as postgresql://host/name, or give --sql."))
    refuse_idle(["url", "anew", "as_json"] if sql else [], "--sql")
    place = tables.Place(partitions or 4, servers) if partitions or servers or sql else None
    if sql:
        for statement in mirror.statements(obj.open(), place or tables.Place()):
            print_text(statement + ";")
        return
    assert url is not None
    server.check_url(url)
    store = obj.open()
    done = mirror.publish(store, url, place, anew=anew, progress=lambda table, rows: LINE.tell(f"{table}: {rows}"))
    if as_json:
        print_json(done)
    elif done.loaded:
        print_text(
            _("Everything was loaded: {n} rows in {tables} tables.").format(n=done.rows, tables=len(done.tables))
        )
    else:
        print_text(counted("{n} row was brought up to date.", "{n} rows were brought up to date.", done.rows))


@hq.command("coverage")
@click.option("--months", type=click.IntRange(1, 36), default=6, show_default=True, help="How many, with this one.")
@click.option("--days", type=int, help="A post without news for longer is late; kept for the screen too.")
@as_json
@click.pass_obj
def hq_coverage(obj: Context, months: int, days: int | None, as_json: bool) -> None:
    """Show which posts are missing: the months of each post, its last news, what waits."""
    from fieldapp.reports import coverage

    store = obj.open()
    if days is not None:
        coverage.set_limit_days(store, days)
    found = coverage.coverage(store, wall.today(), months)
    if as_json:
        print_json(found)
        return
    for post in found.posts:
        print_text(f"{'!' if post.late else '·'} {post.name} ({post.code}) · {coverage.heard_words(post)}"
            f" · {_('{n} to be looked at').format(n=post.waiting)}")  # fmt: skip
        print_text("    " + "  ".join(f"{m.month} {_(coverage.MARKS[m.state])}" for m in post.months))
        for line in coverage.post_details(post, found.limit_days):
            print_text(f"    {line}")


@hq.command("units")
@click.option("--from", "units", type=PATH, metavar="FILE", help="CSV with level, code, name, parent_code, valid_from,"
              " valid_to.")  # fmt: skip
@click.option("--successions", type=PATH, metavar="FILE", help="CSV with old_code, new_code, effective, share.")
@click.option("--yes", is_flag=True, help="Write it; otherwise it is only shown.")
@as_json
@click.pass_obj
def unit_list(obj: Context, units: Path | None, successions: Path | None, yes: bool, as_json: bool) -> None:
    """Take a later official list of units: show what it brings, and write it with --yes. The posts get it by reply."""
    from fieldapp.sheets import messages
    from fieldapp.sheets.unit_list import take_unit_list

    if units is None and successions is None:
        raise click.UsageError(_("Give --from FILE, --successions FILE, or both."))
    outcome = take_unit_list(obj.open(), units, successions, write=yes)
    if as_json:
        print_json({"counts": outcome.counts(), **asdict(outcome)})
    else:
        for line in messages.unit_list_lines(outcome):
            print_text(line)
    if outcome.changes and not yes:
        print_message(_("Nothing was changed. With --yes it is written."))
    elif outcome.changes:
        print_message(_("It is written. The posts get it with the next reply."))


@hq.command("queue")
@click.option("--kind", help="Only records of this kind.")
@click.option("--post", metavar="CODE", help="Only this post's.")
@as_json
@click.pass_obj
def review_queue(obj: Context, kind: str | None, post: str | None, as_json: bool) -> None:
    """List the records that wait for review, changed ones first."""
    from fieldapp.records import lists, records, reviews, words
    from fieldapp.work import review_queue

    kinds = [records.model_of(kind).KIND] if kind else list(reviews.REVIEWED)
    store = obj.open()
    post_id = lists.post_named(store, post)["id"] if post else None
    waiting = [one for k in kinds for one in review_queue.review_queue(store, k, post_id, limit=1000)]
    if as_json:
        print_json([{"kind": w.kind, "seen": w.seen, "again": w.again, **w.row} for w in waiting])
        return
    posts = words.posts_of(store, [one.row for one in waiting])
    for one in waiting:
        name = words.labels(store, one.kind, [one.row["id"]])[one.row["id"]]
        named = " · ".join([posts[one.row["post_id"]], _(records.model_of(one.kind).TITLE), name])
        print_text(f"{'~' if one.again else '·'} {one.row['id']}  {named}")
    if not waiting:
        print_message(_("Nothing waits to be looked at."))


@hq.command("accept")
@click.argument("ids", nargs=-1, required=True)
@click.option("--confirm", is_flag=True, help="Both of two that seem to be one, too: they were looked at.")
@click.pass_obj
def accept(obj: Context, ids: Sequence[str], confirm: bool) -> None:
    """Accept records, all or none."""
    from fieldapp.work import review_queue

    store, once = obj.open(), dict.fromkeys(ids)
    with store.transaction():
        for row_id in once:
            review_queue.review_record(store, row_id, "accepted", confirm=confirm)
    print_message(_("{n} accepted.").format(n=len(once)))


@hq.command("return")
@click.argument("id")
@click.option("--comment", required=True, multiple=True, help="What is to be corrected. May be given several times.")
@click.option(
    "--field", multiple=True, help="The field that it is about, such as date_from or measures.gieng; one for each."
)
@click.pass_obj
def send_back(obj: Context, id: str, comment: Sequence[str], field: Sequence[str]) -> None:
    """Return a record to its post with comments; the next reply carries it."""
    from fieldapp.work import review_queue

    if len(field) > len(comment):
        raise click.UsageError(_("Each --field needs a --comment of its own."))
    places = [*field, *[""] * (len(comment) - len(field))]
    comments = [review_queue.comment_on(place, text) for place, text in zip(places, comment, strict=True)]
    print_text(review_queue.review_record(obj.open(), id, "returned", comments=comments))


@hq.command("plans")
@click.argument("period")
@click.option("--import", "file", type=PATH, metavar="FILE", help="A sheet: posts in lines, measures in columns, or "
              "the other way round.")  # fmt: skip
@click.option("--sheet", help="The sheet of a workbook; otherwise the first on which both cross.")
@click.option("--password-file", type=PATH, help="A file whose first line is the password that opens the sheet.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@confirmed
@click.option("--out", type=PATH, metavar="FILE", help="Write a new .xlsx, which can be imported again, or a .csv.")
@as_json
@click.pass_obj
def hq_plans(
    obj: Context,
    period: str,
    file: Path | None,
    sheet: str | None,
    password_file: Path | None,
    dry_run: bool,
    confirm: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Plans of all posts in PERIOD (2026, 2026-Q4, 2026-11): target, done, percent, forecast; or import them."""
    from fieldapp.reports.plan_table import plan_table
    from fieldapp.reports.query import Query, period_of

    if file is None:
        refuse_idle(["sheet", "password_file", "dry_run", "confirm"], "PERIOD")
    else:
        refuse_idle(["out"], "--import")
    today = wall.today()
    asked = period_of(period, today)
    store = obj.open()
    if file is not None:
        from fieldapp.sheets import messages, plan_matrix

        done = plan_matrix.import_plans(
            store, file, asked.first, asked.last,
            sheet=sheet, password=file_password(password_file), confirm=confirm, dry_run=dry_run,
        )  # fmt: skip
        if as_json:
            print_json(done)
        else:
            print_text(messages.plans_text(done, asked.title))
        for note in done.notes:
            print_message(note)
        return
    table = plan_table(store, Query(asked, today=today))
    if out is not None:
        from fieldapp.reports.files.plans import save_plans_file

        save_plans_file(store, table, out)
        print_message(_("{path} is written. It is not encrypted: protect it like a paper copy.").format(path=out))
        if not table.columns:
            print_message(_("Nothing was planned so far: write the name of a measure at the head of each column."))
    if as_json:
        print_json(table.as_json())
    elif out is None:
        print_table(_plan_rows(table))


def _plan_rows(table: "PlanTable") -> list[list[str]]:
    """Post, what is planned, and its plan, amount done, percent and forecast."""
    from fieldapp.records.plans import PlanCell

    rows = [[_("Post"), _("Target"), _("Planned"), _("Done"), "%", _("Forecast")]]
    for post, name in table.posts:
        for aim, words in table.columns:
            state = table.states[PlanCell(post, aim)]
            if state.target is not None or state.done.text:
                share = "–" if state.percent is None else f"{state.percent}%"
                target, forecast = state.in_words(state.target), state.in_words(state.forecast)
                rows.append([name, words.title, target, state.done.text or "–", share, forecast])
    return rows
