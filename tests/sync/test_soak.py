"""Random schedules of laptops and sticks: all end in one state, and nothing that was confirmed is missing.

A short run goes with all tests. ``make soak`` runs ``FIELDAPP_SOAK`` schedules, in shards over all processors.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from soak import Laptops, build, small_baseline

SCHEDULES = int(os.environ.get("FIELDAPP_SOAK", "8"))
SHARD = 250
"""Schedules of one test, each shard with a seed of its own"""
FIRST = int(os.environ.get("FIELDAPP_SOAK_SEED", "0"))


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="fieldapp-soak-", dir=memory if memory.is_dir() else None))
    with small_baseline():
        keys = build(root)
        Laptops.template, Laptops.keys, Laptops.folder = root, keys, root
        yield root
    shutil.rmtree(root)


@pytest.mark.timeout(200 + 10 * min(SHARD, SCHEDULES))
@pytest.mark.parametrize("shard", range(FIRST, FIRST + -(-SCHEDULES // SHARD)))
def test_whatever_happens_all_end_in_one_state(template: Path, shard: int) -> None:
    wanted = settings(
        max_examples=min(SHARD, SCHEDULES),
        stateful_step_count=30,
        derandomize=False,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(shard)(Laptops), settings=wanted)
    print(dict(Laptops.seen))
    for what in ("imported", "conflicts", "unknowing voids", "upgraded", "cloned", "restored"):
        assert Laptops.seen[what] > 0 or SCHEDULES < SHARD, f"no {what} came up: the schedules are too tame"
