"""Forgotten passphrase: headquarters opens the laptop again, by stick or by telephone.

**By stick.** The post's database key is stored beside the database, sealed to headquarters' recovery key. The post
writes a request: that sealed key, and a fresh public key. The secret half of the fresh key stays on the laptop, under
the new passphrase. Headquarters compares ten syllables of the fresh key by telephone, opens the sealed key and seals it
to the fresh one. So nothing that travels opens anything: neither the request, nor the answer, nor both.

**By telephone.** A key of 256 bits cannot be read out. So each laptop makes a recovery code of its own at enrolment: 28
random digits (93 bits), with a check digit in each group. The laptop seals its database key with the code. It sends the
code in every bundle, sealed to headquarters' recovery key. When a known person calls, headquarters opens the code and
reads it out. A code works once: its use makes a new one, which is sent with the next bundle.
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import pyrage

from fieldapp.errors import FieldappError, os_error_text
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.store import disk, people, vault
from fieldapp.store.people import Act
from fieldapp.store.store import Store
from fieldapp.store.vault import KEY_BYTES
from fieldapp.sync.format import clock, drives, keys
from fieldapp.sync.format.bundle import Manifest
from fieldapp.sync.peers.peers import Peer
from fieldapp.vietnamese.text import clean

RECOVERY_RECIPIENT = "recovery_recipient"
"""Local setting: headquarters' recovery key, to which codes and backups are sealed"""
RECOVERY_IDENTITY = "recovery_identity"
"""Local setting at headquarters: its secret half"""

REQUEST = "fieldapp-recovery-request/1"
ANSWER = "fieldapp-recovery-answer/1"
REQUEST_SUFFIX = ".fieldapp-recovery-request.json"
ANSWER_SUFFIX = ".fieldapp-recovery-answer.json"
PENDING_FILE = "recovering.age"
"""In the folder of keys: the secret half of the request's key and who asks, under the new passphrase"""
MAX_DOCUMENT = 16_384
"""Bytes of a request or an answer"""

Document = TypeVar("Document", "_Request", "_Answer")

CODE_GROUPS = 7
GROUP_DIGITS = 4
"""Digits of a group, without its check digit"""
CODE = "code"
"""The field of ``FieldappError`` that means the code"""


def group_at(text: str, number: int) -> tuple[int, int]:
    """Where a group, counted from 1, begins and ends in a code as it was typed."""
    digits = [at for at, c in enumerate(text) if c.isascii() and c.isdigit()]
    own = digits[(number - 1) * (GROUP_DIGITS + 1) : number * (GROUP_DIGITS + 1)]
    return (own[0], own[-1] + 1) if own else (len(text), len(text))


class Misheard(FieldappError):
    """A code that was read out has wrong groups; ``groups`` are their numbers, from 1."""

    def __init__(self, groups: Sequence[int]) -> None:
        sentence = _("Misheard: group {groups}. Ask for it again.").format(groups=", ".join(map(str, groups)))
        super().__init__(sentence, {CODE: sentence})
        self.groups = groups


class _Request(msgspec.Struct, frozen=True):
    format: str
    user: str
    to: str
    sealed: str


class _Answer(msgspec.Struct, frozen=True):
    format: str
    user: str
    sealed: str


@dataclass(frozen=True)
class RecoveryRequest:
    """A request as headquarters sees it. The laptop sealed in ``laptop`` and ``key`` when it was enrolled."""

    user: str
    laptop: str
    words: str
    """the fresh key in ten syllables, to compare by telephone"""
    to: str
    key: bytes


# by stick -------------------------------------------------------------------------------------------------------


def request(home: Path, user: str, passphrase: str, dest: Path) -> tuple[Path, str]:
    """At the post: write a request into the folder ``dest``; returns its path and the words to read out by telephone.

    ``passphrase`` is the new one; it opens the laptop when the answer has come.
    """
    _check_user(home, user)
    people.check_passphrase(passphrase)
    sealed = vault.sealed_for_recovery(home)
    fresh = pyrage.x25519.Identity.generate()
    kept = f"{fresh}\n{clean(user)}".encode()
    vault.write_key_file(home, PENDING_FILE, vault.seal_with_passphrase(kept, passphrase))
    asked = _Request(REQUEST, clean(user), str(fresh.to_public()), b64encode(sealed).decode())
    target = dest / f"{str(fresh.to_public())[-8:]}{REQUEST_SUFFIX}"
    with drives.atomic_file(target) as file:
        file.write(msgspec.json.encode(asked))
    return target, keys.spoken_hash(asked.to)


def read_request(store: Store, path: Path) -> RecoveryRequest:
    """At headquarters: read a request. Nothing is given out yet."""
    people.check(store, Act.RECOVER)
    identity = _identity(store)
    asked = _read(path, _Request, REQUEST)
    try:
        opened = msgspec.json.decode(pyrage.decrypt(b64decode(asked.sealed, validate=True), [identity]))
        key = bytes.fromhex(opened["key"])
        laptop = " ".join(clean(str(opened[part])) for part in ("post", "name") if opened[part])
        pyrage.x25519.Recipient.from_str(asked.to)
    except (pyrage.DecryptError, pyrage.RecipientError, OSError, ValueError, KeyError, TypeError):
        raise FieldappError(
            _("{name} is no request of a laptop of ours. Nothing was changed.").format(name=display_path(path.name))
        ) from None
    if len(key) != KEY_BYTES:
        raise FieldappError(
            _("{name} is no request of a laptop of ours. Nothing was changed.").format(name=display_path(path.name))
        )
    return RecoveryRequest(clean(asked.user), laptop, keys.spoken_hash(asked.to), asked.to, key)


def answer(asked: RecoveryRequest, dest: Path) -> Path:
    """At headquarters, after the words were compared: write the answer into the folder ``dest``; returns its path."""
    sealed = pyrage.encrypt(asked.key, [pyrage.x25519.Recipient.from_str(asked.to)])
    target = dest / f"{asked.to[-8:]}{ANSWER_SUFFIX}"
    with drives.atomic_file(target) as file:
        file.write(msgspec.json.encode(_Answer(ANSWER, asked.user, b64encode(sealed).decode())))
    return target


def accept(home: Path, path: Path, passphrase: str) -> str:
    """At the post: open the laptop with the answer, and return the user.

    ``passphrase`` is the one that was chosen with the request. It opens the laptop for the user who asked: an answer is
    not signed, so what it says of the user may have been changed on the way.
    """
    answered = _read(path, _Answer, ANSWER)
    waiting = home / vault.KEYS_FOLDER / PENDING_FILE
    if not waiting.exists():
        raise FieldappError(_("This laptop did not ask. Begin with `fieldapp user recover --request FOLDER`."))
    secret = vault.open_with_passphrase(waiting.read_bytes(), passphrase)
    if secret is None:
        raise FieldappError(_("The passphrase is wrong. It is the one that was chosen with the request; try again."))
    fresh, _line, asked_by = secret.decode().partition("\n")
    user = asked_by or answered.user  # version 0.2 did not keep who asked
    try:
        identity = pyrage.x25519.Identity.from_str(fresh)
        if clean(answered.user) != user:
            raise ValueError("another user")
        key: bytes = pyrage.decrypt(b64decode(answered.sealed, validate=True), [identity])
    except (pyrage.DecryptError, OSError, ValueError):
        raise FieldappError(
            _("{name} answers another request. Nothing was changed.").format(name=display_path(path.name))
        ) from None
    _open_with_key(home, user, passphrase, key).close()
    disk.remove(waiting)
    return user


# by telephone ---------------------------------------------------------------------------------------------------


def renew_code(store: Store, *, keep: bool = False) -> str:
    """Make a new recovery code in place of the old one, and return it. A post sends it with its next bundle.

    ``keep``: the old one opens the laptop too, until one of both is used.
    """
    code = "".join(str(secrets.randbelow(10)) for _digit in range(CODE_GROUPS * GROUP_DIGITS))
    store.seal_under_code(code, store.setting(RECOVERY_RECIPIENT), keep=keep)
    return spoken_code(code)


def renew_dear_code(store: Store) -> None:
    """Where an older version sealed the code at a cost that a machine with little memory cannot pay, make a new one.

    Headquarters has the old one until the next bundle comes, so that one opens the laptop too. Headquarters' own code
    lies in its safe, and stays. Where this fails, the old one opens as before.
    """
    if store.setting(RECOVERY_RECIPIENT) is not None and store.setting(RECOVERY_IDENTITY) is None:
        with suppress(OSError, FieldappError), disk.alone(store.home / vault.UNLOCKING):
            if vault.code_is_dear(store.home):  # no other window has renewed it meanwhile
                renew_code(store, keep=True)


def code_of(store: Store, peer: Peer) -> str:
    """At headquarters: the recovery code of a laptop, to read out to a known person."""
    people.check(store, Act.RECOVER)
    identity = _identity(store)
    sealed = store.value("SELECT sealed FROM local_recovery_code WHERE replica_id = ?", [peer.id])
    if sealed is None:
        raise FieldappError(
            _("{name} has sent no recovery code. Recover it by stick: `fieldapp hq recover REQUEST`.").format(
                name=peer.title
            )
        )
    try:
        code: bytes = pyrage.decrypt(b64decode(sealed, validate=True), [identity])
        return spoken_code(read_digits(code.decode("ascii")))
    except (pyrage.DecryptError, OSError, ValueError):
        raise FieldappError(
            _(
                "The recovery code of {name} cannot be opened. Recover it by stick: `fieldapp hq recover REQUEST`."
            ).format(name=peer.title)
        ) from None


def accept_code(home: Path, user: str, code: str, passphrase: str) -> Store:
    """At the post: open the laptop with the code that headquarters read out; ``passphrase`` is the user's new one.

    The code is then used up: a new one goes to headquarters with the next bundle.
    """
    _check_user(home, user)
    people.check_passphrase(passphrase)
    digits = read_code(code)
    store = _open_with_key(home, user, passphrase, vault.unseal_with_code(home, digits))
    renew_code(store)
    return store


def take_recovery_code(store: Store, manifest: Manifest) -> None:
    """Store the code that a laptop sends, unless a later one is known; inside a transaction. Headquarters only.

    An implausible clock reading counts as the earliest: no later code may look old beside it.
    """
    if manifest.recovery_code is None or store.setting(RECOVERY_IDENTITY) is None:
        return
    if len(manifest.recovery_code) > MAX_DOCUMENT:
        return
    store.db.execute(
        "INSERT INTO local_recovery_code SELECT id, ?, ? FROM local_replica WHERE id = ? AND own = 0"
        " ON CONFLICT (replica_id) DO UPDATE SET sealed = excluded.sealed, hlc = excluded.hlc"
        " WHERE excluded.hlc > hlc OR hlc > ?",
        [
            manifest.recovery_code,
            manifest.hlc if clock.is_plausible(manifest.hlc) else 0,
            manifest.sender,
            clock.latest_plausible(),
        ],
    )


def spoken_code(digits: str) -> str:
    """28 digits as they are read out: seven groups of five digits; the fifth of each group is its check digit."""
    groups = [digits[at : at + GROUP_DIGITS] for at in range(0, len(digits), GROUP_DIGITS)]
    return " ".join(group + _check_digit(number, group) for number, group in enumerate(groups, start=1))


def read_code(text: str) -> str:
    """The 28 digits of a code that was read out; FieldappError names the groups that were misheard."""
    digits = "".join(c for c in text if c.isascii() and c.isdigit())
    if len(digits) != CODE_GROUPS * (GROUP_DIGITS + 1):
        sentence = _("The code has {n} groups of {m} digits; {k} digits were typed.").format(
            n=CODE_GROUPS, m=GROUP_DIGITS + 1, k=len(digits)
        )
        raise FieldappError(sentence, {CODE: sentence})
    groups = [digits[at : at + GROUP_DIGITS + 1] for at in range(0, len(digits), GROUP_DIGITS + 1)]
    wrong = [
        n for n, group in enumerate(groups, start=1) if _check_digit(n, group[:GROUP_DIGITS]) != group[GROUP_DIGITS]
    ]
    if wrong:
        raise Misheard(wrong)
    return "".join(group[:GROUP_DIGITS] for group in groups)


def read_digits(text: str) -> str:
    """The 28 digits of an unsealed code; ValueError if the text is something else."""
    if len(text) != CODE_GROUPS * GROUP_DIGITS or not (text.isascii() and text.isdigit()):
        raise ValueError("no code")
    return text


def _check_digit(number: int, group: str) -> str:
    """ISO 7064 MOD 11,10 over the group's place and its digits: finds a wrong digit, and swapped neighbours."""
    product = 10
    for digit in f"{number}{group}":
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


# ----------------------------------------------------------------------------------------------------------------


def _identity(store: Store) -> pyrage.x25519.Identity:
    secret = store.setting(RECOVERY_IDENTITY)
    if secret is None:
        raise FieldappError(_("Only headquarters opens a laptop again."))
    return pyrage.x25519.Identity.from_str(secret)


def _check_user(home: Path, user: str) -> None:
    """Refuse a user who has no key file: recovery adds no users. If no key file is left, accept any name."""
    there = vault.users(home)
    if there and clean(user) not in there:
        raise FieldappError(
            _("No user of this name uses this laptop: {user}.").format(user=clean(user)) + " " + ", ".join(there)
        )


def _open_with_key(home: Path, user: str, passphrase: str, key: bytes) -> Store:
    """Open the replica with a key that came from elsewhere, and only then seal it for the user."""
    _check_user(home, user)
    store = Store.open(home, key, user)
    if not vault.users(home):  # all key files are lost: one user must be able to add the others again
        people.enter_first(store)
    vault.seal_for_user(home, user, passphrase, key)
    return store


def _read(path: Path, kind: type[Document], form: str) -> Document:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_DOCUMENT + 1)
        document = msgspec.json.decode(data, type=kind)
    except OSError as error:
        raise FieldappError(
            _("{path} cannot be read: {why}.").format(path=display_path(path), why=os_error_text(error))
        ) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        document = None
    if document is None or document.format != form:
        raise FieldappError(
            _("{name} is not what is needed here. Nothing was changed.").format(name=display_path(path.name))
        )
    return document
