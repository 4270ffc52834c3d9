"""The database's random key, sealed in small files beside it: one per user, one for headquarters' recovery.

Each is an age file: a user's under his passphrase (scrypt), the recovery file to headquarters' recovery key.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import quote, unquote

import pyrage

from fieldapp.domain.text import clean
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store.connection import KEY_BYTES

FOLDER = "keys"
RECOVERY = "recovery.age"
USER_SUFFIX = ".user.age"
MAX_NAME = 60
"""Characters: percent-encoded, a name must still be a file name"""


def new_key() -> bytes:
    """A fresh random database key."""
    return secrets.token_bytes(KEY_BYTES)


def users(home: Path) -> list[str]:
    """Names of those for whom the key is sealed, in the order of their files."""
    return [unquote(p.name.removesuffix(USER_SUFFIX)) for p in sorted((home / FOLDER).glob("*" + USER_SUFFIX))]


def seal(home: Path, user: str, passphrase: str, key: bytes) -> None:
    """Seal ``key`` for ``user``; a file of this user that is there already is replaced."""
    phrase, name = clean(passphrase), clean(user)
    if not name or len(name) > MAX_NAME:
        raise FieldappError(_("A user's name has 1 to {n} characters.").format(n=MAX_NAME))
    if any(other != name and other.casefold() == name.casefold() for other in users(home)):
        raise FieldappError(_("{name} uses this laptop already.").format(name=name))
    if not phrase:
        raise FieldappError(_("The passphrase is empty. Choose one of several words."))
    _write(home / FOLDER / (quote(clean(user), safe="") + USER_SUFFIX), pyrage.passphrase.encrypt(key, phrase))


def seal_for_recovery(home: Path, recipient: str, key: bytes) -> None:
    """Seal ``key`` to headquarters' recovery key, an age recipient."""
    _write(home / FOLDER / RECOVERY, pyrage.encrypt(key, [pyrage.x25519.Recipient.from_str(recipient)]))


def unseal(home: Path, user: str, passphrase: str) -> bytes:
    """The database key, opened with the user's passphrase.

    Passphrases are compared in Unicode NFC, whatever the keyboard sent. A wrong one raises FieldappError after no
    more than the key derivation.
    """
    path = home / FOLDER / (quote(clean(user), safe="") + USER_SUFFIX)
    try:
        key: bytes = pyrage.passphrase.decrypt(path.read_bytes(), clean(passphrase))
        return key
    except FileNotFoundError as error:
        raise FieldappError(_("No user of this name uses this laptop: {user}.").format(user=user)) from error
    except pyrage.DecryptError as error:
        raise FieldappError(_("The passphrase is wrong. Nothing was changed; try again.")) from error
    except OSError as error:
        raise FieldappError(
            _("The key file is damaged: {path}. Headquarters can recover the key.").format(path=path.name)
        ) from error


def _write(path: Path, sealed: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    part.chmod(0o600)
    part.replace(path)
