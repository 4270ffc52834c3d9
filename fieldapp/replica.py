"""Open a replica, and bring it to the state that this version of the program needs.

The screen, the command line, an upgrade and the tutorial open records here. ``Store`` opens the encrypted file and
migrates its tables. This module then updates data computed from the records, because that needs more than the file.
"""

from contextlib import suppress
from pathlib import Path

from fieldapp.records import opened, search_index
from fieldapp.store import disk_errors, leftovers, place, vault
from fieldapp.store.migrations import REFOLD
from fieldapp.store.store import Store
from fieldapp.sync.format import clock, drives


def unlock(home: Path, user: str, passphrase: str, *, read_only: bool = False) -> Store:
    """Open the replica in ``home`` as ``user``, and look whether the machine's clock can be right.

    ``read_only``: nothing may be changed in it, from here on.
    """
    store = Store.unlock(home, user, passphrase)
    bring_up_to_date(store)
    if read_only:
        store.set_read_only()
    elif vault.code_is_dear(home):
        from fieldapp.sync.peers import recovery

        recovery.renew_dear_code(store)
    with suppress(disk_errors.DiskFull):
        clock.look(store)
    return store


def open_with_key(home: Path, key: bytes, user: str) -> Store:
    """Open the replica in ``home`` with the raw key of its file."""
    store = Store.open(home, key, user)
    bring_up_to_date(store)
    return store


def notices_at_start(store: Store) -> list[str]:
    """What a person is told when the replica was opened: about its folder, what runs that were broken off have left,
    which is taken away here, and, as long as it is so, that others can read it or that the disk is full."""
    return [
        *place.warn_once(store),
        *place.access_notices(store.home),
        *leftovers.take_away(store),
        *opened.wipe_all(store.home),
        *drives.space_notices(store.home),
    ]


def bring_up_to_date(store: Store) -> None:
    """Bring the search index up to date, then fold in changes that an older version of the program did not understand.

    The index comes first, because folding adds rows to it. On a full disk both wait: records can be read without.
    """
    with suppress(disk_errors.DiskFull):
        search_index.index_imported(store)
        if store.setting(REFOLD) is not None or store.value("SELECT EXISTS (SELECT 1 FROM local_set_aside)"):
            from fieldapp.sync.merge import merge

            merge.fold_after_upgrade(store)
