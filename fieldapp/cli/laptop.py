"""Commands about this laptop and its workspace: start, practise, check, back up, install, upgrade."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldapp.cli import USUAL_HOME, terminal
from fieldapp.cli.base import (
    IN_PART,
    PATH,
    Context,
    agrees,
    as_json,
    ask,
    ask_passphrase,
    cli,
    print_json,
    print_message,
    print_text,
    refuse_idle,
    typed,
)
from fieldapp.cli.hq import hq
from fieldapp.cli.user import show_code
from fieldapp.cli.working import LINE
from fieldapp.errors import FieldappError
from fieldapp.i18n import _, counted

if TYPE_CHECKING:
    from fieldapp.store.store import Store


@cli.command()
@click.option("--workspace", type=PATH, help="Keep hq/, post/ and usb/ in this folder.")
def demo(workspace: Path | None) -> None:
    """Show a round trip with the figures of a real report; on a terminal, then open the post's screen."""
    import tempfile

    from fieldapp import demo as round_trip

    with tempfile.TemporaryDirectory(prefix="fieldapp-demo-") as temporary:
        folder = workspace or Path(temporary)
        round_trip.run_demo(folder, print_text)
        if workspace is not None:
            print_message(_("Kept in {folder}. The passphrase is: {passphrase}").format(
                folder=folder, passphrase=round_trip.PASSPHRASE))  # fmt: skip
        if sys.stdin.isatty() and sys.stdout.isatty():
            LINE.end()
            click.pause(_("Any key opens the post's screen (passphrase: demo)."))
            with terminal.silent():
                from fieldapp.tui.app import run_app

                run_app(folder / "post")


@cli.command()
@click.option("--workspace", type=PATH, default=USUAL_HOME.with_name("fieldapp-tutorial"), show_default=True,
              help="Where the practice records are.")  # fmt: skip
@click.option("--again", is_flag=True, help="Start over; what was practised is deleted.")
def tutorial(workspace: Path, again: bool) -> None:
    """Guide through the first quarter of an hour on practice records; without a terminal, list the steps."""
    from fieldapp import machine
    from fieldapp import tutorial as practising

    for check in machine.check_machine(workspace):
        if check.state in ("bad", "warning"):
            for line in check.lines():
                print_message(line)
    print_message(_("`fieldapp check-machine` says more about this laptop."))
    print_message(_("The practice records are being opened; the first time takes some seconds."))
    store = practising.begin_practice(workspace, again=again)
    if sys.stdin.isatty() and sys.stdout.isatty():
        LINE.end()
        with terminal.silent():
            from fieldapp.tui.tutorial import TutorialApp

            app = TutorialApp(store.home, store)
            app.run()
        sys.exit(app.return_code or 0)
    for number, step in enumerate(practising.steps(store), start=1):
        print_text(f"{'✓' if step.done else '·'} {number} {step.text}")
    store.close()


@cli.command("check-machine")
@as_json
@click.pass_obj
def check_machine(obj: Context, as_json: bool) -> None:
    """Say in a page whether this laptop will do, and what to do where it will not. Nothing is changed."""
    from fieldapp import machine
    from fieldapp.cli.measure import ask_terminal

    with LINE.aside():
        terminal_now = ask_terminal()
    checks = machine.check_machine(obj.home, terminal_now)
    if as_json:
        print_json(machine.as_document(checks))
    else:
        for line in [line for check in checks for line in check.lines()]:
            print_text(line)
        print_text(
            _("This laptop will do.")
            if machine.will_do(checks)
            else _("This laptop will not do yet: see the lines with ✗.")
        )
    if not machine.will_do(checks):
        sys.exit(1)


@cli.command()
@click.option("--role", type=click.Choice(["hq", "post"]))
@click.option("--name", help="Headquarters' name.")
@click.option("--code", default="SCH", show_default=True, help="Headquarters' short code, used in file names.")
@click.option("--province", default="66", show_default=True, help="Code of headquarters' province.")
@click.option("--pack", type=PATH, help="A post starts from the pack that headquarters wrote.")
@click.option("--laptop", help="Letter of this laptop; otherwise A at a post, the next free one at headquarters.")
@click.option("--user", "user_name", required=True, help="Who works on this laptop.")
@click.pass_obj
def init(
    obj: Context,
    role: str | None,
    name: str | None,
    code: str,
    province: str,
    pack: Path | None,
    laptop: str | None,
    user_name: str,
) -> None:
    """Create a replica: headquarters by --role hq --name, a post by --pack, a further laptop of headquarters by
    --role hq --pack."""
    from fieldapp.store import people, place
    from fieldapp.sync.exchange import enrolment
    from fieldapp.sync.format import bundle, clock, drives
    from fieldapp.sync.peers import peers, practice, recovery

    if pack is None and not (role == "hq" and name):
        raise click.UsageError(_("Give --role hq --name NAME, or --pack FILE for a post."))
    refuse_idle(["laptop"] if pack is None else ["name", "code"], "--role hq --name" if pack is None else "--pack")
    refuse_idle(["province"] if pack is not None and role != "hq" else [], "--pack")
    if pack is not None:
        pack = drives.pack_in(pack)
        practice.check_pack(bundle.inspect(pack, None).sender)
    clock.check_new(obj.today)
    passphrase = ask_passphrase(True)
    people.check_passphrase(passphrase)
    if pack is not None and role == "hq":
        store = enrolment.init_further_hq(
            obj.home,
            pack,
            user=user_name,
            passphrase=passphrase,
            laptop=laptop,
            province=province if "province" in typed() else None,
        )
        print_text(_("Compare headquarters' fingerprint by telephone:"))
        for hq in peers.roots(store):
            print_text(f"  {hq.title}: {hq.fingerprint}")
    elif pack is not None:
        store = enrolment.init_post(
            obj.home, pack, user=user_name, passphrase=passphrase, laptop=laptop or peers.FIRST_LETTER
        )
        (hq,) = peers.roots(store)
        print_text(_("{post} can record. Compare headquarters' fingerprint by telephone:").format(
            post=store.identity.post_name))  # fmt: skip
        print_text(f"  {hq.title}: {hq.fingerprint}")
    else:
        store = enrolment.init_hq(
            obj.home, name=name or "", user=user_name, passphrase=passphrase, code=code, province=province
        )
        show_code(store, recovery.renew_code(store))
        print_text(_("{name} can begin. Its fingerprint:").format(name=name))
    own = peers.own(store)
    print_text(f"  {own.title}: {own.fingerprint}")
    clock.look(store)
    if obj.today:
        clock.confirm(store, obj.today)
    for line in place.warn_once(store):
        print_message(line)
    store.close()


@cli.command()
@click.option("--write", is_flag=True, help="Records can be changed too; otherwise they are only shown.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; otherwise one that is free.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; the default is local.")
@click.option("--network", is_flag=True, help="Allow a --host that other machines reach; nothing is encrypted.")
@click.pass_obj
def serve(obj: Context, write: bool, port: int, host: str, network: bool) -> None:
    """Show the screen in a browser of this machine until Ctrl+C; read-only unless --write."""
    import asyncio
    import ipaddress

    try:
        from fieldapp.browser import serve as browser
    except ImportError:
        raise FieldappError(_('This needs further libraries: pip install "fieldapp[hq]".')) from None

    def announce(address: str) -> None:
        print_text(address)
        print_message(_("Open it in a browser of this machine; it opens one, once. Ctrl+C ends it."))
        print_message(
            _("Records can be changed there.") if write else _("Records can be looked at there, not changed.")
        )

    address = browser.checked_address(host, network=network)
    refuse_idle(["network"] if ipaddress.ip_address(address).is_loopback else [], f"--host {address}")
    LINE.end()
    server = browser.BrowserServer(browser.program(obj.home, write=write))
    try:
        asyncio.run(browser.serve(server, address, port, announce))
    except KeyboardInterrupt:
        print_message(_("Ended."))


@cli.command()
@click.option("--rebuild", is_flag=True, help="Fold the log again and repair what differs.")
@as_json
@click.pass_obj
def doctor(obj: Context, rebuild: bool, as_json: bool) -> None:
    """Check the file, the log's signatures, and that every record matches the log."""
    from fieldapp import replica
    from fieldapp.store.connection import DatabaseError
    from fieldapp.store.disk_errors import is_damage, rebuild_failed
    from fieldapp.sync.safety import doctor as examination
    from fieldapp.sync.safety import salvage

    try:
        store = obj.open_as_it_is()
        found = examination.examine_file(store)
        if found.file_errors and rebuild:
            store, lost = salvage.salvage_file(store)
            obj.store = store
            for line in lost.lines():
                print_message(line)
        if rebuild or not found.file_errors:
            replica.bring_up_to_date(store)
            found = examination.examine_replica(store, mend=rebuild)
    except DatabaseError as error:
        if rebuild and is_damage(error):
            raise rebuild_failed() from error
        raise
    if as_json:
        print_json(found)
    else:
        for line in found.lines():
            print_text(line)
    if not found.healthy:
        sys.exit(1)


@cli.command()
@click.argument("dest", type=PATH, required=False)
@as_json
@click.pass_obj
def backup(obj: Context, dest: Path | None, as_json: bool) -> None:
    """Write a backup of everything into the folder DEST, or beside the automatic ones; work may go on meanwhile."""
    from fieldapp.store.store import BACKUP_FOLDER
    from fieldapp.sync.safety import backup as backups

    store = obj.open()
    folder = dest or store.home / BACKUP_FOLDER
    if dest is None:
        folder.mkdir(mode=0o700, exist_ok=True)
    made = backups.write_backup(store, folder)
    if as_json:
        print_json(made)
        sys.exit(IN_PART if made.files_left else 0)
    print_text(str(made.path))
    print_message(_("{size} bytes, read back and compared. The passphrases of today open it.").format(size=made.size))
    if made.files_left:
        print_message(
            counted(
                "{n} attached file is not beside it: there was no room, or it could not be written. Free space there,"
                " or take another stick, then do this again.",
                "{n} attached files are not beside it: there was no room, or they could not be written. Free space"
                " there, or take another stick, then do this again.",
                made.files_left,
            )
        )
        sys.exit(IN_PART)


@cli.command()
@click.argument("file", type=PATH)
@click.pass_obj
def restore(obj: Context, file: Path) -> None:
    """Restore a backup into --home, where there must be no replica. Name the person by --user."""
    from fieldapp.sync.safety import backup as backups

    user = obj.user or ask(_("Who works?"))
    who = backups.restore_backup(file, obj.home, user, ask_passphrase())
    if who.role == "hq":
        sentence = _("{name} is restored in {home}. Write each post its reply: their next bundles then bring back what"
                     " came in, and what was written here, since that backup.")  # fmt: skip
    else:
        sentence = _(
            "{name} is restored in {home}. What headquarters has of later days comes back with its next reply."
        )
    print_text(sentence.format(name=who.post_name or who.name, home=obj.home))


@cli.command()
@click.argument("dest", type=PATH)
@click.option("--platform", type=click.Choice(["windows", "linux", "all"]), default="all", show_default=True)
@click.option("--python", "pythons", type=click.Choice(["3.11", "3.12", "3.13", "3.14"]), multiple=True,
              help="Only for this Python; may be given several times. Otherwise for all four.")  # fmt: skip
@click.option("--python-installer", type=PATH, metavar="FILE",
              help="Python for Windows, embeddable .zip or .exe; else a known .zip here or in DEST.")  # fmt: skip
@click.option("--no-python", is_flag=True, help="Each laptop with Windows has a Python of its own.")
@click.option("--unsigned", is_flag=True, help="Headquarters signs it later, by `hq sign-kit`.")
@click.pass_obj
def kit(
    obj: Context,
    dest: Path,
    platform: str,
    pythons: Sequence[str],
    python_installer: Path | None,
    no_python: bool,
    unsigned: bool,
) -> None:
    """Make a kit in the folder DEST that installs everything without a network. Needs a package index, once."""
    from fieldapp.kit import assemble, windows_python

    refuse_idle(["python_installer", "no_python"] if platform == "linux" else [], "--platform linux")
    refuse_idle(["python_installer"] if no_python else [], "--no-python")
    platforms = list(assemble.PLATFORMS) if platform == "all" else [platform]
    pythons = pythons or assemble.PYTHONS
    if python_installer is None and "windows" in platforms and not no_python:
        python_installer = windows_python.find((Path.cwd(), dest), pythons)
    if python_installer is not None and python_installer.is_file():
        print_message(windows_python.sentence_about(python_installer))
    store = None if unsigned else obj.open()
    made = assemble.make_kit(dest, assemble.targets(platforms, pythons), print_message, python_installer)
    print_text(str(made))
    if store is None:
        print_message(_("Nobody has signed it yet: `fieldapp hq sign-kit {kit}` at headquarters.").format(kit=made))
    else:
        _sign_kit(store, made)


def _sign_kit(store: "Store", folder: Path) -> None:
    from fieldapp.kit import assemble

    words = assemble.sign_kit(store, folder)
    print_message(_("Signed. The person who installs it sees these words:"))
    print_message(f"  {words}")


@cli.command()
@click.argument("kit", type=PATH, required=False)
@click.option("--back", is_flag=True, help="Go back to the version before; what was recorded since stays.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def upgrade(obj: Context, kit: Path | None, back: bool, yes: bool) -> None:
    """Upgrade to the version in KIT: it is checked, tried on a copy of the records, and only then used."""
    from fieldapp.kit import upgrade as upgrades

    if (kit is not None) == back:
        raise click.UsageError(_("Name the folder of the kit, or give --back."))
    store = obj.open()
    if kit is None:
        change: upgrades.Upgrade | upgrades.Back = upgrades.Back(store, print_message)
        question = _("Go back to {version}? All that was recorded stays.")
    else:
        found = upgrades.examine_kit(store, kit)
        print_text(_("{version}, signed by {signer} ({fingerprint}).").format(
            version=found.version, signer=found.signer, fingerprint=found.fingerprint))  # fmt: skip
        for line in found.lines:
            print_text(line)
        change = upgrades.Upgrade(store, kit, found.version, print_message)
        question = _("Upgrade to {version}?")
    if not yes and not agrees(question.format(version=change.version)):
        print_message(_("Nothing was changed."))
        return
    change.run()


@hq.command("sign-kit")
@click.argument("kit", type=PATH)
@click.pass_obj
def sign_kit(obj: Context, kit: Path) -> None:
    """Check the files of a KIT that was made elsewhere, and sign their list."""
    _sign_kit(obj.open(), kit)
