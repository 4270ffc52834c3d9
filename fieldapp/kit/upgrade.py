"""Change to a new version from a stick, or back to the one before. It is first tried on a copy of the records.

    .fieldapp-kit-copy/, .trial-…     what the steps need; if a run is killed, a later start removes them
    versions/OLD, NEW                 side by side; ``current`` names the one that starts, and is replaced atomically

Until ``current`` is replaced, the running version and the records are not changed. The other version migrates the
records when it opens them, in one transaction. So a kill at any moment leaves a version that works, with all records.
The way back is the same: it keeps the records of today, and restores no older ones.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fieldapp
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.kit import install, trial
from fieldapp.store import disk, leftovers, people, vault
from fieldapp.store.connection import check_alone
from fieldapp.store.people import Act
from fieldapp.store.store import BACKUP_FOLDER, FILE, Store
from fieldapp.sync.format import drives, keys
from fieldapp.sync.peers import peers
from fieldapp.sync.safety import backup

TRIAL = ".trial-"
KITS = ".fieldapp-kit-copy"
"""Both names are of those that the next start takes away: ``store/leftovers.py``"""
KEPT_VERSIONS = 2
"""The one that starts, and the one before it"""

Announce = Callable[[str], None]


@dataclass(frozen=True)
class KitNews:
    """What a kit brings."""

    version: str
    signer: str
    """the headquarters that signed it"""
    fingerprint: str
    lines: list[str]
    """what is new, for users"""


def examine_kit(store: Store, kit: Path) -> KitNews:
    """Check a kit's files and that a trusted headquarters signed it; FieldappError if not. Changes nothing."""
    try:
        install.check_files(kit)
        certificate = install.signer(kit)
        version = install.version(kit)
    except install.InstallRefused as refused:
        raise FieldappError(str(refused)) from None
    signature = (kit / install.SIGNATURE).read_bytes() if certificate else b""
    signed = (kit / install.SUMS).read_bytes()
    trusted = [peers.own(store), *peers.others(store)]
    by = [
        p for p in trusted if p.role == "hq" and p.trust == "certified" and keys.verify(p.sign_key, signed, signature)
    ]
    if not by:
        raise FieldappError(
            _("This kit is not signed by our headquarters. Nothing was changed; show it to headquarters.")
        )
    if install.number(version) <= install.number(fieldapp.__version__):
        raise FieldappError(
            _("This kit brings {version}, and {installed} is installed. Nothing was changed.").format(
                version=version, installed=fieldapp.__version__
            )
        )
    return KitNews(version, by[0].title, by[0].fingerprint, kit_news(kit, fieldapp.__version__))


def kit_news(kit: Path, installed: str) -> list[str]:
    """The lines of the kit's changelog above the section of the installed version, without empty sections."""
    text = (kit / "CHANGELOG.md").read_text(encoding="utf-8")
    lines = []
    for section in re.split(r"(?m)^## ", text)[1:]:
        heading, *entries = [line for line in section.splitlines() if line.strip()]
        version = install.number(heading.split()[0])
        if version and version <= install.number(installed):
            break
        if entries:
            lines += [f"## {heading}", *entries]
    return lines


def version_before() -> str:
    """The newest installed version that is older than the running one."""
    older = [
        folder.name
        for folder in (install.root() / "versions").glob("*")
        if (folder / install.COMPLETE).is_file() and install.number(folder.name) < install.number(fieldapp.__version__)
    ]
    if not older:
        raise FieldappError(
            _("There is no older version than {installed} on this laptop. Nothing was changed.").format(
                installed=fieldapp.__version__
            )
        )
    return max(older, key=install.number)


class _Change:
    """The steps from the running version to another, which is installed beside it. Each may be killed."""

    advice = ""
    """What to do if the other version cannot take over"""

    def __init__(self, store: Store, version: str, say: Announce) -> None:
        self.home, self.user, self._key = store.home, store.user, store.key
        self.version = version
        self._store = store
        self._say = say
        self._kits = install.root() / KITS
        self._trial = self.home / f"{TRIAL}{version}"
        self._before: Mapping[str, int] = {}
        self._folder = install.root() / "versions" / version

    def prepare(self) -> None:
        """Remove what a killed upgrade left. FieldappError where the change is not possible."""
        people.check(self._store, Act.BACKUP)
        if install.installed() is None or install.python_of(_running()).parent != Path(sys.executable).parent:
            raise FieldappError(
                _("This program was not installed from a kit. Install the new one as you did this one.")
            )
        for left in (self._kits, *self.home.glob(TRIAL + "*")):
            disk.try_remove(left)
        leftovers.remember(self._store, install.root())
        self._store.close()
        check_alone(self.home / FILE, self._key)
        self._store = Store.open(self.home, self._key, self.user)

    def back_up(self) -> None:
        """Write a backup beside the automatic ones."""
        folder = self.home / BACKUP_FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        made = backup.write_backup(self._store, folder)
        self._say(_("Backup: {path}").format(path=made.path))

    def copy_records(self) -> None:
        """Copy the records, encrypted as they are, for the trial."""
        drives.check_own_space(self.home, self._store.path.stat().st_size)
        self._before = trial.records(self._store)
        (self._trial / vault.KEYS_FOLDER).mkdir(mode=0o700, parents=True)
        self._store.db.copy_into(self._trial / FILE)
        for path in (self.home / vault.KEYS_FOLDER).iterdir():
            if vault.KEY_FILE.fullmatch(path.name):
                shutil.copy(path, self._trial / vault.KEYS_FOLDER)

    def try_copy(self) -> None:
        """Let the other version migrate and examine the copy; the records themselves are not changed yet."""
        found = self._examine(self._trial)
        disk.try_remove(self._trial)
        if not self._is_good(found):
            raise FieldappError(
                _("{version} does not get on with these records: {why} Nothing was changed, {installed} stays.").format(
                    version=self.version, why=" ".join(found["lines"][:3]), installed=fieldapp.__version__
                )
                + self.advice
            )
        self._say(_("Tried on a copy of the records: all is well."))

    def switch(self) -> None:
        """From now on the other version starts."""
        self._store.close()
        install.switch(self.version)

    def take_over(self) -> None:
        """Let the other version open the records; if it cannot, the running version starts again from now on."""
        found = self._examine(self.home)
        if not self._is_good(found):
            install.switch(_running().name)
            raise FieldappError(
                _("{version} could not take over: {why} {installed} starts again; a backup is in {folder}.").format(
                    version=self.version,
                    why=" ".join(found["lines"][:3]),
                    installed=fieldapp.__version__,
                    folder=self.home / BACKUP_FOLDER,
                )
            )
        self._say(_("{version} is in use.").format(version=self.version))

    def _is_good(self, found: Mapping[str, Any]) -> bool:
        counted = found["records"]
        return bool(found["healthy"]) and all(counted.get(table, -1) >= n for table, n in self._before.items())

    def _examine(self, home: Path) -> dict[str, Any]:
        command = [str(install.python_of(self._folder)), "-I", "-X", "utf8", "-m", "fieldapp.kit.trial", str(home)]
        done = _call([*command, self.user], self._key.hex() + "\n")
        with suppress(ValueError):
            found: dict[str, Any] = json.loads(done.stdout)
            return found
        return {"healthy": False, "lines": [_last_line(done.stderr)], "records": {}}


class Upgrade(_Change):
    """Change to the version in a kit, in the order of ``STEPS``."""

    def __init__(self, store: Store, kit: Path, version: str, say: Announce) -> None:
        super().__init__(store, version, say)
        self.kit = kit
        self._copy = self._kits / kit.name

    def run(self) -> None:
        """Run all steps; messages go to ``say``. After a FieldappError the old version stays."""
        for step in STEPS:
            step(self)

    def take(self) -> None:
        """Copy the kit from the stick, and check the copy: what is installed is what was checked."""
        names = [*install.listed(self.kit), install.SUMS, install.SIGNATURE, install.CERTIFICATE]
        drives.check_space(install.root(), 4 * sum((self.kit / name).stat().st_size for name in names))
        for name in names:  # only names and bytes: files of a read-only stick would be read-only too
            (self._copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.kit / name, self._copy / name)
        if examine_kit(self._store, self._copy).version != self.version:
            raise FieldappError(_("The kit changed while it was read. Nothing was changed; take another stick."))
        self._say(_("The kit is whole and signed; it was copied, the stick may be pulled."))

    def install_beside(self) -> None:
        """Let the new version's own installer make its environment, beside the old one."""
        self._say(_("{version} is being installed beside {installed}: about a minute.").format(
            version=self.version, installed=fieldapp.__version__))  # fmt: skip
        done = _call([install.python_for(self._copy), "-I", str(self._copy / "install.py"), "--beside"])
        if done.returncode:
            raise FieldappError(
                _("The installation failed: {why} {version} stays.").format(
                    why=_last_line(done.stderr), version=fieldapp.__version__
                )
            )

    def tidy(self) -> None:
        """Remove what is no longer needed; the version before stays."""
        disk.try_remove(self._kits)
        folders = sorted(self._folder.parent.iterdir(), key=lambda folder: install.number(folder.name))
        for old in folders[:-KEPT_VERSIONS]:
            disk.try_remove(old)


class Back(_Change):
    """Change to the version before, in the order of ``STEPS_BACK``, with all that was recorded since.

    The newer version stays installed; its kit switches to it again.
    """

    def __init__(self, store: Store, say: Announce) -> None:
        super().__init__(store, version_before(), say)
        self.advice = " " + _("Go on recording, export to headquarters, and tell it what is wrong.")

    def run(self) -> None:
        """Run all steps; messages go to ``say``. After a FieldappError the running version stays."""
        for step in STEPS_BACK:
            step(self)


STEPS: tuple[Callable[[Upgrade], None], ...] = (
    Upgrade.prepare,
    Upgrade.take,
    Upgrade.back_up,
    Upgrade.install_beside,
    Upgrade.copy_records,
    Upgrade.try_copy,
    Upgrade.switch,
    Upgrade.take_over,
    Upgrade.tidy,
)

STEPS_BACK: tuple[Callable[[Back], None], ...] = (
    Back.prepare,
    Back.back_up,
    Back.copy_records,
    Back.try_copy,
    Back.switch,
    Back.take_over,
)


def _running() -> Path:
    """The folder of the running version."""
    return install.root() / "versions" / fieldapp.__version__


def _call(command: list[str], secret: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of ours; a secret goes to it through its input, never on the command line."""
    return subprocess.run(command, input=secret, capture_output=True, check=False, encoding="utf-8", errors="replace")  # noqa: S603


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")
