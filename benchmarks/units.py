"""What the shipped units cost: a new file, its search index, and the unit pick list at each key. Processor time.

    .venv/bin/python benchmarks/units.py [CHECKOUT]

With CHECKOUT, a work tree of another version, the same is measured there in turn, and the ratios are printed.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 3

MEASURE = """
import json, statistics, tempfile, time
from pathlib import Path
from fieldapp.records import lists, search_index
from fieldapp.store.store import Store
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
    store.close()
    size = (Path(folder) / "new" / "fieldapp.db").stat().st_size
print(json.dumps({"create": made - start, "index": found - made, "key": statistics.median(keys),
                  "slowest key": max(keys), "bytes": size}))
"""


def measured(checkout: Path) -> dict[str, float]:
    """The figures of one run of a version."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    figures: dict[str, float] = json.loads(run.stdout)
    return figures


def main() -> None:
    """Print the median of each figure, and its ratio to the other version."""
    here = Path(__file__).parents[1]
    other = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    runs = [(measured(here), measured(other) if other else None) for _round in range(ROUNDS)]
    for name in runs[0][0]:
        now = statistics.median(run[name] for run, _before in runs)
        before = [run[name] for _run, run in runs if run]
        ratio = f"   {now / statistics.median(before):.2f} x" if before else ""
        print(f"{name:12} {now:14.4f}{ratio}")


if __name__ == "__main__":
    main()
