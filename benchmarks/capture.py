"""The cost of the change log on saving: the same inserts with and without the capture triggers, in one run.

    python benchmarks/capture.py [RECORDS]

Prints the medians and their ratio; design target: at most 1.5 times.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import uuid_utils

from fieldapp.store import capture
from fieldapp.store.store import Store
from fieldapp.store.wall import instant
from fieldapp.sync.exchange import enrolment

ROUNDS = 5


def insert(store: Store, post_id: str, kind: str, unit: str, count: int) -> float:
    """Seconds for ``count`` activities, one transaction each."""
    began = time.perf_counter()
    for number in range(count):
        with store.transaction():
            store.db.execute(
                "INSERT INTO activity (id, post_id, created_at, created_by, activity_kind_id, date_from, unit_id,"
                " description) VALUES (?, ?, ?, 'A', ?, '2026-11-05', ?, ?)",
                [str(uuid_utils.uuid7()), post_id, instant(), kind, unit, f"Giếng khoan số {number}"],
            )
    return time.perf_counter() - began


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        hq = enrolment.init_hq(root / "hq", name="SCH", user="A", passphrase="a b")
        pack = enrolment.write_pack(hq, code="X", name="X", dest=root)
        store = enrolment.init_post(root / "post", pack, user="A", passphrase="a b")
        post_id = store.identity.post_id
        assert post_id is not None
        kind = store.value("SELECT id FROM activity_kind LIMIT 1")
        unit = store.value("SELECT id FROM unit WHERE level = 'commune' LIMIT 1")
        with_log, without = [], []
        for _ in range(ROUNDS):
            capture.install_triggers(store.db)
            with_log.append(insert(store, post_id, kind, unit, count))
            for (name,) in store.db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                store.db.execute(f"DROP TRIGGER {name}")
            without.append(insert(store, post_id, kind, unit, count))
        captured, bare = statistics.median(with_log), statistics.median(without)
        print(f"with the change log  {1e6 * captured / count:8.0f} µs a record")
        print(f"without              {1e6 * bare / count:8.0f} µs a record")
        print(f"ratio                {captured / bare:8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
