"""A kit installs without a network into an empty home; what is damaged, forged or of others is refused before."""

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import on_windows
import pytest
from field import PASSPHRASE, USER, World
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.kit import assemble, install
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment
from fieldapp.sync.format import keys

from .conftest import HERE, installing

pytestmark = pytest.mark.timeout(600)  # who asks for the kit first makes it, and the others wait
PATIENCE = 300
"""Seconds until a started program counts as hanging"""

# Ed25519 and minisign ------------------------------------------------------------------------------------------------

RFC_8032 = [  # section 7.1: public key, message, signature
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_ed25519_is_that_of_the_rfc(key: str, message: str, signature: str) -> None:
    public, said, made = (bytes.fromhex(text) for text in (key, message, signature))
    assert install.ed25519(public, said, made)
    assert not install.ed25519(public, said + b"x", made)
    for at in range(0, 64, 7):
        assert not install.ed25519(public, said, made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :])
    scalar = int.from_bytes(made[32:], "little") + install._L
    assert not install.ed25519(public, said, made[:32] + scalar.to_bytes(32, "little")), "one signature, not two"
    assert not install.ed25519(b"\xff" * 32, said, made)


@settings(max_examples=20)
@given(st.binary(max_size=200), st.text("abc 0", max_size=20), st.integers(0, 1_000_000))
def test_minisign_is_that_of_the_library(message: bytes, comment: str, at: int) -> None:
    own = keys.new_keys()
    signature = keys.sign(own.sign_secret, message, comment)
    assert install.minisign(own.sign_key, message, signature)
    assert not install.minisign(own.sign_key, message + b"x", signature)
    assert not install.minisign(keys.new_keys().sign_key, message, signature)
    lines = signature.split(b"\n")
    said = b"trusted comment: forged"
    assert not install.minisign(own.sign_key, message, b"\n".join([*lines[:2], said, *lines[3:]]))
    made = bytearray(base64.b64decode(lines[1]))
    made[at % len(made)] ^= 1
    assert not install.minisign(own.sign_key, message, b"\n".join([lines[0], base64.b64encode(made), *lines[2:]]))
    assert not install.minisign(own.sign_key, message, signature[: at % len(signature)])


@settings(max_examples=30)
@given(st.text(max_size=60), st.text(max_size=60))
def test_the_words_are_those_of_the_program(one: str, two: str) -> None:
    assert install.fingerprint(one, two) == keys.fingerprint(one, two)


# with a kit ----------------------------------------------------------------------------------------------------------


def offline() -> list[str]:
    """What starts a program where there is no network."""
    if os.name == "nt":
        pytest.skip(on_windows.ABSENT + "sh and unshare; tools/windows.sh installs a kit there")
    command = ["unshare", "--map-root-user", "--net"]
    done = subprocess.run([*command, "true"], capture_output=True, text=True, check=False, timeout=PATIENCE)
    if done.returncode:
        pytest.skip(f"this kernel gives no network namespace: {done.stderr.strip()}")
    return command


def started(home: Path, *command: object, **environment: str) -> tuple[int, str]:
    """(exit code, all that was said) of a program in an empty environment without a network."""
    home.mkdir(parents=True, exist_ok=True)
    own = {"HOME": str(home), "PATH": f"{Path(sys.executable).resolve().parent}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(
        [*offline(), *map(str, command)], cwd="/", env={**own, **environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    return done.returncode, done.stdout


def files_in(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


@pytest.fixture
def signed(world: World, kit: Path) -> Path:
    assemble.sign_kit(world.hq, kit)
    return kit


@pytest.mark.slow
def test_a_post_is_installed_without_a_network_from_stick_and_pack(
    world: World, signed: Path, shared: Path, tmp_path: Path
) -> None:
    shutil.copy(next(world.usb.glob("*.tar")), signed.parent)
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE, encoding="utf-8")
    home = tmp_path / "Nguyễn Văn Á (b) $x"
    with installing(shared, home, anew=True):
        code, said = started(home, "sh", signed / "install.sh", "--user", USER, FIELDAPP_PASSPHRASE_FILE=str(secret))
    assert code == 0, said
    own = world.hq.row("SELECT sign_key, age_key FROM local_replica WHERE own = 1")
    assert own is not None
    assert keys.fingerprint(own["sign_key"], own["age_key"]) in said
    assert (home / "fieldapp" / "fieldapp.db").exists()
    entry = (home / ".local/share/applications/fieldapp.desktop").read_text(encoding="utf-8")
    assert r'Nguyễn Văn Á (b) \\$x/.local/bin/fieldapp"' in entry
    program = home / ".local/bin/fieldapp"
    code, said = started(home, program, "demo", "--workspace", home / "ws", FIELDAPP_LANG="vi")
    assert code == 0, said
    for figure in ("6 giếng", "722 ngày công", "2.385 lượt", "30 đảng viên"):
        assert figure in said
    # what is installed can make a kit again, without a checkout
    python = home / ".local/share/fieldapp/current"
    folder = python.parent / "versions" / python.read_text(encoding="ascii")
    again = "from pathlib import Path; from fieldapp.kit.wheel import own_wheel; print(own_wheel(Path('.').absolute()))"
    code, said = started(home, "sh", "-c", 'cd "$HOME" && exec "$0" -I -c "$1"', folder / "bin/python", again)
    assert code == 0, said
    (own_wheel,) = home.glob("*.whl")
    assert own_wheel.name == next((signed / "wheels").glob("fieldapp-*.whl")).name
    code, said = started(home, "sh", signed / "install.sh")
    assert code == 0, said
    assert started(home, program, "--version")[1].strip().endswith(folder.name)


@pytest.mark.slow
def test_what_was_installed_is_removed_and_the_records_stay(
    world: World, signed: Path, shared: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with installing(shared, home, anew=False):
        code, said = started(home, "sh", signed / "install.sh")
    assert code == 0, said
    shutil.copytree(world.root / "post", home / "fieldapp")
    before = {path: path.read_bytes() for path in files_in(home / "fieldapp")}
    (home / ".local/bin/other").write_text("", encoding="utf-8")
    for _again in range(2):
        code, said = started(home, "sh", signed / "install.sh", "--uninstall")
        assert code == 0, said
        assert f"Sổ vẫn còn: {home / 'fieldapp'}" in said
        assert {path: path.read_bytes() for path in files_in(home)} == {**before, home / ".local/bin/other": b""}


@on_windows.SHELL
def test_a_kit_is_installed_by_the_python_that_it_carries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "WINDOWS", True)
    (tmp_path / "install.py").write_text("", encoding="utf-8")
    assert install.python_for(tmp_path) == sys.executable, "it carries none"
    carried = tmp_path / "python" / "python.exe"
    carried.parent.mkdir()
    for code, expected in ((0, str(carried)), (1, sys.executable)):
        carried.write_text(
            f'#!/bin/sh\n[ "$*" = "-I {tmp_path}/install.py --fits" ] && exit {code}\n', encoding="utf-8"
        )
        carried.chmod(0o755)
        assert install.python_for(tmp_path) == expected


@pytest.mark.slow
@pytest.mark.parametrize("which", ["a wheel", "the installer's list", "a list with a mended checksum", "signature"])
def test_one_byte_changed_and_nothing_is_installed(
    signed: Path, tmp_path: Path, spoil: Callable[[Path], None], which: str
) -> None:
    wheel = next((signed / "wheels").glob("click-8*.whl"))
    sums = signed / install.SUMS
    if which == "a wheel":
        spoil(wheel)
    elif which == "the installer's list":
        spoil(next((signed / "requirements").glob(f"{HERE.platform}*")))
    elif which == "signature":
        spoil(signed / install.SIGNATURE)
    else:
        before = hashlib.sha256(wheel.read_bytes()).hexdigest()
        spoil(wheel)
        text = sums.read_text(encoding="utf-8").replace(before, hashlib.sha256(wheel.read_bytes()).hexdigest())
        sums.unlink()
        sums.write_text(text, encoding="utf-8")
    code, said = started(tmp_path / "home", "sh", signed / "install.sh")
    assert code == 1
    assert "Chưa cài gì" in said
    assert files_in(tmp_path / "home") == []


@pytest.mark.slow
def test_a_kit_that_nobody_signed_or_of_another_headquarters_is_refused(
    world: World, kit: Path, tmp_path: Path
) -> None:
    code, said = started(tmp_path / "home", "sh", kit / "install.sh")
    assert (code, "chưa có chữ ký" in said) == (1, True)
    assemble.sign_kit(world.hq, kit)
    (tmp_path / "other").mkdir()
    other: Store = enrolment.init_hq(tmp_path / "hq2", name="Sở khác", user="B", passphrase="x y z w")
    enrolment.write_pack(other, code="KHAC", name="Đồn khác", dest=kit.parent)
    other.close()
    code, said = started(tmp_path / "home", "sh", kit / "install.sh")
    assert (code, "KHAC" in said) == (1, True)
    assert files_in(tmp_path / "home") == []


ROGUE = """
import pathlib
(pathlib.Path.home() / "ran").touch()
raise SystemExit("ran")
"""
ADDED = {
    "a pip that comes first": "wheels/pip-0.0.1-py3-none-any.whl",
    "a program of another number": "wheels/fieldapp-0.0.1-py3-none-any.whl",
    "a module of the kit's Python": "python/venv.py",
    "a start script": "setup.cmd",
}


def add_wheel(path: Path) -> None:
    """A wheel that leaves a mark when a module of it is run."""
    package = path.name.partition("-")[0]
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{package}/__init__.py", ROGUE)
        wheel.writestr(f"{package}/__main__.py", ROGUE)


@pytest.mark.slow
@pytest.mark.parametrize("name", ADDED.values(), ids=ADDED.keys())
def test_a_file_that_the_list_does_not_name_is_refused_by_name_and_nothing_of_it_runs(
    signed: Path, tmp_path: Path, name: str
) -> None:
    add_wheel(signed / name)
    code, said = started(tmp_path / "home", "sh", signed / "install.sh")
    assert (code, name in said, "Chưa cài gì" in said) == (1, True, True), said
    assert files_in(tmp_path / "home") == []


def test_pip_and_version_are_those_of_the_list_whatever_else_lies_there(tmp_path: Path) -> None:
    for name in ("wheels/pip-25.0-py3-none-any.whl", "wheels/fieldapp-0.2.0-py3-none-any.whl", "install.py"):
        add_wheel(tmp_path / name)
    (tmp_path / install.SUMS).write_text(assemble._sums(tmp_path), encoding="utf-8")
    for number in range(20):  # folders list their files in no order
        add_wheel(tmp_path / f"wheels/pip-0.{number}-py3-none-any.whl")
        add_wheel(tmp_path / f"wheels/fieldapp-0.0.{number}-py3-none-any.whl")
    assert install.version(tmp_path) == "0.2.0"
    assert install.wheel(tmp_path, "pip").name == "pip-25.0-py3-none-any.whl"


@pytest.mark.parametrize("package", ["pip", "fieldapp"])
def test_a_list_with_two_programs_to_run_is_refused(tmp_path: Path, package: str) -> None:
    add_wheel(tmp_path / "install.py")
    for number in (1, 2):
        add_wheel(tmp_path / f"wheels/{package}-0.{number}-py3-none-any.whl")
    (tmp_path / install.SUMS).write_text(assemble._sums(tmp_path), encoding="utf-8")
    with pytest.raises(install.InstallRefused, match=package):
        install.wheel(tmp_path, package)


@on_windows.SHELL
@pytest.mark.slow
def test_an_older_kit_does_not_take_the_place_of_a_newer_version(signed: Path, tmp_path: Path) -> None:
    root = tmp_path / "home/.local/share/fieldapp"
    newer = root / "versions/99.0.0"
    newer.mkdir(parents=True)
    (newer / install.COMPLETE).touch()
    (root / install.CURRENT).write_text(newer.name, encoding="ascii")
    code, said = started(tmp_path / "home", "sh", signed / "install.sh")
    assert (code, "99.0.0" in said, "upgrade --back" in said) == (1, True, True), said
    assert (root / install.CURRENT).read_text(encoding="ascii") == newer.name
    assert list((root / "versions").iterdir()) == [newer]


@on_windows.needs(os.name == "posix", "a kit for Linux; the refusals for Windows are shown on Linux")
@pytest.mark.slow
def test_a_machine_that_the_kit_is_not_for_is_told(signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.27"))
    with pytest.raises(install.InstallRefused, match=r"glibc 2\.28"):
        install.requirements(signed)
    monkeypatch.undo()
    assert install.requirements(signed).name.startswith("linux-")
    monkeypatch.setattr(sysconfig, "get_platform", lambda: "linux-aarch64")
    with pytest.raises(install.InstallRefused, match="aarch64"):
        install.requirements(signed)
    monkeypatch.setattr(install, "WINDOWS", True)
    monkeypatch.setattr(sys, "version_info", (3, 12, 9, "final", 0))
    monkeypatch.setattr(sysconfig, "get_platform", lambda: "win32")
    with pytest.raises(install.InstallRefused, match=r"windows-3\.12 win32"):
        install.requirements(signed)
    monkeypatch.setattr(sysconfig, "get_platform", lambda: "win-amd64")
    assert install.requirements(signed).name == "windows-3.12.txt"
    monkeypatch.setattr(sys, "base_prefix", r"C:\Program Files\WindowsApps\PythonSoftwareFoundation.Python.3.12_x64")
    with pytest.raises(install.InstallRefused, match="Microsoft Store"):
        install.requirements(signed)


def test_the_embeddable_python_has_no_venv_and_is_not_asked_for_it() -> None:
    command = "import sys; sys.modules['venv'] = None; from fieldapp.kit import install"
    done = subprocess.run([sys.executable, "-c", command], check=False, timeout=PATIENCE)
    assert done.returncode == 0


@pytest.mark.parametrize("line", ["../x", "/etc/passwd", "a/../../x", "a b", "x\ty"])
def test_a_list_names_only_files_of_the_kit(tmp_path: Path, line: str) -> None:
    (tmp_path / install.SUMS).write_text(f"{'0' * 64}  {line}\n", encoding="utf-8")
    with pytest.raises(install.InstallRefused):
        install.check_files(tmp_path)


# Windows, as far as it can be looked at here --------------------------------------------------------------------------


def test_on_windows_paths_and_entries_are_those_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "WINDOWS", True)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Hồ sơ" / "Local"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "Hồ sơ" / "Roaming"))
    monkeypatch.setenv("HOME", str(tmp_path / "Hồ sơ"))
    monkeypatch.setattr(install, "_desktop", lambda: tmp_path / "Hồ sơ/Desktop")  # the registry has that of this user
    commands = tmp_path / "Hồ sơ/Local/Microsoft/WindowsApps"
    commands.mkdir(parents=True)
    launcher = install.make_entries()
    assert (commands / "fieldapp.cmd").read_bytes() == launcher.read_bytes()
    install.switch("0.1.0")
    entry = tmp_path / "Hồ sơ/Roaming/Microsoft/Windows/Start Menu/Programs/fieldapp.cmd"
    assert launcher.read_bytes() == entry.read_bytes() == (tmp_path / "Hồ sơ/Desktop/fieldapp.cmd").read_bytes()
    text = launcher.read_bytes()
    assert text.isascii()
    assert text.count(b"\r\n") == text.count(b"\n")
    assert (install.root() / install.CURRENT).read_bytes() == b"0.1.0"
    stamp = launcher.stat().st_mtime_ns
    install.make_entries()
    assert launcher.stat().st_mtime_ns == stamp, "a script that runs is not written again"
    folder = install.root() / "versions" / "0.1.0"
    (folder / "Scripts").mkdir(parents=True)
    assert install.python_of(folder) == folder / "python.exe"
    (folder / "Scripts" / "python.exe").touch()
    assert install.python_of(folder) == folder / "Scripts" / "python.exe"
