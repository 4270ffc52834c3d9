"""Practice: replicas that nobody can mistake for real ones.

Their mark is the post code: it is in each certificate, so it is signed, and in every file name. A practice replica and
a real one accept nothing from each other.
"""

from pathlib import Path

from fieldapp.errors import FieldappError, FileRefused
from fieldapp.i18n import _
from fieldapp.store.store import Store
from fieldapp.sync.format import drives
from fieldapp.sync.format.keys import Certificate

PRACTICE_CODE = "TAP"
"""“tập”, to practise: the code of a practice headquarters and of its post, and of no real one"""
REASON = "practice"
STICK_FOLDER = "usb"


def is_practice(store: Store) -> bool:
    """Whether this replica is for practice."""
    return store.identity.post_code == PRACTICE_CODE


def practice_stick(store: Store) -> Path:
    """The folder that serves as a practice replica's stick: the only place to which it writes."""
    return store.home.parent / STICK_FOLDER


def practice_drives(store: Store) -> list[drives.Drive]:
    """The practice stick as a drive; an empty list in a real replica."""
    if not is_practice(store):
        return []
    folder = practice_stick(store)
    folder.mkdir(exist_ok=True)
    return [drives.Drive(folder, _("Practice stick"), drives.free_space(folder), len(drives.bundles_in(folder)))]


def check_dest(store: Store, dest: Path) -> None:
    """Refuse to write practice bundles anywhere but onto the practice stick."""
    if is_practice(store) and dest.resolve() != practice_stick(store).resolve():
        raise FieldappError(
            _("This is for practice: it writes only to the practice stick {folder}.").format(
                folder=practice_stick(store)
            )
        )


def check_practice_sender(store: Store, sender: Certificate, name: str) -> None:
    """Refuse a practice bundle in a real replica, and a real bundle in a practice replica."""
    if (sender.post_code == PRACTICE_CODE) != is_practice(store):
        raise FileRefused(
            REASON,
            _("{name} is for practice, or this is; they do not go together. Nothing was changed.").format(name=name),
        )


def check_code(store: Store, code: str) -> None:
    """Refuse the practice code for a real post, and any other code in practice."""
    if (code.upper() == PRACTICE_CODE) != is_practice(store):
        raise FieldappError(_("The code {code} is kept for practice. Take another one.").format(code=PRACTICE_CODE))


def check_pack(sender: Certificate) -> None:
    """Refuse to begin a real replica from a practice pack."""
    if sender.post_code == PRACTICE_CODE:
        raise FileRefused(
            REASON, _("This pack is for practice: `fieldapp tutorial` uses it. Ask headquarters for the real one.")
        )
