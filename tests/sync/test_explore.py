"""All schedules of small worlds, up to a depth: every order of a few actions ends in one state, with nothing missing.

The smallest goes with all tests; ``make soak`` takes all worlds, ``FIELDAPP_EXPLORE`` actions deep.
"""

import inspect
import os
import shutil
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from explore import WORLDS, Replicas, Small, explore
from soak import build, small_baseline

from fieldapp.store import log
from fieldapp.sync.exchange import bundle_contents, incoming
from fieldapp.sync.merge import fast_path, merge, voids

DEPTH = int(os.environ.get("FIELDAPP_EXPLORE", "2"))
DEEP = "FIELDAPP_EXPLORE" in os.environ


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="fieldapp-explore-", dir=memory if memory.is_dir() else None))
    with small_baseline():
        Replicas.keys = build(root, 5 if DEEP else 3)
        yield root
    shutil.rmtree(root)


@pytest.fixture
def place(template: Path) -> Iterator[Path]:
    root = template / "run"
    root.mkdir()
    yield root
    shutil.rmtree(root)


@pytest.mark.parametrize("world", WORLDS if DEEP else WORLDS[:1], ids=lambda world: world.name)
def test_all_schedules_end_in_one_state(world: Small, place: Path, template: Path) -> None:
    found = explore(world, DEPTH, place, template)
    print(found)
    assert found.counts["schedules"] > 1


class Fault(NamedTuple):
    """A fault to plant: in the text of a function, ``right`` becomes ``wrong``."""

    name: str
    world: str
    function: Callable[..., Any]
    right: str
    wrong: str
    depth: int
    """how deep the world must be explored to find it"""


FAULTS = (
    Fault(
        "a fork's branch is sent once", "a copied disk, then gone", bundle_contents._missing_segments,
        '(row["reason"] == FORK or is_missing(row))', "is_missing(row)", 3,
    ),
    Fault(
        "voids of a pair are not compared", "voids in pairs", voids._judge_row,
        "for o in alike", "for o in alike[:0]", 2,
    ),
    Fault(
        "rows are folded in the order of logs", "a clock 1,000 days ahead", log._changes_of_rows,
        "(c.hlc, c.log_id)", "(c.log_id, c.seq)", 1,
    ),
    Fault(
        "a laptop is not sent what it wrote itself", "a post's disk is set back", bundle_contents._missing_segments,
        '(heard_at or head["replica_id"] != to.id)', 'head["replica_id"] != to.id', 2,
    ),
    Fault(
        "what is withdrawn stays in its rows", "a laptop is revoked", merge.refold,
        "schema = Schema(store)", "return", 4,
    ),
    Fault(
        "segments are committed before their rows are written", "programs die half-way", incoming.receive,
        "merge.flush_pending(store, pending)",
        'store.db.execute("COMMIT"), store.db.execute("BEGIN IMMEDIATE"), merge.flush_pending(store, pending)', 3,
    ),
    Fault(
        "concurrent changes are taken for known", "two headquarters laptops", fast_path._known_through,
        "return sealed.header.knows.get(log_id, 0)", "return KNOWS_ALL", 2,
    ),
)  # fmt: skip


@contextmanager
def planted(fault: Fault) -> Iterator[None]:
    text, names = textwrap.dedent(inspect.getsource(fault.function)), fault.function.__globals__
    assert text.count(fault.right) == 1, "the program has changed there: plant the fault where it is now"
    exec(text.replace(fault.right, fault.wrong), names)
    try:
        yield
    finally:
        names[fault.function.__name__] = fault.function


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_fault_can_be_planted(fault: Fault) -> None:
    """Most are looked for by ``make soak`` alone, which is run rarely."""
    before = fault.function.__globals__[fault.function.__name__]
    with planted(fault):
        assert fault.function.__globals__[fault.function.__name__] is not before


@pytest.mark.parametrize("fault", FAULTS if DEEP else FAULTS[:1], ids=lambda fault: fault.name)
def test_planted_faults_are_found(fault: Fault, place: Path, template: Path) -> None:
    world = next(world for world in WORLDS if world.name == fault.world)
    with planted(fault), pytest.raises(AssertionError) as found:
        explore(world, fault.depth, place, template)
    print(f"{fault.name}: {found.value}")
