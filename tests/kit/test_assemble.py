"""What a kit holds: for each kind of machine every package, in a wheel that fits, and nothing that is not pinned."""

import csv
import importlib.metadata
import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest
from field import Run, World
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name, parse_wheel_filename

from fieldapp.errors import FieldappError
from fieldapp.kit import assemble, install, wheel, windows_python
from fieldapp.kit.assemble import TargetMachine
from fieldapp.packaged import CHECKOUT

from .conftest import HERE, WINDOWS

pytestmark = pytest.mark.timeout(600)  # who asks for the kit first makes it, and the others wait

CRLF = re.compile(rb"(?<!\r)\n")


def listed(kit: Path, target: TargetMachine) -> dict[str, Path]:
    """Name -> the wheel that the target installs, found by its hash."""
    by_hash = {assemble._sha256(path): path for path in (kit / "wheels").iterdir()}
    lines = (kit / "requirements" / f"{target.name}.txt").read_text(encoding="utf-8").splitlines()
    found = {}
    for line in lines:
        said = re.fullmatch(r"([a-z0-9-]+)==(\S+) --hash=sha256:([0-9a-f]{64})", line)
        assert said, line
        found[said[1]] = by_hash[said[3]]
        assert str(parse_wheel_filename(found[said[1]].name)[1]) == said[2]
    return found


def inside(path: Path, name: str) -> Message:
    with zipfile.ZipFile(path) as archive:
        (member,) = [n for n in archive.namelist() if n.endswith(f".dist-info/{name}") and n.count("/") == 1]
        return HeaderParser().parsestr(archive.read(member).decode("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("target", [HERE, WINDOWS], ids=lambda target: target.platform)
def test_each_wheel_fits_the_machine_and_nothing_is_missing(made: Path, target: TargetMachine) -> None:
    wheels = listed(made, target)
    fitting = assemble.supported(target)
    assert {"fieldapp", "sqlcipher3", "pyrage", "lxml", "pip"} <= set(wheels)
    compiled = 0
    for name, path in wheels.items():
        file_name, version, _build, tags = parse_wheel_filename(path.name)
        told, about = inside(path, "WHEEL"), inside(path, "METADATA")
        assert tags & fitting, path.name
        assert {tag for text in told.get_all("Tag", []) for tag in parse_tag(text)} == tags, path.name
        assert (canonicalize_name(about["Name"]), about["Version"]) == (file_name, str(version)) == (name, str(version))
        assert SpecifierSet(about["Requires-Python"] or "").contains(f"{target.python}.0"), path.name
        compiled += (told["Root-Is-Purelib"] or "").strip() == "false"
        with zipfile.ZipFile(path) as archive:
            endings = {Path(n).suffix for n in archive.namelist()} & {".pyd", ".so", ".dll", ".dylib"}
        assert endings <= ({".pyd", ".dll"} if target.platform == "windows" else {".so"}), path.name
        for text in about.get_all("Requires-Dist", []):
            required = Requirement(text)
            extras = assemble.EXTRAS if name == "fieldapp" else ("",)
            if required.marker and not any(required.marker.evaluate({**target.environment, "extra": extra})
                                           for extra in extras):  # fmt: skip
                continue
            there = parse_wheel_filename(wheels[canonicalize_name(required.name)].name)[1]
            assert required.specifier.contains(there), (name, text)
    assert compiled >= 8, "the packages that are compiled are in wheels of their own"


def test_no_wheel_for_linux_asks_for_a_newer_glibc() -> None:
    tags = {str(tag) for tag in assemble.supported(TargetMachine("linux", "3.11"))}
    assert "cp311-cp311-manylinux_2_28_x86_64" in tags
    assert "cp310-abi3-manylinux2014_x86_64" in tags
    assert not [tag for tag in tags if re.search(r"manylinux_2_(29|[3-9]\d)|win|macos|musl", tag)]
    assert not {str(tag) for tag in assemble.supported(TargetMachine("windows", "3.13"))} & {"cp313-cp313-win32"}


def test_markers_ask_the_machine_that_installs_not_the_one_that_gathers() -> None:
    known = {
        "fieldapp": [Requirement("a"), Requirement("b[fast]; extra == 'hq'"), Requirement("c; extra == 'dev'")],
        "a": [Requirement("only-windows; sys_platform == 'win32'"), Requirement("old; python_version < '3.12'")],
        "b": [Requirement("speed; extra == 'fast' and os_name == 'posix'"), Requirement("a")],
    }
    needed = {
        t.name: set(assemble.closure(known, t.environment))
        for t in (TargetMachine("windows", "3.13"), TargetMachine("linux", "3.11"))
    }
    assert needed == {
        "windows-3.13": {"fieldapp", "a", "b", "only-windows"},
        "linux-3.11": {"fieldapp", "a", "b", "old", "speed"},
    }


def test_each_dependency_is_pinned() -> None:
    with pytest.raises(FieldappError, match="fieldapp-unpinned"):
        assemble._download(Path(), HERE, {"fieldapp": [Requirement("fieldapp-unpinned")]}, {"other": "1"})


# the program's own wheel ---------------------------------------------------------------------------------------------


def test_an_installed_package_is_put_together_as_it_was(tmp_path: Path) -> None:
    path = wheel.rebuild_wheel("tabulate", tmp_path)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        record = list(csv.reader(io.StringIO(archive.read(names[-1]).decode())))
        assert [row[0] for row in record] == names
        assert all(f"sha256={wheel._hash(archive.read(name))}" == digest for name, digest, _size in record[:-1])
    assert not [name for name in names if name.endswith(("INSTALLER", ".pyc")) or ".." in name]
    (tmp_path / "again").mkdir()
    assert wheel.rebuild_wheel("tabulate", tmp_path / "again").read_bytes() == path.read_bytes()


def test_an_altered_package_is_not_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(wheel.rebuild_wheel("tabulate", tmp_path)) as archive:
        archive.extractall(tmp_path / "site")
    metadata = next((tmp_path / "site").glob("*.dist-info"))
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _name: importlib.metadata.PathDistribution(metadata))
    (tmp_path / "kit").mkdir()
    assert wheel.rebuild_wheel("tabulate", tmp_path / "kit").exists()
    with next((tmp_path / "site").rglob("*.py")).open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(FieldappError, match="không còn đúng như lúc cài"):
        wheel.rebuild_wheel("tabulate", tmp_path / "kit")
    assert not list((tmp_path / "kit").iterdir())


# files and signature -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_start_scripts_are_what_their_shells_read(made: Path) -> None:
    for name in ("install.sh", "install.cmd") if HERE.platform == "linux" else ("install.cmd",):
        data = (made / name).read_bytes()
        assert data.isascii(), name
        assert not re.search(rb"@\w+@", data), name
    if HERE.platform == "linux":
        assert b"\r" not in (made / "install.sh").read_bytes()
        assert subprocess.run(["dash", "-n", made / "install.sh"], check=False, timeout=60).returncode == 0
    check_cmd((made / "install.cmd").read_bytes())
    check_cmd(install.LAUNCHER_WINDOWS.replace("\n", "\r\n").encode())
    check_cmd(install.UNINSTALL_WINDOWS.replace("\n", "\r\n").encode())


def check_cmd(script: bytes) -> None:
    """What cmd.exe makes traps of, in scripts that meet every path a person can have."""
    assert script.isascii()
    assert not CRLF.search(script)
    lines = [line.strip() for line in script.decode().splitlines() if not line.startswith("rem ")]
    text = "\n".join(lines)
    assert {*re.findall(r"\b(?:goto |call :)(\w+)", text)} == {*re.findall(r"^:(\w+)", text, re.MULTILINE)}
    assert "DisableDelayedExpansion" in text
    assert "EnableDelayedExpansion" not in text, "an ! in a path would go"
    assert not re.search(r"\bcall (?!:\w+$)", text, re.MULTILINE), "call expands a second time what it is given"
    assert not re.search(r"\berrorlevel \d", text), "negative codes would count as good"
    assert not re.search(r"\bpython(?!\.exe|w)\s+-", text), "a python.bat would not come back"
    for line in lines:
        bare = re.sub(r'"[^"]*"', "", line)
        # these hold a command with its own quotes, or a number
        used = set(re.findall(r"%(\w+)(?::[^%]*)?%", bare)) - {"TRIED", "PYTHON", "CODE"}
        assert not used, line
        assert not re.search(r"[&|<>^]", bare.replace(">nul 2>&1", "")), line


@pytest.mark.slow
def test_a_windows_wheel_needs_only_what_windows_and_python_have(made: Path) -> None:
    """The C++ runtime comes with neither: a wheel that wants it must bring it. Paths stay far below 260 characters."""
    for path in (made / "wheels").glob("*-win_amd64.whl"):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            binaries = [archive.read(n).lower() for n in names if n.endswith((".pyd", ".dll"))]
        needed = set(re.findall(rb"msvcp\d+\w*\.dll|vcomp\d+\.dll|mfc\d+\.dll", b" ".join(binaries)))
        assert needed <= {Path(n).name.lower().encode() for n in names}, path.name
    for path in (made / "wheels").iterdir():
        with zipfile.ZipFile(path) as archive:
            assert max(map(len, archive.namelist())) < 120, path.name


def test_a_kit_that_lacks_a_wheel_or_has_another_is_refused_where_it_is_made(kit: Path) -> None:
    assemble.try_plan(kit, HERE)
    assemble.try_plan(kit, WINDOWS)
    (needed,) = assemble.wheels_of(kit / "wheels", "click")
    needed.rename(kit / needed.name)
    with pytest.raises(FieldappError, match=r"ERROR: .*click"):
        assemble.try_plan(kit, WINDOWS)
    (kit / "wheels" / needed.name).write_bytes((kit / needed.name).read_bytes() + b" ")
    with pytest.raises(FieldappError, match=r"(?i)hash"):
        assemble.try_plan(kit, HERE)


def embeddable(path: Path, *more: str, machine: bytes = b"\x64\x86", version: str = "312") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("python.exe", b"MZ".ljust(0x3C, b"\0") + b"\x40\0\0\0PE\0\0" + machine)
        for name in (f"python{version}._pth", f"python{version}.zip", "_ctypes.pyd", *more):
            archive.writestr(name, b"MZ")
    return path


def test_an_embeddable_python_lies_in_the_kit_as_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble, "_fill_kit", lambda *_args: None)
    zipped = embeddable(tmp_path / "python-3.12.9-embed-amd64.zip")
    made = assemble.make_kit(tmp_path, [WINDOWS], print, zipped)
    assert (made / "python" / "python.exe").read_bytes().startswith(b"MZ")
    assert "python/python312._pth" in (made / install.SUMS).read_text(encoding="ascii")
    assert install.check_files(made) > 5
    assert not (made / "install.sh").exists(), "a kit for Windows alone"
    script = (made / "install.cmd").read_text(encoding="ascii")
    assert "Python 3.12 (64-bit" in script
    with pytest.raises(FieldappError, match="đã có"):
        assemble.make_kit(tmp_path, [WINDOWS], print)


def test_a_python_that_could_install_nothing_is_not_carried(tmp_path: Path) -> None:
    for zipped in (
        embeddable(tmp_path / "win32.zip", machine=b"\x4c\x01"),
        embeddable(tmp_path / "other.zip", version="313"),
    ):
        (tmp_path / zipped.stem).mkdir()
        with pytest.raises(FieldappError, match="không phải cho Windows x64"):
            assemble.make_kit(tmp_path / zipped.stem, [WINDOWS], print, zipped)
        assert not list((tmp_path / zipped.stem).iterdir()), "told before anything is fetched"


def test_an_installer_is_carried_and_its_hash_stands_in_the_start_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble, "_fill_kit", lambda *_args: None)
    setup = tmp_path / "python-3.12.9-amd64.exe"
    setup.write_bytes(b"MZ")
    made = assemble.make_kit(tmp_path, [WINDOWS], print, setup)
    script = (made / "install.cmd").read_text(encoding="ascii")
    assert f'"{assemble._sha256(setup)}"' in script
    assert f"python\\{setup.name}" in script
    check_cmd((made / "install.cmd").read_bytes())


def test_a_kit_for_windows_carries_a_python_unless_that_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble, "_fill_kit", lambda *_args: None)
    monkeypatch.chdir(tmp_path)
    known, digest = next(iter(windows_python.EMBEDDABLE.items()))
    stick = tmp_path / "usb"
    stick.mkdir()
    code, _out, err = run("kit", stick, "--unsigned")
    assert code == 1
    for words in (known, digest, windows_python.PAGE, "--no-python"):
        assert words in err
    code, _out, err = run("kit", stick, "--unsigned", "--platform", "windows", "--python", "3.14")
    assert (code, "--python-installer" in err) == (1, True)
    assert list(stick.iterdir()) == []
    assert run("kit", stick, "--unsigned", "--platform", "linux")[0] == 0
    shutil.rmtree(next(stick.iterdir()))
    assert run("kit", stick, "--unsigned", "--no-python")[0] == 0
    assert not (next(stick.iterdir()) / "python").exists()
    shutil.rmtree(next(stick.iterdir()))
    zipped = embeddable(tmp_path / known, version="313")
    code, _out, err = run("kit", stick, "--unsigned")
    assert (code, digest in err, assemble._sha256(zipped) in err) == (1, True, True), "not the file of that name"
    monkeypatch.setitem(windows_python.EMBEDDABLE, known, assemble._sha256(zipped))
    for place in (tmp_path, stick):
        zipped = zipped.rename(place / known)
        assert run("kit", stick, "--unsigned")[0] == 0
        (made,) = [path for path in stick.iterdir() if path.is_dir()]
        assert (made / "python" / "python.exe").exists()
        shutil.rmtree(made)
    other = embeddable(tmp_path / "python-3.14.9-embed-amd64.zip", version="314")
    code, _out, err = run("kit", stick, "--unsigned", "--python-installer", other)
    assert (code, assemble._sha256(other) in err) == (0, True), "it is for a person to compare"


def test_the_zips_that_are_known_are_those_of_the_docs() -> None:
    table = (CHECKOUT / "docs" / "install.md").read_text(encoding="utf-8")
    found = dict(re.findall(r"^\| `(python-[^`]*-embed-amd64\.zip)` \| `([0-9a-f]{64})` \|", table, re.MULTILINE))
    assert found == windows_python.EMBEDDABLE


@pytest.mark.parametrize("bad", ["x.msi", "no such.exe", "a b.exe", "torn.zip", "other.zip", "outside.zip"])
def test_what_is_no_python_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    monkeypatch.setattr(assemble, "_fill_kit", lambda *_args: None)
    for name in ("x.msi", "a b.exe", "torn.zip"):
        (tmp_path / name).write_bytes(b"MZ")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", b"")
    embeddable(tmp_path / "outside.zip", "../outside.exe")
    (tmp_path / "made").mkdir()
    with pytest.raises(FieldappError, match="không phải bộ cài Python"):
        assemble.make_kit(tmp_path / "made", [WINDOWS], print, tmp_path / bad)
    assert not list((tmp_path / "made").iterdir()), "nothing half made is left"


@pytest.mark.slow
def test_only_headquarters_signs_and_only_what_is_whole(
    world: World, run: Run, kit: Path, spoil: Callable[[Path], None]
) -> None:
    code, _out, err = run("hq", "sign-kit", kit)
    assert (code, "Chỉ sở chỉ huy" in err) == (1, True)
    code, _out, err = run("hq", "sign-kit", kit, home="hq")
    assert code == 0, err
    certificate = install.signer(kit)
    assert certificate is not None
    assert certificate["name"] == "Sở chỉ huy"
    assert install.fingerprint(certificate["sign_key"], certificate["age_key"]) in err
    for command in (
        ["minisign", "-Vm", install.SUMS, "-P", certificate["sign_key"]],
        ["sha256sum", "-c", install.SUMS],
    ):
        if os.name == "nt":
            continue  # there the program alone checks a kit
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not here")
        done = subprocess.run(command, cwd=kit, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    spoil(next((kit / "wheels").glob("lxml*win_amd64.whl")))
    code, _out, err = run("hq", "sign-kit", kit, home="hq")
    assert code == 1
    assert "lxml" in err
