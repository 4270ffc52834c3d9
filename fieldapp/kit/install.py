"""Install the program from this folder: no network, no administrator. Every file is checked before anything is done.

It is in a kit, beside what it installs. It needs only Python's own library, because it has to check the wheels first.
Headquarters signs the list of checksums. An attacker who can change this file too can make it print anything, so at a
first installation the signature guards only against damage and mix-ups. ``minisign -V`` on another machine, or the
program that is already installed (``fieldapp upgrade``), guards against forgery.

    <data folder of the user>/fieldapp/
      versions/0.2.0/     one environment for each version; ``complete`` in it is written last
      current             the name of the version that starts; replaced atomically
      fieldapp.cmd, uninstall.cmd     on Windows
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):
    sys.exit("fieldapp: Python 3.11, 3.12, 3.13, 3.14 (64-bit)")

import argparse
import base64
import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sysconfig
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.minisig"
CERTIFICATE = "headquarters.json"
PACK = ".fieldapp-pack.tar"
CURRENT = "current"
COMPLETE = "complete"
WINDOWS = os.name == "nt"
SIXTY_FOUR = ("win-amd64", "linux-x86_64")
"""What the interpreter must be built for: wheels have to fit the interpreter, not the processor"""
IN_PART = 3
LOADS = (
    "import fieldapp.tui.app, fieldapp.sync.exchange.incoming; from fieldapp.sync.format import keys; keys.new_keys();"
    " import fieldapp.tui.screens.home, fieldapp.tui.screens.form; from fieldapp.domain import records, validation;"
    " validation.validator(records.RECORDS[0]);"
    " import compileall; compileall.compile_dir(fieldapp.__path__[0], quiet=2)"
)
"""Tries the compiled modules, and leaves the bytecode of the program and of what it loads first. pip would compile all
packages, most of which nobody here will ever load: that is more than half of the time of an installation."""
START_PIP = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('pip', None, '__main__', True)"
EMBEDDED_PACKAGES = "Lib\\site-packages"
"""Where an embeddable Python finds what is installed, beside its ``python.exe``"""


class InstallRefused(Exception):
    """The kit is refused; the message says why in the user's language. Nothing was changed."""


def in_language(vietnamese: str, english: str) -> str:
    """The sentence in the user's language. The program's translations are in a wheel that is not checked yet."""
    return english if os.environ.get("FIELDAPP_LANG", "").startswith("en") else vietnamese


# Ed25519 (RFC 8032) and minisign: verifying only -------------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T: x = X/Z, y = Y/Z, x·y = T/Z"""


def _add(one: _Point, two: _Point) -> _Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % _P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _P
    c = 2 * one[3] * two[3] * _D % _P
    d = 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _point(data: bytes) -> _Point | None:
    """Decode a point (section 5.1.3); None if the bytes are not a point of the curve."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))


def ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of 64 bytes over the message was made with the key of 32 bytes (section 5.1.7)."""
    if len(key) != 32 or len(signature) != 64 or _BASE is None:
        return False
    public, commitment, scalar = _point(key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if public is None or commitment is None or scalar >= _L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % _L
    left, right = _times(scalar, _BASE), _add(commitment, _times(challenge, public))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (left[1] * right[2] - right[1] * left[2]) % _P == 0


def minisign(sign_key: str, message: bytes, signature: bytes) -> bool:
    """Whether a prehashed minisign signature file was made with the key (the base64 line of a ``.pub`` file)."""
    try:
        _comment, first, trusted, second = signature.decode("utf-8").splitlines()
        key, made, whole = (base64.b64decode(text, validate=True) for text in (sign_key, first, second))
    except ValueError:
        return False
    if len(key) != 42 or len(made) != 74 or (key[:2], made[:2]) != (b"Ed", b"ED") or key[2:10] != made[2:10]:
        return False
    if not trusted.startswith("trusted comment: "):
        return False
    comment = trusted[len("trusted comment: ") :].encode("utf-8")
    hashed = hashlib.blake2b(message).digest()
    return ed25519(key[10:], hashed, made[10:]) and ed25519(key[10:], made[10:] + comment, whole)


_INITIALS = ("b", "ch", "đ", "g", "h", "kh", "l", "m", "ng", "nh", "ph", "r", "t", "th", "v", "x")
_RHYMES = ("a", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "ai", "ao", "âu", "ia", "ua", "ong", "inh")


def fingerprint(sign_key: str, age_key: str) -> str:
    """The fingerprint of two public keys in ten syllables, as the program has it (``fieldapp/sync/format/keys.py``)."""
    syllables = []
    for byte in hashlib.sha256((sign_key + "\n" + age_key).encode()).digest()[:10]:
        initial, rhyme = _INITIALS[byte >> 4], _RHYMES[byte & 15]
        syllables.append(initial + ("h" if initial in ("g", "ng") and rhyme[0] in "eêi" else "") + rhyme)
    return " ".join(syllables)


# checking -------------------------------------------------------------------------------------------------------


def listed(kit: Path) -> dict[str, str]:
    """File name -> SHA-256 in hex, of the kit's list; InstallRefused if there is none, or it is no list."""
    try:
        lines = (kit / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InstallRefused(
            in_language(
                f"Không đọc được {SUMS}. Đây không phải bộ cài, hoặc bộ cài bị thiếu tệp.",
                f"{SUMS} cannot be read. This is no kit, or it is incomplete.",
            )
        ) from None
    found = [re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9_][\w.+!/-]*)", line, re.ASCII) for line in lines]
    sums = {line[2]: line[1] for line in found if line is not None and ".." not in line[2]}
    if "install.py" not in sums or len(sums) != len(lines):
        raise InstallRefused(
            in_language(f"{SUMS} bị hỏng. Hãy xin bộ cài khác.", f"{SUMS} is damaged. Ask for another kit.")
        )
    return sums


def check_files(kit: Path) -> int:
    """Compare every file with the list; returns their number. InstallRefused names the first that is wrong.

    A file that the list does not name is wrong, too: Python or pip might run it. Beside the list lie its signature and
    the packs of posts, which are checked by their own signatures.
    """
    sums = listed(kit)
    for name, digest in sums.items():
        try:
            with (kit / name).open("rb") as file:
                right = hashlib.file_digest(file, "sha256").hexdigest() == digest
        except OSError:
            right = False
        if not right:
            raise InstallRefused(
                in_language(
                    f"Tệp {name} bị thiếu, bị hỏng hoặc bị sửa. Chưa cài gì. Hãy xin bộ cài khác.",
                    f"{name} is missing, damaged or altered. Nothing was installed. Take another kit.",
                )
            )
    beside = {SUMS, SIGNATURE, CERTIFICATE, *(pack.name for pack in kit.glob("*" + PACK))}
    for name in _files(kit):
        if name not in sums and name not in beside:
            shown = "".join(letter if letter.isprintable() else "?" for letter in name)
            raise InstallRefused(
                in_language(
                    f"Tệp {shown} không có trong danh sách của bộ cài. Chưa cài gì. Hãy xin bộ cài khác.",
                    f"{shown} is not in the kit's list. Nothing was installed. Take another kit.",
                )
            )
    return len(sums)


def _files(kit: Path) -> Iterator[str]:
    """The names of all files of the kit, from its folder; also of links, which are not followed."""
    for folder, below, names in os.walk(kit):
        links = [name for name in below if (Path(folder) / name).is_symlink()]
        for name in [*names, *links]:
            yield (Path(folder) / name).relative_to(kit).as_posix()


def wheel(kit: Path, package: str) -> Path:
    """The wheel of a package that the kit has once, such as pip, by the list; InstallRefused if it has not."""
    names = [name for name in listed(kit) if name.startswith(f"wheels/{package}-") and name.endswith(".whl")]
    if len(names) != 1:
        raise InstallRefused(
            in_language(
                f"Bộ cài phải có đúng một tệp của {package}. Chưa cài gì. Hãy xin bộ cài khác.",
                f"A kit has one wheel of {package}. Nothing was installed. Take another kit.",
            )
        )
    return kit / names[0]


def signer(kit: Path) -> dict[str, Any] | None:
    """The certificate of the headquarters that signed the list; None if none did. InstallRefused at a bad signature."""
    if not (kit / SIGNATURE).exists() and not (kit / CERTIFICATE).exists():
        return None
    try:
        certificate = json.loads((kit / CERTIFICATE).read_bytes())
        good = minisign(certificate["sign_key"], (kit / SUMS).read_bytes(), (kit / SIGNATURE).read_bytes())
        good = good and isinstance(certificate["age_key"], str) and isinstance(certificate["name"], str)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        good = False
    if not good:
        raise InstallRefused(
            in_language(
                "Chữ ký của bộ cài không đúng. Chưa cài gì. Hãy báo sở chỉ huy.",
                "The kit's signature is wrong. Nothing was installed. Tell headquarters.",
            )
        )
    return dict(certificate)


def packs(kit: Path) -> list[Path]:
    """The packs of posts in the kit or beside it."""
    return sorted({*kit.glob("*" + PACK), *kit.parent.glob("*" + PACK)})


def check_pack(pack: Path, certificate: dict[str, Any]) -> None:
    """InstallRefused unless the pack is of the headquarters that signed the kit. The program checks the rest later."""
    known = set()
    try:
        with tarfile.open(pack, "r:") as tar:
            for member in tar:
                file = tar.extractfile(member) if member.isreg() and member.size < 1 << 20 else None
                if file is not None and member.name.startswith("certs/") and member.name.endswith(".json"):
                    known.add(json.loads(file.read()).get("sign_key"))
    except (OSError, tarfile.TarError, ValueError, AttributeError, RecursionError):
        known = set()
    if certificate["sign_key"] not in known:
        raise InstallRefused(
            in_language(
                f"{pack.name} không phải của sở chỉ huy đã ký bộ cài này. Chưa cài gì. Hãy gọi sở chỉ huy.",
                f"{pack.name} is not of the headquarters that signed this kit. Nothing was installed. "
                "Call headquarters.",
            )
        )


def requirements(kit: Path) -> Path:
    """The list of requirements for this machine; InstallRefused if the kit has none."""
    name = ("windows" if WINDOWS else "linux") + f"-{sys.version_info[0]}.{sys.version_info[1]}"
    found = kit / "requirements" / (name + ".txt")
    machine = sysconfig.get_platform()
    library, number = ("", "") if WINDOWS else platform.libc_ver()
    old = not WINDOWS and (library != "glibc" or tuple(map(int, number.split(".")[:2])) < (2, 28))
    # Only the Microsoft Store's Python itself can see what it writes into LOCALAPPDATA.
    store = WINDOWS and "WindowsApps" in sys.base_prefix
    if not found.is_file() or machine not in SIXTY_FOUR or old or store:
        what = " ".join(part for part in (name, machine, "Microsoft Store" if store else "", library, number) if part)
        there = ", ".join(sorted(path.stem for path in (kit / "requirements").glob("*.txt")))
        raise InstallRefused(
            in_language(
                f"Bộ cài này dành cho {there} (64 bit, Linux từ glibc 2.28); máy này là {what}. Chưa cài gì.",
                f"This kit is for {there} (64-bit, Linux with glibc 2.28 or newer); this machine is {what}. "
                "Nothing was installed.",
            )
        )
    return found


# installing -----------------------------------------------------------------------------------------------------


def root() -> Path:
    """Where the program lives, in the user's own folders."""
    if WINDOWS:
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "fieldapp"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "fieldapp"


def version(kit: Path) -> str:
    """The version of the program in the kit."""
    return wheel(kit, "fieldapp").name.split("-")[1]


def number(version: str) -> tuple[int, ...]:
    """A version as numbers that can be compared."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def python_of(folder: Path) -> Path:
    """The interpreter of an installed version."""
    if not WINDOWS:
        return folder / "bin" / "python"
    scripts = folder / "Scripts" / "python.exe"
    return scripts if scripts.exists() else folder / "python.exe"


def python_for(kit: Path) -> str:
    """The interpreter that installs a kit: the one that the kit carries, or else the running one.

    So a version brings its Python along, and does not depend on that of the version before.
    """
    carried = kit / "python" / "python.exe"
    if WINDOWS and carried.is_file():
        command = [str(carried), "-I", str(kit / "install.py"), "--fits"]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return str(carried)
    return sys.executable


def program(folder: Path) -> list[str]:
    """The command that starts an installed version."""
    return [str(python_of(folder)), "-I", "-X", "utf8", "-m", "fieldapp"]


def install_beside(kit: Path) -> Path:
    """Make the environment of the kit's version, and change no other; returns its folder. A complete one is kept."""
    listed = requirements(kit)
    folder = root() / "versions" / version(kit)
    mark = hashlib.sha256((kit / SUMS).read_bytes()).hexdigest()
    if (folder / COMPLETE).is_file() and (folder / COMPLETE).read_text(encoding="ascii") == mark:
        return folder
    if folder.exists():  # renamed, so that all of it goes or nothing: Windows does not delete a program that runs
        old_folder = root() / f"{folder.name}.old"
        shutil.rmtree(old_folder, ignore_errors=True)
        patiently(lambda: folder.rename(old_folder))
        shutil.rmtree(old_folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    into: list[str] = []
    base = Path(sys.executable).parent
    embedded = next(base.glob("python*._pth"), None) if WINDOWS else None
    if embedded is None:
        import venv  # the embeddable Python has none

        venv.create(folder, with_pip=False, symlinks=not WINDOWS)
    else:  # the embeddable Python has no environments: it is copied, and the path of its packages is added
        # without the attributes of a read-only stick: files that have them cannot be deleted
        left_out = shutil.ignore_patterns("Lib", COMPLETE)
        shutil.copytree(base, folder, ignore=left_out, copy_function=shutil.copyfile)
        into = ["--target", str(folder / "Lib" / "site-packages")]
        paths = (folder / embedded.name).read_text(encoding="ascii")
        if EMBEDDED_PACKAGES not in paths:
            (folder / embedded.name).write_text(f"{paths}\n{EMBEDDED_PACKAGES}\n", encoding="ascii")
    options = ["--no-deps", "--no-cache-dir", "--no-compile", *into, "-r", str(listed)]
    done = run_pip(python_of(folder), wheel(kit, "pip"), options)
    if done.returncode == 0:
        # compiled modules are loaded as a test: this machine may lack a library, or forbid programs in this folder
        command = [*program(folder)[:-2], "-c", LOADS]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise InstallRefused(
            in_language(
                f"Không cài được: {why(done.stderr)}",
                f"The installation failed: {why(done.stderr)}",
            )
        )
    write_atomically(folder / COMPLETE, mark.encode("ascii"))
    offer_uninstall()
    return folder


def run_pip(python: Path, pip: Path, options: list[str]) -> subprocess.CompletedProcess[str]:
    """``pip install`` with the wheel of pip, the wheels beside it and no network, under the interpreter ``python``.

    pip is started as a module. Started under the name of its wheel it refuses, on Windows, to install itself, which a
    package in the kit requires.
    """
    command = [str(python), "-I", "-X", "utf8", "-c", START_PIP, str(pip), "--isolated", "install", "-q", "--no-index"]
    command += ["--find-links", str(pip.parent), "--require-hashes", "--disable-pip-version-check", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


def why(said: str) -> str:
    """The lines that say why a program failed: those marked as errors, else the last one; 400 characters at most."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return " ".join(errors or lines[-1:])[:400]


def patiently(rename: Callable[[], object]) -> None:
    """Rename; on Windows several attempts: a virus scanner has each new file open for a moment."""
    for seconds in (0.05, 0.1, 0.2, 0.4, 0.8):
        try:
            rename()
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in (5, 32, 33):
                raise
        time.sleep(seconds)
    rename()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it holds either all of ``data`` or what it held before."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # another start of the installer has one of its own
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    patiently(lambda: part.replace(path))


def installed() -> Path | None:
    """The folder of the version that starts, if one is installed."""
    try:
        name = (root() / CURRENT).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    folder = root() / "versions" / name
    return folder if name and (folder / COMPLETE).is_file() else None


def switch(name: str) -> None:
    """Let another version start from now on."""
    write_atomically(root() / CURRENT, name.encode("ascii"))


LAUNCHER_LINUX = """\
#!/bin/sh
root="${XDG_DATA_HOME:-$HOME/.local/share}/fieldapp"
exec "$root/versions/$(cat "$root/current")/bin/python" -I -X utf8 -m fieldapp "$@"
"""

LAUNCHER_WINDOWS = """\
@echo off
setlocal EnableExtensions DisableDelayedExpansion
set "ROOT=%LOCALAPPDATA%\\fieldapp"
set "VERSION="
for /f "usebackq delims=" %%V in ("%ROOT%\\current") do set "VERSION=%%V"
set "PYTHON=%ROOT%\\versions\\%VERSION%\\Scripts\\python.exe"
if not exist "%PYTHON%" set "PYTHON=%ROOT%\\versions\\%VERSION%\\python.exe"
if not exist "%PYTHON%" echo Thieu tep chuong trinh; so lieu khong bi dung den. Hay chay lai install.cmd cua bo cai.
"%PYTHON%" -I -X utf8 -m fieldapp %*
set "CODE=%ERRORLEVEL%"
if not "%CODE%"=="0" if "%~1"=="" pause
exit /b %CODE%
"""

UNINSTALL_WINDOWS = """\
@echo off
setlocal EnableExtensions DisableDelayedExpansion
title fieldapp
set "ROOT=%LOCALAPPDATA%\\fieldapp"
rem cmd.exe reads a script while it runs, and this one goes: a copy of it does the work.
if "%~1"=="remove" goto remove
copy /y "%~f0" "%TEMP%\\fieldapp-uninstall.cmd" >nul 2>&1
"%TEMP%\\fieldapp-uninstall.cmd" remove
exit /b 1
:remove
set "CODE=1"
set "VERSION="
for /f "usebackq delims=" %%V in ("%ROOT%\\current") do set "VERSION=%%V"
rem A folder whose program runs cannot be renamed: either all goes, or nothing.
if exist "%ROOT%\\versions\\" rmdir /s /q "%ROOT%\\removed" >nul 2>&1
if exist "%ROOT%\\versions\\" ren "%ROOT%\\versions" removed
if exist "%ROOT%\\versions\\" goto open
set "PYTHON=%ROOT%\\removed\\%VERSION%\\Scripts\\python.exe"
if not exist "%PYTHON%" set "PYTHON=%ROOT%\\removed\\%VERSION%\\python.exe"
"%PYTHON%" -I -X utf8 -m fieldapp.kit.install --uninstall
set "CODE=%ERRORLEVEL%"
rmdir /s /q "%ROOT%\\removed"
rmdir "%ROOT%" >nul 2>&1
goto end
:open
echo fieldapp dang mo. Chua go gi. Hay dong lai roi go lai.
echo fieldapp is open. Nothing was removed. Close it, then do this again.
:end
pause
exit /b %CODE%
"""

DESKTOP_ENTRY = """\
[Desktop Entry]
Type=Application
Name=fieldapp
Comment=Sổ công tác đồn biên phòng
Exec={launcher}
Terminal=true
Categories=Office;
"""


def make_entries() -> Path:
    """Make a command and a menu entry that start the program; returns the command.

    The command starts the version that ``current`` names, so that an upgrade need not change it: cmd.exe reads a script
    while it runs.
    """
    launcher, *more = entries()
    if WINDOWS:
        for path in (launcher, *more):
            _write_if_other(path, _for_cmd(LAUNCHER_WINDOWS))
        return launcher
    _write_if_other(launcher, LAUNCHER_LINUX.encode("ascii"))
    launcher.chmod(0o755)
    quoted = '"' + re.sub(r'(["`$\\])', r"\\\1", str(launcher)).replace("\\", "\\\\").replace("%", "%%") + '"'
    _write_if_other(more[0], DESKTOP_ENTRY.format(launcher=quoted).encode("utf-8"))
    return launcher


def entries() -> list[Path]:
    """What starts the program, the command first; on Linux also its entry in the menu."""
    if not WINDOWS:
        return [Path.home() / ".local" / "bin" / "fieldapp", root().parent / "applications" / "fieldapp.desktop"]
    menu = Path(os.environ["APPDATA"]) / "Microsoft" / "Windows" / "Start Menu" / "Programs"
    commands = root().parent / "Microsoft" / "WindowsApps"  # where Windows looks for this user's commands
    folders = (root(), menu, _desktop(), *([commands] if commands.is_dir() else []))
    return [folder / "fieldapp.cmd" for folder in folders]


def _for_cmd(script: str) -> bytes:
    return script.replace("\n", "\r\n").encode("ascii")


def _desktop() -> Path:
    """The user's desktop, which Windows may have moved. Not every Windows shows a script that is in the menu."""
    if sys.platform == "win32":
        import winreg

        folders = r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
        with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_CURRENT_USER, folders) as key:
            return Path(winreg.ExpandEnvironmentStrings(winreg.QueryValueEx(key, "Desktop")[0]))
    return Path.home() / "Desktop"


UNINSTALL = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\fieldapp"
"""Of this user's registry: what Windows lists under *Apps*"""


def offer_uninstall() -> None:
    """List the program among this user's apps on Windows, with what removes it. An upgrade does this too."""
    if not WINDOWS:
        return
    script = root() / "uninstall.cmd"
    _write_if_other(script, _for_cmd(UNINSTALL_WINDOWS))
    if sys.platform == "win32":
        import winreg

        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, UNINSTALL) as key:
            for name, value in (
                ("DisplayName", "fieldapp"),
                ("InstallLocation", str(root())),
                ("UninstallString", f'cmd.exe /d /s /c ""{script}""'),  # /s: the user's name may hold an &
            ):
                winreg.SetValueEx(key, name, 0, winreg.REG_SZ, value)
            for name in ("NoModify", "NoRepair"):
                winreg.SetValueEx(key, name, 0, winreg.REG_DWORD, 1)


def uninstall() -> None:
    """Remove the program for this user, and leave the records. InstallRefused while it is open on Windows.

    Where ``uninstall.cmd`` has begun, it removes the folder in which this Python lies.
    """
    versions, removed = root() / "versions", root() / "removed"
    if versions.exists():
        shutil.rmtree(removed, ignore_errors=True)
        try:
            patiently(lambda: versions.rename(removed))
        except OSError:
            raise InstallRefused(
                in_language(
                    "fieldapp đang mở. Chưa gỡ gì. Hãy đóng lại rồi gỡ lại.",
                    "fieldapp is open. Nothing was removed. Close it, then do this again.",
                )
            ) from None
    for path in (*entries(), root() / CURRENT, root() / "uninstall.cmd"):
        path.unlink(missing_ok=True)
    if sys.platform == "win32":
        import winreg

        with contextlib.suppress(FileNotFoundError):
            winreg.DeleteKey(winreg.HKEY_CURRENT_USER, UNINSTALL)
    shutil.rmtree(root() / "kits", ignore_errors=True)
    if removed not in Path(sys.executable).parents:
        shutil.rmtree(removed, ignore_errors=True)
        with contextlib.suppress(OSError):  # a Python that a kit's installer made lies there too
            root().rmdir()
    print(
        in_language(f"Đã gỡ fieldapp. Sổ vẫn còn: {records()}", f"fieldapp was removed. The records stay: {records()}")
        if has_records()
        else in_language("Đã gỡ fieldapp.", "fieldapp was removed.")
    )


def _write_if_other(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != data:
        write_atomically(path, data)


# what a person starts -------------------------------------------------------------------------------------------


def records() -> Path:
    """Where this user's replica lies, if there is one."""
    return Path(os.environ.get("FIELDAPP_HOME") or Path.home() / "fieldapp")


def has_records() -> bool:
    """Whether this user has a replica already."""
    return (records() / "fieldapp.db").exists()


def begin_post(folder: Path, found: list[Path], user: str | None) -> int:
    """Begin the post from the pack beside the kit, unless this user has records already."""
    if has_records() or not found:
        return 0
    pack = found[0]
    if len(found) > 1:
        print(in_language("Có nhiều gói cấp của đồn:", "There are several packs of posts:"))
        for number, path in enumerate(found, start=1):
            print(f"  {number}  {path.name}")
        answer = input(in_language("Đồn của máy này là số mấy? ", "Which number is this laptop's post? "))
        if not answer.isdecimal() or not 1 <= int(answer) <= len(found):
            return IN_PART
        pack = found[int(answer) - 1]
    user = user or input(in_language("Họ tên người dùng máy: ", "Name of who works on this laptop: ")).strip()
    return subprocess.run([*program(folder), "init", "--pack", str(pack), "--user", user], check=False).returncode


def install_kit(kit: Path, *, unsigned: bool, beside: bool, user: str | None) -> int:
    """Check, install, and say what to do next."""
    count = check_files(kit)
    certificate = signer(kit)
    if certificate is None and not unsigned:
        raise InstallRefused(
            in_language(
                "Bộ cài này chưa có chữ ký của sở chỉ huy. Chưa cài gì. Hãy xin bộ cài đã ký.",
                "Headquarters has not signed this kit. Nothing was installed. Ask for a signed one.",
            )
        )
    found = packs(kit)
    if certificate is not None and not beside:
        for pack in found:
            check_pack(pack, certificate)
        print(
            in_language(
                f"Đủ {count} tệp, không tệp nào bị sửa. Người ký: {certificate['name']}",
                f"All {count} files are as they were listed. Signed by {certificate['name']}",
            )
        )
        print("  " + fingerprint(certificate["sign_key"], certificate["age_key"]))
        print(
            in_language(
                "Gọi điện cho sở chỉ huy, so mười tiếng này.", "Compare these ten words with headquarters by telephone."
            )
        )
    requirements(kit)
    before = installed()
    if before is not None and number(version(kit)) < number(before.name):
        raise InstallRefused(
            in_language(
                f"Máy đang dùng {before.name}, bộ cài này là {version(kit)}, cũ hơn. Chưa cài gì. "
                "Muốn trở lại bản trước: fieldapp upgrade --back",
                f"{before.name} is installed, and this kit brings {version(kit)}, which is older. "
                "Nothing was installed. To go back to the version before: fieldapp upgrade --back",
            )
        )
    if before is not None and before.name != version(kit) and not beside and has_records():
        return subprocess.run([*program(before), "upgrade", str(kit)], check=False).returncode
    print(in_language("Đang cài, chừng một phút…", "Installing, about a minute…"), flush=True)
    folder = install_beside(kit)
    if beside:
        return 0
    switch(folder.name)
    launcher = make_entries()
    print(
        in_language(
            f"Đã cài fieldapp {folder.name}. Lệnh: {launcher}", f"fieldapp {folder.name} is installed: {launcher}"
        )
    )
    if not found and not has_records():
        print(in_language(f"Tập thử: {launcher} tutorial", f"To practise: {launcher} tutorial"))
    return begin_post(folder, found, user)


def main() -> None:
    """The command line of a kit."""
    for stream in (sys.stdout, sys.stderr):
        # whatever the code page, as the program itself; by line, because the programs started here print too
        stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)  # type: ignore[union-attr]
    parser = argparse.ArgumentParser(
        prog="install", description=in_language("Cài fieldapp, không cần mạng.", "Install fieldapp, without a network.")
    )
    parser.add_argument("--user", help=in_language("Họ tên người dùng máy.", "Who works on this laptop."))
    parser.add_argument(
        "--unsigned",
        action="store_true",
        help=in_language("Cài cả khi chưa có chữ ký.", "Install although nobody signed."),
    )
    parser.add_argument(
        "--uninstall",
        action="store_true",
        help=in_language("Gỡ chương trình; sổ vẫn còn.", "Remove the program; the records stay."),
    )
    parser.add_argument("--beside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--fits", action="store_true", help=argparse.SUPPRESS)  # the start scripts look for a Python
    given = parser.parse_args()
    kit = Path(__file__).resolve().parent
    try:
        if given.fits:
            requirements(kit)
            return
        if given.uninstall:
            uninstall()
            return
        code = install_kit(kit, unsigned=given.unsigned, beside=given.beside, user=given.user)
    except InstallRefused as refused:
        print(refused, file=sys.stderr)
        sys.exit(1)
    except (EOFError, KeyboardInterrupt):
        print(
            in_language("Dừng giữa chừng. Chạy lại bất cứ lúc nào.", "Broken off. Run it again at any time."),
            file=sys.stderr,
        )
        sys.exit(1)
    except OSError as error:
        print(
            in_language(
                f"Không ghi được: {error}. Chạy lại bất cứ lúc nào.",
                f"Writing failed: {error}. Run it again at any time.",
            ),
            file=sys.stderr,
        )
        sys.exit(1)
    sys.exit(code)


if __name__ == "__main__":
    main()
