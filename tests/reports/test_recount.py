"""Every figure beside a recount in plain Python, over random worlds; ``FIELDAPP_WORLDS`` of them in ``make soak``."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import worlds
from field import World
from recount import KINDS_WITH_FIGURES, Key, Recount, Told
from recount_compare import WHOLE, asked_of, compare, queries, readable, rows_of

from fieldapp.reports.query import Query

WORLDS = int(os.environ.get("FIELDAPP_WORLDS", "3"))
FIRST = int(os.environ.get("FIELDAPP_WORLDS_SEED", "0"))
QUERIES, LISTS = (8, 5) if WORLDS <= 3 else (60, 40)


@pytest.fixture(scope="module")
def first_base(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> worlds.Base:
    return worlds.base(first_world, tmp_path_factory.mktemp("base") / "base")


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WORLDS))
def test_the_figures_of_a_random_world_equal_a_recount(first_base: worlds.Base, tmp_path: Path, seed: int) -> None:
    """At headquarters, and at one post; sums beyond 64 bits in the first world of ``make soak``."""
    hard = worlds.HUGE if WORLDS > 3 and seed == 0 else worlds.HARD
    made = worlds.make(first_base, tmp_path / "world", seed, hard)
    try:
        for store, number in ((made.hq, QUERIES), (made.posts[0], QUERIES // 4)):
            recount = Recount(rows_of(store), made.returned)
            told = [x for query, by in queries(made, number) for x in compare(store, recount, query, by, LISTS)]
            assert told == [], f"world {seed}, {store.identity.role}: {readable(told, recount)}"
            if store is made.hq:
                it_is_hard(recount)
    finally:
        made.close()


def it_is_hard(recount: Recount) -> None:
    """The world has what the recount is for."""
    now = asked_of(Query(WHOLE, view="now", today=worlds.TODAY))
    deeds = set(recount.deed_of.values())
    assert any(len(recount.posts_of(d)) > 1 for d in deeds), "no joint deed"
    assert any((ref, kind, n + 1) in deeds for ref, kind, n in deeds), "no reference used again"
    assert recount.outside(now) and recount.unassigned(now) and recount.without_figure(now)
    for state in ("voided", "returned"):
        assert {f.kind for f in recount.facts if f.state == state} == set(KINDS_WITH_FIGURES), state
    told = [t for part in recount.grouped(now, "commune").values() for t in part.values()]
    assert any(t.approximate for t in told) and any(t.words for t in told) and any(t.value is None for t in told)
    for by in ("post", "commune"):
        for part, column in recount.grouped(now, by).items():
            narrowed = replace(now, post=part) if by == "post" else replace(now, unit=part)
            if part is not None:
                assert without_stars(column) == without_stars(recount.figures(narrowed))


def without_stars(figures: Mapping[Key, Told]) -> dict[Key, Told]:
    """Of ``--unit``, all that is outside is one part, so that fewer have a star than in the columns."""
    return {key: replace(told, shared=False) for key, told in figures.items()}
