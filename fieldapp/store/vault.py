"""The database's random key, sealed in small files beside the database.

There is one file per user, one for recovery by headquarters, and one for recovery by telephone. Each is an age file: a
user's under their passphrase (scrypt), the recovery file to headquarters' recovery key, the telephone's under the
laptop's recovery code. ``fieldapp/sync/peers/recovery.py`` says who gets what.
"""

import json
import os
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import disk, passphrase_seal, throttle
from fieldapp.vietnamese.text import clean

KEY_BYTES = 32
"""Of the key of the encrypted file"""

KEYS_FOLDER = "keys"
RECOVERY_FILE = "recovery.age"
CODE_FILE = "recovery-code.json"
FORMER = "former"
"""In that file: the key under the code before, as long as it opens too"""
USER_SUFFIX = ".user.age"
PRACTICE_FILE = "practice.txt"
"""The file with the passphrase of a practice workspace, which is no secret. The lock screen shows it. This file alone
does not make records practice records: that is signed (``fieldapp/sync/peers/practice.py``)"""
UNLOCKING = ".unlocking.lock"
"""The lock of who tries a passphrase or a code"""
MAX_NAME = 60
"""Greatest number of characters of a name: percent-encoded, it must still fit into a file name"""
KEY_FILE = re.compile(
    rf"[A-Za-z0-9%_.~-]{{1,240}}{re.escape(USER_SUFFIX)}|{re.escape(RECOVERY_FILE)}|{re.escape(CODE_FILE)}"
)
"""Names of the files in the folder of keys that belong in a backup"""

_WRONG = 3
"""Exit code of the process that unseals: the passphrase does not fit"""
_BUSY, _AGAIN = 4, 25
"""age measures the machine and refuses a file that would take it far too long. A machine that is busy for a moment may
seem too slow for its own file. This does not mean that the passphrase is wrong: it is tried up to _AGAIN times, and
then the exit code is _BUSY"""
_HOURS = 24
"""A work factor that age refuses on any machine"""
_UNSEAL = f"""
import sys
import time
sys.path.insert(0, sys.argv[1])
import pyrage
size = int.from_bytes(sys.stdin.buffer.read(4), "big")
phrase = sys.stdin.buffer.read(size).decode()
sealed = sys.stdin.buffer.read()
for again in range({_AGAIN}):
    try:
        sys.stdout.buffer.write(pyrage.passphrase.decrypt(sealed, phrase))
        break
    except pyrage.DecryptError as error:
        if "xcessive" not in str(error):
            sys.exit({_WRONG})
        time.sleep(0.2)
else:
    sys.exit({_BUSY})
"""


def new_key() -> bytes:
    """A fresh random database key."""
    return os.urandom(KEY_BYTES)


def users(home: Path) -> list[str]:
    """The names of the users for whom the key is sealed, in the order of their files."""
    return [unquote(p.name.removesuffix(USER_SUFFIX)) for p in sorted((home / KEYS_FOLDER).glob("*" + USER_SUFFIX))]


def practice_passphrase(home: Path) -> str | None:
    """The passphrase of a practice workspace; None for a real one."""
    try:
        return (home / PRACTICE_FILE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def seal_for_user(home: Path, user: str, passphrase: str, key: bytes) -> None:
    """Seal ``key`` for ``user``; a file of this user that is there already is replaced."""
    phrase, name = clean(passphrase), clean(user)
    if not name or len(name) > MAX_NAME:
        raise FieldappError(_("A user's name has 1 to {n} characters.").format(n=MAX_NAME))
    if any(other != name and other.casefold() == name.casefold() for other in users(home)):
        raise FieldappError(_("{name} uses this laptop already.").format(name=name))
    if not phrase:
        raise FieldappError(_("The passphrase is empty. Choose one of several words."))
    _write(_user_file(home, name), seal_with_passphrase(_check_key(key), phrase))
    throttle.clear_attempts(_attempts_file(home, name))


def set_keys_aside(home: Path) -> None:
    """Rename the folder of keys if its keys belong to no database here.

    Such keys remain where the start of a replica was cut off, or where the database file was moved.
    """
    folder = home / KEYS_FOLDER
    if any(folder.glob("*.age")):
        disk.rename(folder, folder.with_name(f"{KEYS_FOLDER}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"))


def remove_user(home: Path, user: str) -> None:
    """Delete a user's sealed key, so that their passphrase no longer opens anything here."""
    disk.remove(_user_file(home, user))
    if (home / KEYS_FOLDER).is_dir():
        disk.sync_folder(home / KEYS_FOLDER)
    throttle.clear_attempts(_attempts_file(home, user))


def unseal(home: Path, user: str, passphrase: str) -> bytes:
    """The database key, opened with the user's passphrase.

    Passphrases are compared in Unicode NFC, whatever the keyboard sent. A wrong one raises FieldappError right after
    the key derivation, and makes the next try wait (``throttle``).
    """
    try:
        sealed = _user_file(home, user).read_bytes()
    except FileNotFoundError as error:
        raise FieldappError(_("No user of this name uses this laptop: {user}.").format(user=user)) from error
    except OSError as error:
        raise _damaged(_user_file(home, user)) from error
    key = _attempt(home, _attempts_file(home, user), [sealed], passphrase)
    if key is None:
        raise FieldappError(_("The passphrase is wrong. Nothing was changed; try again."))
    if len(key) != KEY_BYTES:
        raise _damaged(_user_file(home, user))
    if passphrase_seal.work_factor(sealed) != passphrase_seal.WORK_FACTOR:
        _seal_again(_user_file(home, user), key, passphrase)
    return key


def _seal_again(path: Path, key: bytes, passphrase: str) -> None:
    """Replace a file of another cost, as older versions made them. Where that fails, the old one still opens."""
    with suppress(OSError, FieldappError):
        _write(path, seal_with_passphrase(key, passphrase))


def seal_with_passphrase(secret: bytes, passphrase: str) -> bytes:
    """Encrypt a secret into an age file that only the passphrase opens; takes up to a second."""
    try:
        return passphrase_seal.seal(secret, clean(passphrase))
    except MemoryError as error:
        raise _too_little_memory(passphrase_seal.WORK_FACTOR) from error


def open_with_passphrase(sealed: bytes, passphrase: str) -> bytes | None:
    """The content of an age file that was sealed with a passphrase; None if the passphrase is wrong.

    The derivation takes a second and holds the global interpreter lock. So it runs in another process: the screen stays
    responsive, and the memory is free again when the process ends. A packaged program has no Python to start, so it
    derives the key in this process. Raises FieldappError for a damaged file.
    """
    phrase = clean(passphrase)
    factor = passphrase_seal.work_factor(sealed)
    if factor is None:
        raise _damaged(None)
    import pyrage

    if getattr(sys, "frozen", False):
        try:
            if factor < _HOURS:  # age's library would end the whole program where memory is lacking
                bytearray(passphrase_seal.memory_needed(factor))
            here: bytes = pyrage.passphrase.decrypt(sealed, phrase)
        except pyrage.DecryptError as error:
            if "xcessive" in str(error):
                raise _busy() from error
            return None
        except MemoryError as error:
            raise _too_little_memory(factor) from error
        except (OSError, ValueError) as error:
            raise _damaged(None) from error
        return here
    encoded = phrase.encode()
    done = subprocess.run(  # noqa: S603 — this very Python, with the program above
        [sys.executable, "-I", "-S", "-c", _UNSEAL, str(Path(pyrage.__file__).parents[1])],
        input=len(encoded).to_bytes(4, "big") + encoded + sealed,
        capture_output=True,
        check=False,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    if done.returncode == _WRONG:
        return None
    if done.returncode == _BUSY:
        raise _busy()
    if done.returncode not in range(2):  # no Python ends so: it was killed, or gave up
        raise _too_little_memory(factor)
    if done.returncode:
        raise _damaged(None)
    return done.stdout


# recovery -------------------------------------------------------------------------------------------------------


def seal_for_recovery(home: Path, recipient: str, key: bytes, whose: Mapping[str, str]) -> None:
    """Seal ``key`` to headquarters' recovery key, an age recipient; ``whose`` says whose key it is."""
    import pyrage

    content = json.dumps({"key": _check_key(key).hex(), **whose}, ensure_ascii=False).encode()
    _write(home / KEYS_FOLDER / RECOVERY_FILE, pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(recipient)]))


def sealed_for_recovery(home: Path) -> bytes:
    """The file that only headquarters' recovery key opens."""
    try:
        return (home / KEYS_FOLDER / RECOVERY_FILE).read_bytes()
    except OSError:
        raise FieldappError(
            _("This laptop's key was not sealed for headquarters. Restore a backup with `fieldapp restore`.")
        ) from None


def seal_under_code(home: Path, code: str, key: bytes, recipient: str | None, *, keep: bool = False) -> None:
    """Seal ``key`` under a recovery code, and the code to headquarters' recovery key: both or neither.

    Without a ``recipient`` the code itself is not stored. ``keep``: until the next one is made, the one before opens
    it too, since headquarters may not have this one yet.
    """
    import pyrage

    to = [pyrage.x25519.Recipient.from_str(recipient)] if recipient else None
    files = {
        "key": b64encode(seal_with_passphrase(_check_key(key), code)).decode(),
        "code": b64encode(pyrage.encrypt(code.encode(), to)).decode() if to else None,
    }
    if keep:
        files[FORMER] = b64encode(_sealed_under_codes(home)[0]).decode()
    _write(home / KEYS_FOLDER / CODE_FILE, json.dumps(files).encode())


def _sealed_under_codes(home: Path) -> list[bytes]:
    """The key sealed under the recovery code, and under the one before it where that still opens it."""
    try:
        files = json.loads((home / KEYS_FOLDER / CODE_FILE).read_bytes())
        return [b64decode(files[name], validate=True) for name in ("key", FORMER) if name == "key" or name in files]
    except (OSError, ValueError, KeyError, TypeError):
        raise FieldappError(
            _("This laptop has no recovery code. Recover it by stick: `fieldapp user recover --request FOLDER`.")
        ) from None


def code_is_dear(home: Path) -> bool:
    """Whether the recovery code takes more memory than is needed today, as older versions sealed it."""
    try:
        factor = passphrase_seal.work_factor(_sealed_under_codes(home)[0])
    except FieldappError:  # there is none
        return False
    return factor is not None and factor > passphrase_seal.WORK_FACTOR


def sealed_code(home: Path) -> str | None:
    """The laptop's recovery code, sealed to headquarters' recovery key; base64. None if it is not stored."""
    try:
        found = json.loads((home / KEYS_FOLDER / CODE_FILE).read_bytes())["code"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def unseal_with_code(home: Path, code: str) -> bytes:
    """The database key, opened with the recovery code; a wrong code makes the next try wait."""
    sealed = _sealed_under_codes(home)
    key = _attempt(home, home / KEYS_FOLDER / (CODE_FILE + throttle.ATTEMPTS_SUFFIX), sealed, code)
    if key is None:
        sentence = _("This is not the code of this laptop, or it was used already. Nothing was changed.")
        raise FieldappError(sentence, {"code": sentence})
    return key


def _attempt(home: Path, attempts: Path, sealed: Sequence[bytes], passphrase: str) -> bytes | None:
    """Open one of the sealed files, or count a wrong try; None if it was wrong.

    One try at a time: each counts as wrong until it has ended, and several right ones at once would be too many.
    """
    with disk.alone(home / UNLOCKING):
        throttle.count_attempt(attempts)
        key, tried = None, False
        try:
            for one in sealed:
                key = open_with_passphrase(one, passphrase)
                if key is not None:
                    break
                tried = True
        except FieldappError:
            if not tried:
                throttle.uncount_attempt(attempts)
            raise
        if key is not None:
            throttle.clear_attempts(attempts)
    return key


def write_key_file(home: Path, name: str, sealed: bytes) -> None:
    """Write a small sealed file into the folder of keys, completely or not at all."""
    _write(home / KEYS_FOLDER / name, sealed)


def _user_file(home: Path, user: str) -> Path:
    return home / KEYS_FOLDER / (quote(clean(user), safe="") + USER_SUFFIX)


def _attempts_file(home: Path, user: str) -> Path:
    return home / KEYS_FOLDER / (quote(clean(user), safe="") + throttle.ATTEMPTS_SUFFIX)


def _busy() -> FieldappError:
    return FieldappError(_("The machine is too busy to open the key. Nothing was changed; wait a moment, try again."))


def _too_little_memory(factor: int) -> FieldappError:
    return FieldappError(
        _(
            "Opening the key takes {n} MB of memory, and this machine has less free. Nothing is damaged: close other"
            " programs or start the machine anew, then try again."
        ).format(n=passphrase_seal.memory_needed(factor) >> 20)
    )


def _damaged(path: Path | None) -> FieldappError:
    return FieldappError(
        _("The key file is damaged: {path}. Headquarters can recover the key.").format(path=path.name if path else "–")
    )


def _check_key(key: bytes) -> bytes:
    """Return the key if it is complete. A replica that was locked meanwhile has no key: raises FieldappError then."""
    if len(key) != KEY_BYTES:
        raise FieldappError(_("The records were locked meanwhile. Nothing was changed: unlock them, and do it again."))
    return key


def _write(path: Path, sealed: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with disk.begun(path.parent) as part:
        disk.write_new(part, sealed, 0o600)
        disk.replace(part, path)
    disk.sync_folder(path.parent)
    disk.sync_folder(path.parent.parent)
