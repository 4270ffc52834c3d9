"""What the shipped units cost: a new workspace, its file and search index, the stick's backup, and the unit pick list
at each key. Processor time.

    .venv/bin/python benchmarks/units.py [CHECKOUT]

With CHECKOUT, a work tree of another version, the same is measured there in turn, and the ratios are printed.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 5

MEASURE = """
import json, statistics, tempfile, time
from pathlib import Path
import pyrage
from fieldapp.records import lists, search_index
from fieldapp.store.store import Store
from fieldapp.sync.peers import recovery
from fieldapp.sync.safety import backup
with tempfile.TemporaryDirectory() as folder:
    clock = time.process_time
    start = clock()
    store = Store.create(Path(folder) / "new", b"k" * 32, "A")
    made = clock()
    search_index.reindex(store)
    found = clock()
    store.set_setting("province", "66")
    keys = []
    for text in ("ia rve", "ea", "krong", "24221", "xa ea sup", "buon don"):
        for length in range(1, len(text) + 1):
            before = clock()
            lists.choices(store, "unit", text[:length])
            keys.append(clock() - before)
    with store.transaction():
        store.db.execute("INSERT INTO local_replica (id, own, name, role, sign_key, age_key, trust)"
                         " VALUES ('0123', 1, 'A', 'post', '', '', 'certified')")
    store.set_setting(recovery.RECOVERY_RECIPIENT, str(pyrage.x25519.Identity.generate().to_public()))
    (store.home / "keys").mkdir()
    before = clock()
    stick = backup.backup_to_stick(store, Path(folder)).size
    backed_up = clock() - before
    store.close()
    size = (Path(folder) / "new" / "fieldapp.db").stat().st_size
print(json.dumps({"create": made - start, "index": found - made, "key": statistics.median(keys),
                  "slowest key": max(keys), "bytes": size,
                  "stick's backup": backed_up, "stick's bytes": stick}))
"""


def measured(checkout: Path) -> dict[str, float]:
    """The figures of one run of a version."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    figures: dict[str, float] = json.loads(run.stdout)
    return {"new workspace": new_workspace(checkout), **figures}


def new_workspace(checkout: Path) -> float:
    """Processor seconds of ``fieldapp init``, with all that an officer waits for: start, keys, file, index."""
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "passphrase"
        secret.write_text("mùa khô năm ấy rừng khộp", encoding="utf-8")
        secret.chmod(0o600)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "fieldapp", "--home", f"{folder}/hq", "init", "--role", "hq", "--name", "A",
             "--user", "A"],
            cwd=checkout, check=True, capture_output=True, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(checkout), "FIELDAPP_PASSPHRASE_FILE": str(secret)},
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the median of each figure, and its ratio to the other version."""
    here = Path(__file__).parents[1]
    other = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    runs = [(measured(here), measured(other) if other else None) for _round in range(ROUNDS)]
    for name in runs[0][0]:
        now = statistics.median(run[name] for run, _before in runs)
        before = [run[name] for _run, run in runs if run]
        ratio = f"   {now / statistics.median(before):.2f} x" if before else ""
        print(f"{name:14} {now:14.4f}{ratio}")


if __name__ == "__main__":
    main()
