"""Everything opens with tools that people already have: age, tar, minisign, zstd, jq; and sqlite3 opens nothing."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import on_windows
import pytest
from field import World

from fieldapp.sync.exchange import incoming, outgoing
from fieldapp.sync.peers import peers

os.environ["PATH"] += os.pathsep + "/usr/sbin"
TOOLS = ("age", "tar", "minisign", "zstd", "jq", "sqlite3", "mkfs.vfat", "mcopy")
MISSING = [t for t in TOOLS if shutil.which(t) is None]
pytestmark = [
    on_windows.SHELL,
    pytest.mark.skipif(bool(MISSING), reason=f"Debian tools are missing: {', '.join(MISSING)}"),
]


def run(*command: object, cwd: Path) -> str:
    return subprocess.run([*map(str, command)], cwd=cwd, check=True, capture_output=True, text=True).stdout


def test_a_bundle_opens_with_debian_tools(world: World, tmp_path: Path) -> None:
    world.well(description="Giếng buôn Ba Na")
    (made,) = outgoing.export(world.post, world.usb)
    identity = tmp_path / "hq.key"
    identity.write_text(world.hq.value("SELECT age_secret FROM local_replica WHERE own = 1"))
    run("age", "-d", "-i", identity, "-o", "b.tar", made.path, cwd=tmp_path)
    run("tar", "-xf", "b.tar", cwd=tmp_path)
    key = peers.own(world.post).sign_key
    run("minisign", "-V", "-P", key, "-m", "manifest.json", cwd=tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    for member in manifest["members"]:
        assert run("sha256sum", member["name"], cwd=tmp_path).split()[0] == member["sha256"]
    texts = ""
    for segment in sorted(tmp_path.glob("segments/*.zst")):
        run("minisign", "-V", "-P", key, "-m", segment, cwd=tmp_path)
        run("zstd", "-d", "-q", segment, cwd=tmp_path)
        texts += run(
            "jq", "-r", 'select(type=="array") | .[3].description // empty', segment.with_suffix(""), cwd=tmp_path
        )
    assert "Giếng buôn Ba Na" in texts


def test_sqlite3_cannot_read_the_file(world: World) -> None:
    world.well()
    done = subprocess.run(
        ["sqlite3", str(world.post.path), "SELECT count(*) FROM activity"], check=False, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "not a database" in done.stderr


def test_a_real_vfat_image_takes_what_is_written(world: World, tmp_path: Path) -> None:
    """Names and bytes survive FAT: what was exported is copied onto a real image and back, then imported."""
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    image = tmp_path / "stick.img"
    image.write_bytes(bytes(8 << 20))
    run("mkfs.vfat", image, cwd=tmp_path)
    run("mcopy", "-i", image, made.path, "::", cwd=tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    run("mcopy", "-i", image, f"::{made.path.name}", out, cwd=tmp_path)
    (result,) = incoming.import_files(world.hq, [out])
    assert (result.complete, result.applied) == (True, 3)
