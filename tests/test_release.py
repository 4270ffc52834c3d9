"""A release: what must agree is compared, and the same sources give the same bytes wherever they lie."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import release

import fieldapp
from fieldapp import machine
from fieldapp.kit import assemble

ROOT = release.ROOT
MADE = release.Release("1.2.3", "c0ffee", 1_790_000_000)
GOOD = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n### Added\n\n- More.\n\n## [1.2.2] - 2026-11-01\n"


def test_this_version_has_its_section() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert release.version_of((ROOT / "fieldapp/__init__.py").read_text(encoding="utf-8")) == fieldapp.__version__
    between = re.sub(r"(?s)(## \[Unreleased\]\n).*?(?=\n## )", r"\1", changelog)  # what is being worked on
    assert release.disagreements(fieldapp.__version__, between, "", "c0ffee") == []
    for section in re.split(r"(?m)^## ", changelog)[1:]:
        assert not re.search(r"(?m)^[- ] .*\n\n- ", section), "each heading has one list"
        assert set(re.findall(r"(?m)^### (\w+)$", section)) <= {"Added", "Changed", "Fixed", "Removed"}


@pytest.mark.parametrize(
    ("changelog", "tagged", "said"),
    [
        (GOOD, "", None),
        (GOOD, "c0ffee", None),
        (GOOD, "beef", "another commit"),
        (GOOD.replace("## [Unreleased]\n", "## [Unreleased]\n\n- Something.\n"), "", "empty section"),
        (GOOD.replace("## [Unreleased]\n\n", ""), "", "empty section"),
        (GOOD.replace("1.2.3", "1.2.4"), "", "## [1.2.3] - YYYY-MM-DD"),
        (GOOD.replace("[1.2.3] - 2026-12-01", "[1.2.3]"), "", "## [1.2.3] - YYYY-MM-DD"),
        ("# Changelog\n\n## [Unreleased]\n", "", "## [1.2.3] - YYYY-MM-DD"),
    ],
)
def test_what_must_agree(changelog: str, tagged: str, said: str | None) -> None:
    found = release.disagreements("1.2.3", changelog, tagged, "c0ffee")
    assert bool(found) == (said is not None)
    assert said is None or said in found[0]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheel, built from two copies of the sources: of other times, names and permissions."""
    made = []
    for place, mode in (("one", 0o644), ("another place/two", 0o600)):
        source = tmp_path_factory.mktemp("release") / place
        for name in ("fieldapp", "docs/guide", "docs/screens"):
            shutil.copytree(ROOT / name, source / name, copy_function=shutil.copyfile,
                            ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
        for name in ("schema.sql", "constraints.txt", "CHANGELOG.md", "README.md", "LICENSE", "pyproject.toml"):
            shutil.copyfile(ROOT / name, source / name)
        for path in filter(Path.is_file, source.rglob("*")):
            path.chmod(mode)
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", source / "out"], cwd=source, check=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(MADE.moment)}, capture_output=True,
        )  # fmt: skip
        made.append(next((source / "out").glob("*.whl")))
    return made


def test_the_wheel_is_the_same_wherever_it_is_built(wheels: list[Path]) -> None:
    one, two = wheels
    assert one.name == two.name == f"fieldapp-{fieldapp.__version__}-py3-none-any.whl"
    assert one.read_bytes() == two.read_bytes()


def test_the_bill_of_materials(wheels: list[Path]) -> None:
    text = release.sbom(MADE, wheels[0], ROOT)
    assert text == release.sbom(MADE, wheels[1], ROOT)
    assert "://" not in text.replace('"$schema": "http://cyclonedx.org/schema/', ""), "no address of a registry"
    bom: dict[str, Any] = json.loads(text)
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert bom["metadata"]["timestamp"] == "2026-09-21T14:13:20+00:00"
    itself = bom["metadata"]["component"]
    assert (itself["name"], itself["version"], itself["bom-ref"]) == ("fieldapp", "1.2.3", "pkg:pypi/fieldapp@1.2.3")
    listed = {component["name"]: component for component in bom["components"]}
    assert {"textual", "sqlcipher3", "pydantic-core", "psycopg-binary", "tzdata"} <= listed.keys()
    assert not {"pytest", "hatchling", "cyclonedx-python-lib"} & listed.keys(), "what builds and tests is not installed"
    pins = assemble.pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    assert {name: component["version"] for name, component in listed.items()} == {name: pins[name] for name in listed}
    assert [name for name, component in listed.items() if not component.get("licenses")] == []
    needs = {entry["ref"]: entry.get("dependsOn", []) for entry in bom["dependencies"]}
    assert f"pkg:pypi/pydantic@{pins['pydantic']}" in needs[itself["bom-ref"]]
    assert f"pkg:pypi/pydantic-core@{pins['pydantic-core']}" in needs[f"pkg:pypi/pydantic@{pins['pydantic']}"]
    assert needs.keys() == {itself["bom-ref"], *(component["bom-ref"] for component in listed.values())}


def test_a_kit_is_compared_with_the_release(wheels: list[Path], tmp_path: Path) -> None:
    for name in ("wheels", "requirements"):
        (tmp_path / name).mkdir()
    carried = tmp_path / "wheels" / wheels[0].name
    shutil.copyfile(wheels[0], carried)
    listed = tmp_path / "requirements" / "linux-3.11.txt"
    listed.write_text("click==8.0 --hash=sha256:00\nrich==1.0 --hash=sha256:00\n", encoding="utf-8")
    bill = '"pkg:pypi/click@8.0" "pkg:pypi/rich@1.0"'
    release.check_kit(tmp_path, wheels[0], bill)
    with pytest.raises(SystemExit, match=r"linux-3\.11\.txt.*rich@1\.0"):
        release.check_kit(tmp_path, wheels[0], bill.replace("rich@1.0", "rich@1.0.1"))
    carried.write_bytes(b"another")
    with pytest.raises(SystemExit, match="another wheel"):
        release.check_kit(tmp_path, wheels[0], bill)


def test_the_pythons_are_the_same_everywhere() -> None:
    """What the kit is made for is what the README and the metadata name; what the Makefile takes is what pip takes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if re.search(r"Python :: 3\.\d+$", line)]
    assert tuple(named) == assemble.PYTHONS
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"Needs Python {', '.join(named[:-1])} or {named[-1]} " in readme
    least, most = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()  # type: ignore[union-attr]
    assert f"(3, {least}) <= v < (3, {most})" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert ((3, int(named[0].split(".")[1])), (3, int(named[-1].split(".")[1]) + 1)) == machine.TRIED


@pytest.mark.parametrize(("version", "good"), [("3, 10", False), ("3, 11", True), ("3, 14", True), ("3, 15", False)])
def test_make_on_an_unsupported_python_says_so_before_pip(tmp_path: Path, version: str, good: bool) -> None:
    """A Python that says that it is another version, and writes down what else it was asked for."""
    fake = tmp_path / "python"
    fake.write_text(
        f"#!{sys.executable}\nimport sys\nif sys.argv[1] == '-c':\n    sys.version_info = ({version}, 0, 'final', 0)\n"
        "    exec(sys.argv[2])\nelse:\n    print('asked:', *sys.argv[1:])\n",
        encoding="utf-8",
    )
    fake.chmod(0o755)
    target = str(tmp_path / ".venv/bin/python")
    command = ["make", "-f", str(ROOT / "Makefile"), f"VENV={tmp_path / '.venv'}", f"PYTHON={fake}", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode == 0) == good
    assert ("asked: -m venv" in done.stdout) == good
    sentence = f"fieldapp needs Python 3.11 to 3.14, and {sys.executable} is {version.replace(', ', '.')}"
    assert (sentence in done.stderr) != good
