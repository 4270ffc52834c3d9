"""Who works on this laptop, and who may do what: the one place where that is decided.

Roles are stored in the encrypted database, so nobody changes their own role from outside. Only this program enforces
them. A person who can open the file has its key, and could write anything into it with other tools. Then the change log
shows it, and headquarters' receipts keep what was there before (``docs/security.md``).
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import vault, wall
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import clean

MIN_PASSPHRASE = 8
"""Least number of characters of a passphrase that is chosen here"""


class Role(StrEnum):
    """What somebody does here. Each role may do all that the roles before it may do."""

    RECORDER = "recorder"
    OFFICER = "officer"
    ADMINISTRATOR = "administrator"


class Act(StrEnum):
    """What not everybody may do. Everybody may read, record, correct, and void their own records."""

    VOID_OTHERS = "void_others"
    EXPORT = "export"
    IMPORT = "import"
    REPORT_FILES = "report_files"
    REVIEW = "review"
    """At headquarters: accept and return records"""
    CERTIFY = "certify"
    """At headquarters: write packs, certify replicas"""
    USERS = "users"
    BACKUP = "backup"
    PUBLISH = "publish"
    """At headquarters: give all records, with the data that identifies persons, to a database or folder of others"""
    RECOVER = "recover"
    """At headquarters: open a post's laptop again"""


NEEDS: Mapping[Act, Role] = {
    Act.VOID_OTHERS: Role.OFFICER,
    Act.EXPORT: Role.OFFICER,
    Act.IMPORT: Role.OFFICER,
    Act.REPORT_FILES: Role.OFFICER,
    Act.REVIEW: Role.OFFICER,
    Act.CERTIFY: Role.OFFICER,
    Act.USERS: Role.ADMINISTRATOR,
    Act.BACKUP: Role.ADMINISTRATOR,
    Act.PUBLISH: Role.ADMINISTRATOR,
    Act.RECOVER: Role.ADMINISTRATOR,
}

ROLES = list(Role)


class Person(Struct, frozen=True):
    """Somebody who uses this laptop."""

    name: str
    role: Role
    added_at: str | None


def role_of(store: Store, name: str) -> Role:
    """Somebody's role. In a file from before there were roles, everybody is administrator until a role is set."""
    found = store.value("SELECT role FROM local_user WHERE name = ?", [name])
    if found is not None:
        return Role(found)
    return Role.RECORDER if store.value("SELECT 1 FROM local_user") else Role.ADMINISTRATOR


def may(store: Store, act: Act) -> bool:
    """Whether the current user may do this."""
    return not store.read_only and has_role_for(store, act)


def has_role_for(store: Store, act: Act) -> bool:
    """Whether the current user's role suffices for this, be the records open for reading only or not."""
    return ROLES.index(role_of(store, store.user)) >= ROLES.index(NEEDS[act])


def check(store: Store, act: Act, *, writes: bool = True) -> None:
    """Raise FieldappError if the current user may not do this. ``writes``: nor where the records are open for reading
    only."""
    if writes:
        store.check_writable()
    if not has_role_for(store, act):
        raise FieldappError(
            _("{who} may not do this: it needs the role {role}. Nothing was changed.").format(
                who=store.user, role=role_name(NEEDS[act])
            )
        )


def role_name(role: Role) -> str:
    """The name of a role in the user's language."""
    return {
        Role.RECORDER: _("recorder"),
        Role.OFFICER: _("officer"),
        Role.ADMINISTRATOR: _("administrator"),
    }[role]


def people(store: Store) -> list[Person]:
    """All who have a passphrase here, in the order of their key files."""
    added = {r["name"]: r["added_at"] for r in store.rows("SELECT name, added_at FROM local_user")}
    return [Person(name, role_of(store, name), added.get(name)) for name in vault.users(store.home)]


def enter_first(store: Store) -> None:
    """Make the person who begins a replica its administrator; inside a transaction or not."""
    with store.transaction():
        _enter(store, store.user, Role.ADMINISTRATOR)


def add_person(store: Store, name: str, passphrase: str, role: Role) -> None:
    """Add a person, with a passphrase and a role."""
    check(store, Act.USERS)
    check_passphrase(passphrase)
    name = clean(name)
    if name in vault.users(store.home):
        raise FieldappError(_("{name} uses this laptop already.").format(name=name))
    with store.transaction():  # first the role, then the key: if this is cut off, the new person cannot get in
        if not store.value("SELECT 1 FROM local_user"):
            for there in vault.users(store.home):
                _enter(store, there, Role.ADMINISTRATOR)
        _enter(store, name, role)
        store.add_user(name, passphrase)


def set_role(store: Store, name: str, role: Role) -> None:
    """Give somebody another role; refused if no administrator would be left."""
    check(store, Act.USERS)
    _known(store, name)
    if role is not Role.ADMINISTRATOR:
        _one_stays(store, name)
    with store.transaction():
        for there in vault.users(store.home):
            _enter(store, there, role if there == name else role_of(store, there))


def remove_person(store: Store, name: str) -> None:
    """Remove a person: their passphrase no longer opens anything here. What they recorded stays, with their name."""
    check(store, Act.USERS)
    _known(store, name)
    _one_stays(store, name)
    with store.transaction():
        for there in vault.users(store.home):
            _enter(store, there, role_of(store, there))
        vault.remove_user(store.home, name)
        store.db.execute("DELETE FROM local_user WHERE name = ?", [name])


def change_passphrase(store: Store, passphrase: str) -> None:
    """Set a new passphrase for the current user."""
    check_passphrase(passphrase)
    store.add_user(store.user, passphrase)


def check_passphrase(passphrase: str) -> None:
    """Raise FieldappError for a passphrase that is too short, and so too easy to guess."""
    if len(clean(passphrase)) < MIN_PASSPHRASE:
        sentence = _("The passphrase is too short: take at least {n} characters, best several words.")
        raise FieldappError(sentence.format(n=MIN_PASSPHRASE), {"passphrase": sentence.format(n=MIN_PASSPHRASE)})


def _known(store: Store, name: str) -> None:
    if name not in vault.users(store.home):
        raise FieldappError(_("No user of this name uses this laptop: {user}.").format(user=clean(name)))


def _one_stays(store: Store, name: str) -> None:
    others = [p for p in people(store) if p.name != name]
    if not any(p.role is Role.ADMINISTRATOR for p in others):
        raise FieldappError(_("{name} is the only administrator. Make somebody else one first.").format(name=name))


def _enter(store: Store, name: str, role: Role) -> None:
    store.db.execute(
        "INSERT INTO local_user VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET role = excluded.role",
        [name, role.value, wall.instant()],
    )
