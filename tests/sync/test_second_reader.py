"""The shell script in the documents reads bundles as we do, and refuses what one file can show to be bad."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import on_windows
import pytest
from vector_files import ALL_FILES, INDEX, KEYS, VECTORS, Files, part_of

SCRIPT = Path(__file__).parents[2] / "docs" / "read-bundle.sh"
FILES_SCRIPT = SCRIPT.with_name("read-files.sh")
TOOLS = ("bash", "age", "tar", "minisign", "zstd", "jq", "sha256sum")
MISSING = [t for t in TOOLS if shutil.which(t) is None]
pytestmark = [
    on_windows.SHELL,
    pytest.mark.skipif(bool(MISSING), reason=f"Debian tools are missing: {', '.join(MISSING)}"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files.unpack(tmp_path_factory.mktemp("vectors"))


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("identity") / "reader.key"
    path.write_text(KEYS["reader"]["age_secret"] + "\n")
    return path


def read(file: Path, identity: Path | str, key: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(SCRIPT), str(file), str(identity), key]
    path = {"PATH": os.environ["PATH"]}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", env=path)


def by_row(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda r: (r["table"], r["id"]))


@pytest.mark.parametrize("name", [n for n, v in VECTORS.items() if v["single"]])
def test_the_script(files: Files, identity: Path, name: str) -> None:
    vector = VECTORS[name]
    done = read(files.path(vector), "-" if vector["form"] == "pack" else identity, KEYS["hq"]["sign_key"])
    if vector["single"] == "refused":
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("read-bundle: ")
        assert done.stderr.count("\n") == 1
    else:
        assert (done.returncode, done.stderr) == (0, "")
        records = [json.loads(line) for line in done.stdout.splitlines()]
        assert by_row(records) == by_row(vector["records"])


@pytest.mark.parametrize("part", INDEX["parts"], ids=lambda part: str(part["name"]))
def test_the_script_for_files(files: Files, identity: Path, part: dict[str, Any], tmp_path: Path) -> None:
    """The files of a part that the records name, each what its name says; nothing else is written."""
    path = part_of(files, part, tmp_path)
    records = [{"table": "attachment", "sha256": hash_} for hash_ in ALL_FILES] + [{"table": "event", "id": "x"}]
    command = ["bash", str(FILES_SCRIPT), str(identity), str(tmp_path / "out"), str(path), str(tmp_path / "none")]
    given = "".join(json.dumps(record) + "\n" for record in records)
    path_only = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, input=given, check=False, capture_output=True, text=True, cwd="/", env=path_only)
    assert done.returncode == 0
    found = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (tmp_path / "out").iterdir()}
    assert found == {hash_: hash_ for hash_ in part["whole"]}


def test_another_headquarters_key_is_not_trusted(files: Files, identity: Path) -> None:
    done = read(files.path(VECTORS["one-segment"]), identity, KEYS["x"]["sign_key"])
    assert (done.returncode, done.stdout) == (1, "")


def test_it_fits_on_a_page() -> None:
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 120
