"""Make a kit: the program and all it needs, in one folder of a stick, for machines that never see a network.

    fieldapp-kit-0.2.0/
      install.cmd, install.sh     what a person starts; they find a Python and run install.py
      install.py                  checks every file, then installs (Python's own library only)
      requirements/TARGET.txt     what is installed on one kind of machine, each wheel by version and SHA-256
      wheels/*.whl                of all targets
      python/                     a Python for Windows, where one was given: unpacked, or its installer
      guide/                      for a browser
      CHANGELOG.md
      SHA256SUMS                  every file above, as ``sha256sum`` writes it
      SHA256SUMS.minisig          headquarters' signature
      headquarters.json           its certificate: name and keys

A kit is made where a package index can be reached. Headquarters signs it, on another laptop where necessary.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

import fieldapp
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.kit import install, pages
from fieldapp.kit.wheel import NAME, own_wheel
from fieldapp.packaged import PACKAGE, packaged
from fieldapp.store import disk, leftovers, people
from fieldapp.store.people import Act
from fieldapp.store.store import Store
from fieldapp.sync.format import drives, keys
from fieldapp.sync.peers import peers

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
EXTRAS = ("hq",)
"""Extras of the package that every kit holds: it serves posts and headquarters alike"""
GLIBC = 28
"""The newest minor version of glibc 2 that a Linux wheel may ask for: Debian 10, RHEL 8"""
START_SCRIPTS = {"install.cmd": {"windows"}, "install.sh": {"linux"}, "install.py": {"windows", "linux"}}
"""File name -> platforms that need it"""

PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "windows": ("win_amd64",),
    "linux": (
        *(f"manylinux_2_{minor}_x86_64" for minor in range(GLIBC, 4, -1)),
        "manylinux2014_x86_64",
        "manylinux2010_x86_64",
        "manylinux1_x86_64",
    ),
}
"""Platform -> tags of wheels, as pip takes them"""

ENVIRONMENTS: Mapping[str, Mapping[str, str]] = {
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
}
"""Platform -> values of environment markers. pip evaluates markers for the machine that it runs on, whatever
``--platform`` says: on Linux it would leave out what only Windows needs."""

Announce = Callable[[str], None]


@dataclass(frozen=True)
class TargetMachine:
    """One kind of machine."""

    platform: str
    python: str

    @property
    def name(self) -> str:
        """The name of its list of requirements."""
        return f"{self.platform}-{self.python}"

    @property
    def environment(self) -> dict[str, str]:
        """The values of environment markers on this machine."""
        return {
            **ENVIRONMENTS[self.platform],
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }

    @property
    def pip(self) -> list[str]:
        """pip's options for it."""
        tags = [f"--platform={tag}" for tag in PLATFORMS[self.platform]]
        return [*tags, f"--python-version={self.python}", "--implementation=cp", "--only-binary=:all:"]


def targets(platforms: Iterable[str], pythons: Iterable[str]) -> list[TargetMachine]:
    """Every platform with every Python."""
    versions = list(pythons)
    return [TargetMachine(platform, version) for platform in platforms for version in versions]


def make_kit(
    dest: Path,
    wanted: Sequence[TargetMachine],
    say: Announce,
    python_installer: Path | None = None,
) -> Path:
    """Make an unsigned kit in a new folder below ``dest``; returns that folder. Needs a package index."""
    if not dest.is_dir():
        raise FieldappError(_("There is no folder {dest}. Plug the stick in, or name another.").format(dest=dest))
    leftovers.take_away_in(dest)
    kit = dest / f"{NAME}-kit-{fieldapp.__version__}"
    if kit.exists():
        raise FieldappError(_("{path} is there already. Take it away, or name another folder.").format(path=kit))
    with tempfile.TemporaryDirectory(prefix=".fieldapp-kit-", dir=dest) as temporary:
        made = Path(temporary) / kit.name
        (made / "wheels").mkdir(parents=True)
        marks = {"@PYTHONS@": ", ".join(sorted({target.python for target in wanted}))}
        marks |= _add_python(made, python_installer, wanted)
        _fill_kit(made, wanted, say)
        for name, platforms in START_SCRIPTS.items():
            if platforms & {target.platform for target in wanted}:
                text = (PACKAGE / "kit" / name).read_text(encoding="utf-8")
                for mark, value in marks.items():
                    text = text.replace(mark, value)
                ending = "\r\n" if name.endswith(".cmd") else "\n"
                (made / name).write_text(text, encoding="utf-8", newline=ending)
        shutil.copy(packaged("CHANGELOG.md"), made)
        pages.write_guide(made / "guide")
        (made / install.SUMS).write_text(_sums(made), encoding="utf-8", newline="\n")
        disk.rename(made, kit)
    disk.sync_folder(dest)
    return kit


# wheels ---------------------------------------------------------------------------------------------------------


def _fill_kit(kit: Path, wanted: Sequence[TargetMachine], say: Announce) -> None:
    own = own_wheel(kit / "wheels")
    pins = pinned(packaged("constraints.txt").read_text(encoding="utf-8"))
    known = {NAME: requirements(own)}
    (kit / "requirements").mkdir()
    for target in wanted:
        names = _download(kit / "wheels", target, known, pins)
        lines = [_requirement(kit / "wheels", target, name) for name in sorted(names)]
        (kit / "requirements" / f"{target.name}.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
        try_plan(kit, target)
        say(_("{target}: {n} packages.").format(target=target.name, n=len(names)))


def try_plan(kit: Path, target: TargetMachine) -> None:
    """Let pip make the plan of an installation on the target, from the kit's own files and without a network.

    So a wheel that is missing, of another machine, or not what its hash says is found where the kit is made, and not
    at a post.
    """
    listed = kit / "requirements" / f"{target.name}.txt"
    with tempfile.TemporaryDirectory(prefix="fieldapp-plan-") as nowhere:
        options = ["--dry-run", "--no-deps", "--no-cache-dir", "--target", nowhere, *target.pip, "-r", str(listed)]
        done = install.run_pip(Path(sys.executable), next(wheels_of(kit / "wheels", "pip")), options)
    if done.returncode:
        raise FieldappError(
            _("The kit cannot be installed on {target}: {why}").format(target=target.name, why=install.why(done.stderr))
        )


def pinned(text: str) -> dict[str, str]:
    """Canonical name -> version, from the text of ``constraints.txt``."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return {canonicalize_name(name): version for name, _sep, version in (x.partition("==") for x in lines) if version}


def _download(
    wheels: Path, target: TargetMachine, known: dict[str, list[Requirement]], pins: Mapping[str, str]
) -> dict[str, set[str]]:
    """Fetch what the program needs on the target, step by step: the requirements of a wheel are known once it is here.

    Every package has its one pinned version, so there is nothing to choose. ``known``: name -> requirements; grows.
    Returns name -> extras.
    """
    fetched: set[str] = {NAME}
    while True:
        names = closure(known, target.environment)
        missing = sorted(set(names) - fetched)
        if not missing:
            return names
        unpinned = [name for name in missing if name not in pins]
        if unpinned:
            raise FieldappError(_("constraints.txt names no version of {names}.").format(names=", ".join(unpinned)))
        absent = [f"{name}=={pins[name]}" for name in missing if not _fitting(wheels, target, name)]
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        command += [*target.pip, "-d", str(wheels), *absent]
        if absent:  # else other targets have the same wheels
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — our interpreter
            if done.returncode:
                why = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr[-300:]]
                raise FieldappError(_("Packages for {target} could not be fetched: {why}").format(
                    target=target.name, why=why[-1]))  # fmt: skip
        fetched |= set(missing)
        for name in missing:
            if name not in known:
                known[name] = requirements(_wheel(wheels, target, name))


def closure(known: Mapping[str, Sequence[Requirement]], environment: Mapping[str, str]) -> dict[str, set[str]]:
    """What the program needs in an environment, as far as requirements are ``known``: name -> extras."""
    needed: dict[str, set[str]] = {NAME: set(EXTRAS)}
    waiting = [NAME]
    while waiting:
        name = waiting.pop()
        for requirement in known.get(name, []):
            extras = needed[name] or {""}
            marker = requirement.marker
            if marker is not None and not any(marker.evaluate({**environment, "extra": extra}) for extra in extras):
                continue
            other = canonicalize_name(requirement.name)
            before = needed.get(other)
            needed[other] = (before or set()) | requirement.extras
            if before is None or needed[other] != before:
                waiting.append(other)
    return needed


def requirements(wheel: Path) -> list[Requirement]:
    """The requirements of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1)
        metadata = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    return [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]


def wheels_of(wheels: Path, name: str) -> Iterator[Path]:
    """The wheels of one package, by its canonical name."""
    return (path for path in sorted(wheels.glob("*.whl")) if parse_wheel_filename(path.name)[0] == name)


def _wheel(wheels: Path, target: TargetMachine, name: str) -> Path:
    """The wheel of a package that the target installs."""
    found = _fitting(wheels, target, name)
    if not found:
        raise FieldappError(_("There is no wheel of {name} for {target}.").format(name=name, target=target.name))
    return found[0]


def _fitting(wheels: Path, target: TargetMachine, name: str) -> list[Path]:
    tags = supported(target)
    return [path for path in wheels_of(wheels, name) if parse_wheel_filename(path.name)[3] & tags]


@cache
def supported(target: TargetMachine) -> set[object]:
    """The tags of wheels that the target can install."""
    from packaging.tags import compatible_tags, cpython_tags

    version = tuple(map(int, target.python.split(".")))
    platforms = PLATFORMS[target.platform]
    return {*cpython_tags(version, platforms=platforms), *compatible_tags(version, f"cp{version[0]}{version[1]}",
                                                                         platforms)}  # fmt: skip


def _requirement(wheels: Path, target: TargetMachine, name: str) -> str:
    wheel = _wheel(wheels, target, name)
    version = parse_wheel_filename(wheel.name)[1]
    return f"{name}=={version} --hash=sha256:{_sha256(wheel)}\n"


# the list and its signature ------------------------------------------------------------------------------------------


def _add_python(kit: Path, file: Path | None, wanted: Iterable[TargetMachine]) -> dict[str, str]:
    """Put a Python into the kit; returns the values for the start script: mark -> value.

    An embeddable zip is unpacked, ready to run. An installer is copied; the start script checks and starts it.
    """
    fitting = {f"python{target.python.replace('.', '')}._pth" for target in wanted if target.platform == "windows"}
    marks = {"@PYTHON_SETUP@": "", "@PYTHON_SHA256@": ""}
    if file is None:
        return marks
    refused = FieldappError(_("{path} is no Python installer (.exe) or embeddable zip.").format(path=file))
    try:
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as archive:
                flat = [n for n in archive.namelist() if re.fullmatch(r"[A-Za-z0-9_][\w.+-]*", n, re.ASCII)]
                if flat != archive.namelist() or "python.exe" not in flat or not any(n.endswith("._pth") for n in flat):
                    raise refused
                if fitting.isdisjoint(flat) or not _is_for_x64(archive.read("python.exe")):
                    raise FieldappError(
                        _("{path} is not for Windows x64, or its version has no wheels in this kit.").format(path=file)
                    )
                archive.extractall(kit / "python")
            return marks
        if file.suffix != ".exe" or not re.fullmatch(r"[\w.-]+", file.name, re.ASCII):
            raise refused
        (kit / "python").mkdir()
        shutil.copyfile(file, kit / "python" / file.name)
    except (OSError, zipfile.BadZipFile):
        raise refused from None
    return {"@PYTHON_SETUP@": file.name, "@PYTHON_SHA256@": _sha256(file)}


def _is_for_x64(program: bytes) -> bool:
    """Whether a Windows program is for x86-64, by its PE header."""
    at = int.from_bytes(program[0x3C:0x40], "little")
    return program[at : at + 6] == b"PE\0\0\x64\x86"


def _sums(kit: Path) -> str:
    files = sorted(path for path in kit.rglob("*") if path.is_file())
    return "".join(f"{_sha256(path)}  {path.relative_to(kit).as_posix()}\n" for path in files)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sign_kit(store: Store, kit: Path) -> str:
    """Check a kit's files, and put headquarters' signature beside the list; returns headquarters' fingerprint."""
    me = peers.own(store)
    if me.role != "hq" or me.trust != "certified":
        raise FieldappError(_("Only headquarters signs a kit."))
    people.check(store, Act.CERTIFY)
    try:
        install.check_files(kit)
        version = install.version(kit)
    except install.InstallRefused as refused:
        raise FieldappError(str(refused)) from None
    secret = store.value("SELECT sign_secret FROM local_replica WHERE own = 1")
    signature = keys.sign(secret, (kit / install.SUMS).read_bytes(), f"fieldapp kit {version}")
    for name, data in ((install.CERTIFICATE, me.certificate), (install.SIGNATURE, signature)):
        with drives.atomic_file(kit / name) as file:
            file.write(data)
    return me.fingerprint
