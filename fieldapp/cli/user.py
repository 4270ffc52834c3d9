"""Commands about the people of a laptop."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldapp.cli.base import (
    PATH,
    Context,
    as_json,
    ask,
    ask_new_passphrase,
    ask_passphrase,
    cli,
    print_json,
    print_message,
    print_text,
)
from fieldapp.i18n import _

if TYPE_CHECKING:
    from fieldapp.store.store import Store


@cli.group()
def user() -> None:
    """Manage the people who use this laptop."""


ROLES = click.Choice(["recorder", "officer", "administrator"])


@user.command("list")
@as_json
@click.pass_obj
def user_list(obj: Context, as_json: bool) -> None:
    """List who uses this laptop, and what they may do."""
    from fieldapp.store import people

    found = people.people(obj.open())
    if as_json:
        print_json(found)
        return
    for person in found:
        print_text(f"{person.name}  {people.role_name(person.role)}")


@user.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, default="recorder", show_default=True)
@click.pass_obj
def user_add(obj: Context, name: str, role: str) -> None:
    """Let a further person in; only an administrator may."""
    from fieldapp.store import people

    store = obj.open()
    people.check(store, people.Act.USERS)
    people.add_person(store, name, ask_new_passphrase(), people.Role(role))
    print_message(_("{name} can work on this laptop now.").format(name=name))


@user.command("role")
@click.argument("name")
@click.argument("role", type=ROLES)
@click.pass_obj
def user_role(obj: Context, name: str, role: str) -> None:
    """Give somebody another role."""
    from fieldapp.store import people

    people.set_role(obj.open(), name, people.Role(role))
    print_message(_("{name}: {role} from now on.").format(name=name, role=people.role_name(people.Role(role))))


@user.command("remove")
@click.argument("name")
@click.pass_obj
def user_remove(obj: Context, name: str) -> None:
    """Remove a person, who then cannot open this laptop; what they recorded stays."""
    from fieldapp.store import people

    people.remove_person(obj.open(), name)
    print_message(_("{name} can no longer open this laptop. What they recorded stays.").format(name=name))


@user.command("setting")
@click.option("--lock-minutes", type=click.IntRange(0, 600), help="Idle minutes until the screen locks; 0: never.")
@click.option("--stick-backup", type=click.Choice(["on", "off"]), help="Write a backup beside each export.")
@click.option("--files-limit", metavar="SIZE", help="Most files of records on a stick, such as 200MB; 0: none.")
@click.option(
    "--files-from-below", type=click.Choice(["on", "off"]), help="Take files from the headquarters below, too."
)
@click.pass_obj
def user_setting(
    obj: Context,
    lock_minutes: int | None,
    stick_backup: str | None,
    files_limit: str | None,
    files_from_below: str | None,
) -> None:
    """Show or change the settings that hold for everybody on this laptop."""
    from fieldapp.store import people
    from fieldapp.sync.exchange import outgoing_files, record_files

    limit = None if files_limit is None else outgoing_files.read_size(files_limit)
    store = obj.open()
    people.check(store, people.Act.USERS)
    for key, value in (
        ("lock_minutes", lock_minutes),
        ("stick_backup", stick_backup),
        (outgoing_files.LIMIT_SETTING, limit),
        (record_files.TAKE_SETTING, files_from_below),
    ):
        if value is not None:
            store.set_setting(key, str(value))
        print_text(f"{key}: {store.setting(key, '–')}")


@user.command("passphrase")
@click.pass_obj
def user_passphrase(obj: Context) -> None:
    """Change your passphrase."""
    from fieldapp.store import people

    store = obj.open()
    people.change_passphrase(store, ask_new_passphrase())
    print_message(_("The new passphrase is valid from now on."))


@user.command("code")
@click.pass_obj
def user_code(obj: Context) -> None:
    """Make a new recovery code: a post sends it to headquarters, headquarters keeps its own in the safe."""
    from fieldapp.store import people
    from fieldapp.sync.peers import recovery

    store = obj.open()
    people.check(store, people.Act.USERS)
    show_code(store, recovery.renew_code(store))


def show_code(store: "Store", code: str) -> None:
    """Print headquarters' code, to be written down: it has nobody to call. A post's code goes with its next bundle."""
    if store.identity.role == "hq":
        print_text(_("Recovery code. Write it down and lock it in the safe; it opens this file without a passphrase:"))
        print_text(f"  {code}")
    else:
        print_message(_("The new code goes to headquarters with the next bundle."))


@user.command("recover")
@click.argument("answer", type=PATH, required=False)
@click.option("--code", is_flag=True, help="With the code that headquarters read out by telephone.")
@click.option("--request", type=PATH, metavar="FOLDER", help="Without a code: write a request for headquarters there.")
@click.pass_obj
def user_recover(obj: Context, answer: Path | None, code: bool, request: Path | None) -> None:
    """Open the laptop again when the passphrase is forgotten: call headquarters. Name the person by --user."""
    from fieldapp.sync.peers import recovery

    if sum(map(bool, (answer, code, request))) != 1:
        raise click.UsageError(_("Give --code, --request FOLDER, or the file with headquarters' answer."))
    if answer is not None:
        name = recovery.accept(obj.home, answer, ask_passphrase())
        print_message(_("{name} can work on this laptop again.").format(name=name))
        return
    name = obj.whose()
    if code:
        typed = ask(_("Recovery code"))
        recovery.accept_code(obj.home, name, typed, ask_new_passphrase()).close()
        print_message(_("{name} can work on this laptop again.").format(name=name))
        print_message(_("The code is used up; the next export takes a new one to headquarters."))
    elif request is not None:
        path, words = recovery.request(obj.home, name, ask_new_passphrase(), request)
        print_text(str(path))
        print_message(_("Carry it to headquarters, and read them these words by telephone:"))
        print_text(f"  {words}")
