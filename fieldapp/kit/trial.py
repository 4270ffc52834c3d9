"""Open a replica with this version, migrate it, and examine it: so an upgrade tries the other version.

    python -I -m fieldapp.kit.trial HOME USER        the database's key in hex on stdin

Prints one JSON document: ``version``, ``healthy``, ``lines`` of the examination, ``records`` of each kind. An older
version reads it, so these fields must keep their meaning. Exit code 0 if the replica is healthy.
"""

import json
import sys
from pathlib import Path
from typing import Any

import fieldapp
from fieldapp import replica
from fieldapp.errors import FieldappError
from fieldapp.store import capture
from fieldapp.store.store import Store
from fieldapp.sync.safety import doctor


def records(store: Store) -> dict[str, int]:
    """Table -> number of rows, of all tables that are logged."""
    return {table: store.value(f"SELECT count(*) FROM {table}") for table in capture.synced_tables(store.db)}


def try_replica(home: Path, key: bytes, user: str) -> dict[str, Any]:
    """Bring the replica up to date and examine it."""
    with replica.open_with_key(home, key, user) as store:
        found = doctor.examine_replica(store)
        return {
            "version": fieldapp.__version__,
            "healthy": found.healthy,
            "lines": found.lines(),
            "records": records(store),
        }


if __name__ == "__main__":
    try:
        result = try_replica(Path(sys.argv[1]), bytes.fromhex(sys.stdin.readline().strip()), sys.argv[2])
    except FieldappError as error:
        result = {"version": fieldapp.__version__, "healthy": False, "lines": [str(error)], "records": {}}
    print(json.dumps(result))  # noqa: T201 — the answer
    sys.exit(0 if result["healthy"] else 1)
