"""An import costs what is new in it, whatever one valid bundle left behind (docs/scale.md has the curves)."""

from pathlib import Path

import pytest
from field import World, statements
from forged import SORTS, large_bundle

from fieldapp.store import log
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing
from fieldapp.sync.merge import merge

SIZE = 600


def work_of_an_import(world: World, stick: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Statements, changes read and rows folded by the import of one small bundle."""
    world.well()
    stick.mkdir()
    (made,) = outgoing.export(world.post, stick, world.hq.identity.replica_id)
    work: list[object] = []
    changes_at, fold_rows = log.changes_at, merge.fold_rows

    def reading(store: Store, places: object) -> object:
        given = list(places)  # type: ignore[call-overload]
        work.extend(given)
        return changes_at(store, given)

    def folding(store: Store, schema: object, row_keys: object) -> None:
        given = list(row_keys)  # type: ignore[call-overload]
        work.extend(given)
        fold_rows(store, schema, given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched, statements(work):
        patched.setattr(log, "changes_at", reading)
        patched.setattr(merge, "fold_rows", folding)
        (result,) = incoming.import_files(world.hq, [made.path])
    assert result.complete and result.applied == 3
    (reply,) = outgoing.export(world.hq, stick, world.post.identity.replica_id)
    incoming.import_files(world.post, [reply.path])
    return len(work)


@pytest.mark.parametrize("sort", [sort for sort in SORTS if sort != "nothing"])
def test_an_import_costs_what_is_new_in_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    for number in range(2):  # the first one enters what every later one finds
        normal = work_of_an_import(world, tmp_path / f"before-{number}", monkeypatch)
    large_bundle(world, sort, SIZE, tmp_path / "large.fieldapp.tar.age")
    work_of_an_import(world, tmp_path / "after", monkeypatch)
    behind = work_of_an_import(world, tmp_path / "behind", monkeypatch)
    assert behind <= 1.5 * normal, SORTS[sort]
