"""Every figure beside a recount in plain Python, over random worlds; ``FIELDAPP_WORLDS`` of them in ``make soak``."""

import os
from pathlib import Path

import pytest
import worlds
from recount import Recount
from recount_compare import compare, queries, readable, rows_of

WORLDS = int(os.environ.get("FIELDAPP_WORLDS", "3"))
FIRST = int(os.environ.get("FIELDAPP_WORLDS_SEED", "0"))
QUERIES = 12 if WORLDS <= 3 else 60


@pytest.fixture(scope="module")
def first_base(tmp_path_factory: pytest.TempPathFactory) -> worlds.Base:
    return worlds.base(tmp_path_factory.mktemp("base") / "base")


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WORLDS))
def test_the_figures_of_a_random_world_equal_a_recount(first_base: worlds.Base, tmp_path: Path, seed: int) -> None:
    made = worlds.make(first_base, tmp_path / "world", seed)
    try:
        recount = Recount(rows_of(made.hq), made.returned)
        told = [line for query, by in queries(made, QUERIES) for line in compare(made.hq, recount, query, by)]
        assert told == [], f"world {seed}: {readable(told, recount)}"
    finally:
        made.close()
