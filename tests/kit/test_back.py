"""Back to the version before, with all that was recorded since: killed between steps, and refused where it cannot be.

The two versions stand in environments that borrow the packages of this one, so nothing is installed: that is
``test_upgrade.py``.
"""

import json
import os
import shutil
import signal
import subprocess
import sysconfig
import venv
from pathlib import Path

import on_windows
import pytest
from field import USER, Run, World

from fieldapp.kit import install, upgrade
from fieldapp.packaged import CHECKOUT
from fieldapp.records import records
from fieldapp.store.connection import connect
from fieldapp.store.store import FILE

from .test_upgrade import MIGRATION, NEXT, OLD

pytestmark = pytest.mark.usefixtures("whole_baseline")

PATIENCE = 120
"""Seconds until a started program counts as hanging"""

OPEN = """
import json, os, signal, sys
from pathlib import Path
from fieldapp.errors import FieldappError
from fieldapp.kit import upgrade
from fieldapp.records import records
from fieldapp.store.store import Store

store = Store.open(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), sys.argv[3])
"""
"""By the key: what a passphrase costs is tested elsewhere"""

EVENTS = OPEN + 'print(json.dumps(sorted(r["name"] for r in store.rows("SELECT name FROM event"))))'
RECORD = OPEN + 'records.save(store, "event", {"name": sys.argv[4], "date_from": "2026-11-24"})'
BACK = (
    OPEN
    + """
steps = list(upgrade.STEPS_BACK)
if sys.argv[4:]:
    steps.insert(int(sys.argv[4]), lambda _back: os.kill(os.getpid(), signal.SIGKILL))
upgrade.STEPS_BACK = tuple(steps)
try:
    upgrade.Back(store, print).run()
except FieldappError as error:
    sys.exit(str(error))
"""
)


class Laptop:
    """A post's laptop with two versions side by side; the newer one starts, and has opened the records."""

    def __init__(self, world: World, home: Path) -> None:
        self.post = world.root / "post"
        self.key = world.keys["post"]
        self.root = home / ".local/share/fieldapp"
        self.source = home / "source"
        shutil.copytree(CHECKOUT / "fieldapp", self.source / "fieldapp", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(CHECKOUT / "schema.sql", self.source)
        self.alter("fieldapp/__init__.py", f'"{OLD}"', f'"{NEXT}"')
        self.alter("fieldapp/store/migrations.py", "\nSEGMENT_SCHEMA =", MIGRATION)
        self.alter("schema.sql", "CREATE TABLE event (\n", "CREATE TABLE event (\n    colour TEXT,\n")
        for version, where in ((OLD, CHECKOUT), (NEXT, self.source)):
            folder = self.root / "versions" / version
            venv.create(folder, with_pip=False, symlinks=True)
            packages = next((folder / "lib").glob("python*")) / "site-packages"
            paths = [str(where), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
            (packages / "borrowed.pth").write_text("\n".join(paths), encoding="utf-8")
            (folder / install.COMPLETE).touch()
        self.environment = {
            "HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "FIELDAPP_LANG": "en"
        }  # fmt: skip
        self.switch(NEXT)

    def switch(self, version: str) -> None:
        (self.root / install.CURRENT).write_text(version, encoding="ascii")

    def alter(self, name: str, before: str, after: str) -> None:
        """Change the newer version's source."""
        text = (self.source / name).read_text(encoding="utf-8")
        assert before in text, name
        (self.source / name).write_text(text.replace(before, after, 1), encoding="utf-8")

    def call(self, code: str, *options: object) -> tuple[int, str]:
        """What the version that starts does."""
        python = self.root / "versions" / self.version / "bin/python"
        done = subprocess.run(
            [str(python), "-I", "-c", code, str(self.post), self.key.hex(), USER, *map(str, options)],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        return done.returncode, done.stdout

    @property
    def version(self) -> str:
        return (self.root / install.CURRENT).read_text(encoding="ascii")

    def record(self, name: str) -> None:
        code, said = self.call(RECORD, name)
        assert code == 0, said

    def events(self) -> list[str]:
        """As the version that starts says."""
        code, said = self.call(EVENTS)
        assert code == 0, said
        return list(json.loads(said))

    def execute(self, sql: str) -> list[tuple[object, ...]]:
        db = connect(self.post / FILE, self.key)
        found: list[tuple[object, ...]] = db.execute(sql).fetchall()
        db.close()
        return found

    def newer_migrations(self) -> int:
        return len(self.execute("SELECT 1 FROM _sqlite_migrations WHERE name = '9999_next'"))


@pytest.fixture
def laptop(openable: World, tmp_path: Path) -> Laptop:
    records.save(openable.post, "event", {"name": "Lũ trước", "date_from": "2013-09-18"})
    openable.post.close()
    made = Laptop(openable, tmp_path / "home")
    made.record("Lũ sau")
    assert made.newer_migrations() == 1
    return made


@on_windows.SHELL
@pytest.mark.slow
def test_back_with_all_records_or_refused_whenever_it_is_killed(laptop: Laptop) -> None:
    laptop.execute("ALTER TABLE local_draft RENAME COLUMN data TO typed")
    code, said = laptop.call(BACK)
    assert (code, "local_draft.data" in said) == (1, True)
    assert f"Nothing was changed, {NEXT} stays. Go on recording" in said
    assert (laptop.version, laptop.newer_migrations()) == (NEXT, 1)
    laptop.execute("ALTER TABLE local_draft RENAME COLUMN typed TO data")

    before_settling = upgrade.STEPS_BACK.index(upgrade.Back.take_over)
    code, said = laptop.call(BACK, before_settling)
    assert code == -signal.SIGKILL, said
    assert (laptop.version, laptop.newer_migrations()) == (OLD, 1)
    laptop.record("Lũ hôm nay")
    assert laptop.newer_migrations() == 0, "the older version takes the records over when it opens them, too"

    laptop.switch(NEXT)
    assert laptop.events() == ["Lũ hôm nay", "Lũ sau", "Lũ trước"]
    assert laptop.newer_migrations() == 1, "what it adds is added again, to what was recorded meanwhile too"
    code, said = laptop.call(BACK)
    assert code == 0, said
    assert f"{OLD} is in use" in said
    assert (laptop.version, laptop.newer_migrations()) == (OLD, 0)
    assert laptop.events() == ["Lũ hôm nay", "Lũ sau", "Lũ trước"]
    assert list((laptop.post / "backups").glob("*.tar"))
    assert not list(laptop.post.glob(upgrade.TRIAL + "*"))


def test_where_there_is_no_older_version(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "root", lambda: world.root / "program")
    for name in ("0.0.9", NEXT):  # one was not finished, one is newer
        (world.root / "program" / "versions" / name).mkdir(parents=True)
    (world.root / "program" / "versions" / NEXT / install.COMPLETE).touch()
    code, _out, err = run("upgrade", "--back")
    assert (code, f"không có bản nào cũ hơn {OLD}" in err) == (1, True)
    (world.root / "program" / "versions" / "0.0.9" / install.COMPLETE).touch()
    assert upgrade.version_before() == "0.0.9"
    assert [run("upgrade", *options)[0] for options in ((), ("kit", "--back"))] == [2, 2]
