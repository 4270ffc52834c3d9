"""What one valid bundle costs every later import: small honest bundles behind each sort of large or odd one.

    python benchmarks/behind.py [--beside CHECKOUT] [--sizes 1000,8000,20000] [--json FILE]

A laptop of another post, certified, sends one bundle of each sort. Then a post sends small bundles of one record each;
the median of their imports, in processor time, is compared with the same imports behind nothing. ``--beside`` runs the
program of another checkout with the same bundles, turn by turn.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from forged import SORTS, large_bundle  # noqa: E402

ROUNDS = 7


def measure(sort: str, size: int) -> float:
    """Milliseconds of processor time that a small bundle takes behind one of a sort; the median."""
    import field
    import light_seal

    from fieldapp.store import vault
    from fieldapp.sync.exchange import incoming, outgoing

    vault.seal_with_passphrase = light_seal.seal

    with tempfile.TemporaryDirectory() as folder:
        world = field.build(Path(folder))
        if sort != "nothing":
            large_bundle(world, sort, size, Path(folder) / "large.fieldapp.tar.age")
        hq, post = world.hq.identity.replica_id, world.post.identity.replica_id
        found = []
        for number in range(ROUNDS + 1):
            world.well()
            stick = Path(folder) / f"small-{number}"
            stick.mkdir()
            (made,) = outgoing.export(world.post, stick, hq)
            began = time.process_time()
            (result,) = incoming.import_files(world.hq, [made.path])
            found.append(1000 * (time.process_time() - began))
            assert result.applied == 3 and result.complete, result.problems
            (reply,) = outgoing.export(world.hq, stick, post)
            incoming.import_files(world.post, [reply.path])
        world.close()
        return statistics.median(found[1:])


def in_a_process(checkout: Path, sort: str, size: int) -> float:
    env = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, __file__, "--measure", sort, "--sizes", str(size)]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--sizes", default="1000,8200,20000")
    parser.add_argument("--sorts", default=",".join(SORTS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure")
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    if given.measure:
        print(measure(given.measure, sizes[0]))
        return
    programs = {"here": ROOT, **({"beside": given.beside} if given.beside else {})}
    normal = {name: in_a_process(path, "nothing", 0) for name, path in programs.items()}
    table: list[dict[str, Any]] = [{"sort": "nothing", "size": 0, **normal}]
    for sort in given.sorts.split(","):
        for size in sizes if sort != "nothing" else ():
            row: dict[str, Any] = {"sort": sort, "size": size}
            for name, path in programs.items():
                row[name] = in_a_process(path, sort, size)
                row[f"{name} ratio"] = row[name] / normal[name]
            table.append(row)
            told = [f"{name} {row[name]:.1f} ms ({row[f'{name} ratio']:.2f}x)" for name in programs]
            print(f"{SORTS[sort]}, {size}: {', '.join(told)}", flush=True)
    print(f"behind nothing: {', '.join(f'{name} {ms:.1f} ms' for name, ms in normal.items())}")
    if given.json:
        given.json.write_text(json.dumps(table, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
