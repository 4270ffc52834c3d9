"""An archive of bundles proves the history alone, and shows what was changed, dropped or exchanged in it."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from field import Run, World

from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing
from fieldapp.sync.format import keys, segment
from fieldapp.sync.format.bundle import Inspected
from fieldapp.sync.peers import peers
from fieldapp.sync.safety import archive
from fieldapp.sync.safety.archive import ProvedHistory


@pytest.fixture
def kept(world: World, tmp_path: Path) -> Path:
    """What headquarters keeps after three rounds of the stick: its pack, the post's bundles and its own replies."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (pack,) = world.usb.glob("*.fieldapp-pack.tar")
    shutil.copy(pack, folder)
    for number in range(3):
        world.well(description=f"Giếng {number}")
        for sender, to in ((world.post, world.hq), (world.hq, world.post)):
            (made,) = outgoing.export(sender, folder, to.identity.replica_id)
            (result,) = incoming.import_files(to, [made.path])
            assert result.complete
    return folder


def examine(world: World, folder: Path, at: Store | None = None) -> ProvedHistory:
    return archive.examine_archive([folder], *archive.keys_of(at or world.hq))


def of_post(folder: Path) -> list[Path]:
    return sorted(folder.glob("iarve_*"), key=lambda p: int(p.name.split("_")[3].split(".")[0]))


def replies(folder: Path) -> list[Path]:
    return sorted(folder.glob("sch-iarve_*"), key=lambda p: int(p.name.split("_")[3].split(".")[0]))


def log_of(world: World) -> str:
    found: str = world.post.value("SELECT id FROM local_log WHERE own = 1")
    return found


def test_verify_history_of_a_whole_archive(world: World, kept: Path, run: Run) -> None:
    code, out, err = run("verify-history", kept, "--json", home="hq")
    assert code == 0, err
    history = json.loads(out)
    (post,) = [log for log in history["logs"] if log["log"] == log_of(world)]
    assert (post["last"], post["segments"], post["received"]) == (9, 3, 9)
    assert post["head"] == world.hq.value("SELECT hash FROM local_segment WHERE log_id = ? AND last = 9", [post["log"]])
    assert history["bundles"] == 7
    code, out, _err = run("verify-history", kept, home="hq")
    assert code == 0
    assert "1–9" in out


def test_an_archive_is_verified_without_a_workspace(world: World, kept: Path, run: Run, tmp_path: Path) -> None:
    key = tmp_path / "hq.key"
    key.write_text("# created: 2026\n" + world.hq.value("SELECT age_secret FROM local_replica WHERE own = 1") + "\n")
    root = peers.own(world.hq).sign_key
    code, out, err = run("verify-history", kept, "--identity", key, "--root", root, home="nowhere")
    assert code == 0, err
    assert "1–9" in out
    code, _out, err = run("verify-history", kept, "--identity", key, "--root", keys.new_keys().sign_key, home="nowhere")
    assert code == 1
    assert "không" in err
    key.write_text("nothing")
    assert run("verify-history", kept, "--identity", key, "--root", root, home="nowhere")[0] == 1


def test_a_post_reads_what_headquarters_signed_for_it(world: World, kept: Path) -> None:
    """The post's key opens the replies alone: its own log is then named by headquarters, and is not there."""
    history = examine(world, kept, world.post)
    assert len(history.notes) >= 3
    assert any("1–9" in problem for problem in history.problems)


@pytest.mark.parametrize("number", (0, 2, 6))
def test_a_changed_bundle_is_found(world: World, kept: Path, number: int) -> None:
    path = sorted(kept.iterdir())[number]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert any(path.name in problem for problem in examine(world, kept).problems)


@pytest.mark.parametrize("number", range(3))
def test_a_dropped_bundle_is_found(world: World, kept: Path, number: int) -> None:
    """The first and second by the gap, the last by headquarters' receipt alone."""
    of_post(kept)[number].unlink()
    history = examine(world, kept)
    assert history.problems
    (post,) = [log for log in history.logs if log.log == log_of(world)]
    assert post.last == 3 * number


def test_a_swapped_bundle_is_found(world: World, kept: Path) -> None:
    """An older one under the newer one's name."""
    first, _second, third = of_post(kept)
    shutil.copy(first, third)
    history = examine(world, kept)
    assert any("1–9" in problem for problem in history.problems)


def test_a_history_that_was_written_anew_is_found(world: World, kept: Path) -> None:
    """By somebody who has the post's key: other changes in the place of the last, rightly signed and chained."""
    third = of_post(kept)[2]
    log = log_of(world)
    hash_ = world.post.value("SELECT hash FROM local_segment WHERE log_id = ? AND first = 7", [log])
    with world.post.transaction(applying=True):
        stored = world.post.row("SELECT * FROM local_segment WHERE hash = ?", [hash_])
        assert stored is not None
        header, changes = segment.decode(stored["bytes"])
        rows = [
            {"hlc": c.hlc, "table_name": c.table, "row_id": c.row_id, "actor": c.actor, "at": c.at,
             "cols": json.dumps({**c.cols, "note": "khác"} if c.table == "activity_measure" else c.cols)}
            for c in changes
        ]  # fmt: skip
        data = segment.encode(header, rows)
        secret = world.post.value("SELECT sign_secret FROM local_replica WHERE own = 1")
        world.post.db.execute(
            "UPDATE local_segment SET hash = ?, bytes = ?, signature = ? WHERE hash = ?",
            [segment.digest(data), data, keys.sign(secret, data, "x"), hash_],
        )
    third.unlink()
    world.post.db.execute("UPDATE local_receipt SET have = '{}'")
    outgoing.export(world.post, kept)
    problems = examine(world, kept).problems
    assert any("1–9" in problem for problem in problems), "headquarters has signed another content"


def test_bundles_that_were_read_keep_no_segments(world: World, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, read = archive._certified, list[Inspected]()

    def certified(bundles: Sequence[Inspected], roots: set[str]) -> dict[str, list[keys.Certificate]]:
        read.extend(bundles)
        return real(bundles, roots)

    monkeypatch.setattr(archive, "_certified", certified)
    examine(world, kept)
    assert len(read) > 1
    assert all(one.segments is None for one in read)  # most stand in many bundles: all of them would fill the memory


def test_an_archive_without_bundles(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere"):
        code, _out, err = run("verify-history", path, home="hq")
        assert code == 1
        assert err
