"""A new version from a stick takes over as a whole or not at all, whenever it is killed, and keeps every record."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import on_windows
import pytest
from field import PASSPHRASE, USER, Run, World

import fieldapp
from fieldapp.errors import FieldappError
from fieldapp.kit import assemble, install, trial, upgrade, wheel
from fieldapp.packaged import CHECKOUT
from fieldapp.records import records
from fieldapp.store.connection import check_alone, connect
from fieldapp.store.store import FILE, Store

from .conftest import HERE, installing

pytestmark = [
    pytest.mark.timeout(600),  # who asks for the kit first makes it, and the others wait
    pytest.mark.usefixtures("whole_baseline"),  # the version that is installed continues its log
]
OLD = fieldapp.__version__
NEXT = "0.3.0"
PATIENCE = 300
"""Seconds until a started program counts as hanging"""

CHANGES = f"## [Unreleased]\n\n## [{NEXT}] - 2027-01-31\n\n### Added\n\n- Events have colours.\n"

MIGRATION = '''
@_migration("9999_next")
def next_version(db: Database) -> None:
    """What the next version adds; what goes wrong with it is ordered by the test."""
    import os, signal

    add_what_is_missing(db)
    path = db.execute("PRAGMA database_list").fetchone()[2]
    wanted = os.environ.get("TEST_UPGRADE")
    if wanted == "fail":
        raise RuntimeError("no such luck")
    if wanted == "kill" and ".trial-" not in path:
        os.kill(os.getpid(), signal.SIGKILL)


SEGMENT_SCHEMA ='''

KILLED_BEFORE = """
import os, signal, sys
from fieldapp.kit import upgrade

steps = list(upgrade.STEPS)
steps.insert(int(sys.argv.pop(1)), lambda _upgrade: os.kill(os.getpid(), signal.SIGKILL))
upgrade.STEPS = tuple(steps)
from fieldapp.cli import main

main()
"""


def next_version(made: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kit of the next version: one more migration, one more column, another number; not signed."""
    source = folder / "source"
    for name in ("fieldapp", "docs/guide", "docs/screens"):
        shutil.copytree(CHECKOUT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("schema.sql", "constraints.txt", "CHANGELOG.md", "README.md", "LICENSE", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, source)
    for name, before, after in (
        ("fieldapp/__init__.py", f'"{OLD}"', f'"{NEXT}"'),
        ("fieldapp/store/migrations.py", "\nSEGMENT_SCHEMA =", MIGRATION),
        ("schema.sql", "CREATE TABLE event (\n", "CREATE TABLE event (\n    colour TEXT,\n"),
        ("CHANGELOG.md", "## [Unreleased]\n", CHANGES),
    ):
        text = (source / name).read_text(encoding="utf-8")
        assert before in text, name
        (source / name).write_text(text.replace(before, after, 1), encoding="utf-8")
    kit = shutil.copytree(made, folder / f"fieldapp-kit-{NEXT}", copy_function=os.link)
    for path in [*(kit / "wheels").glob("fieldapp-*.whl"), *kit.rglob("*win_amd64.whl"), *kit.rglob("windows-*.txt")]:
        path.unlink()
    with monkeypatch.context() as patched:
        patched.setattr(wheel, "CHECKOUT", source)
        built = wheel.own_wheel(kit / "wheels")
    listed = kit / "requirements" / f"{HERE.name}.txt"
    lines = listed.read_text(encoding="utf-8").splitlines(True)
    wheels = {name: assemble._wheel(kit / "wheels", HERE, name) for name in (line.partition("==")[0] for line in lines)}
    monkeypatch.setattr(assemble, "EXTRAS", ())  # what only reports as files need: test_install.py installs all
    needed = assemble.closure({name: assemble.requirements(path) for name, path in wheels.items()}, HERE.environment)
    for name in wheels.keys() - needed - {"pip"}:
        wheels[name].unlink()
    lines = [line for line in lines if line.partition("==")[0] in needed and not line.startswith("fieldapp==")]
    for path, text in (
        (listed, "".join([f"fieldapp=={NEXT} --hash=sha256:{assemble._sha256(built)}\n", *lines])),
        (kit / "CHANGELOG.md", (source / "CHANGELOG.md").read_text(encoding="utf-8")),
    ):
        path.unlink()
        path.write_text(text, encoding="utf-8")
    (kit / install.SUMS).unlink()
    (kit / install.SUMS).write_text(assemble._sums(kit), encoding="utf-8")
    return kit


class Laptop:
    """A post's laptop on which a kit was installed, and what a person does there."""

    def __init__(self, world: World, home: Path) -> None:
        self.post = world.root / "post"
        self.key = world.keys["post"]
        self.root = home / ".local/share/fieldapp"
        secret = home / "secret"
        secret.write_text(PASSPHRASE, encoding="utf-8")
        secret.chmod(0o600)
        self.environment = {
            "HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "FIELDAPP_HOME": str(self.post),
            "FIELDAPP_PASSPHRASE_FILE": str(secret), "FIELDAPP_LANG": "en",
        }  # fmt: skip
        self.launcher = home / ".local/bin/fieldapp"
        self.old = str(self.root / f"versions/{OLD}/bin/python")

    def call(self, *command: object, **more: str) -> tuple[int, str]:
        done = subprocess.run(
            [*map(str, command)], env={**self.environment, **more}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        return done.returncode, done.stdout

    def upgrade(self, kit: Path, **more: str) -> tuple[int, str]:
        return self.call(self.old, "-I", "-m", "fieldapp", "upgrade", kit, "--yes", **more)

    @property
    def version(self) -> str:
        return (self.root / "current").read_text(encoding="ascii")

    def columns(self) -> list[str]:
        db = connect(self.post / FILE, self.key)
        found = db.column_names("event")
        db.close()
        return found

    def events(self) -> list[str]:
        """As the version that starts says."""
        code, said = self.call(self.launcher, "list", "event", "--json")
        assert code == 0, said
        return sorted(event["name"] for event in json.loads(said))


@pytest.fixture
def laptop(openable: World, kit: Path, shared: Path, tmp_path: Path) -> Laptop:
    world = openable
    for number in range(3):
        records.save(world.post, "event", {"name": f"Lũ {number}", "date_from": "2013-09-18"})
    world.post.close()
    assemble.sign_kit(world.hq, kit)
    home = tmp_path / "home"
    home.mkdir()
    made = Laptop(world, home)
    with installing(shared, home, anew=False):
        code, said = made.call("sh", kit / "install.sh")
    assert code == 0, said
    world.post = Store.open(world.root / "post", world.keys["post"], USER)
    world.post.close()
    return made


@on_windows.SHELL
@pytest.mark.slow
def test_killed_at_any_point_a_version_works_with_all_records(
    world: World, laptop: Laptop, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = next_version(made, tmp_path, monkeypatch)
    code, said = laptop.upgrade(stick)
    assert (code, "not signed by our headquarters" in said) == (1, True)
    assemble.sign_kit(world.hq, stick)
    everything = laptop.events()
    assert len(everything) == 3

    # in the middle of installing
    process = subprocess.Popen(
        [laptop.old, "-I", "-m", "fieldapp", "upgrade", stick, "--yes"], env=laptop.environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + PATIENCE
    while not (laptop.root / "versions" / NEXT / "lib").exists():
        assert process.poll() is None, "it ended before it installed"
        assert time.monotonic() < until, "it never began to install"
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
    assert not (laptop.root / "versions" / NEXT / install.COMPLETE).exists()
    assert laptop.version == OLD

    # the new version cannot migrate the copy; then it dies while it migrates the records
    code, said = laptop.upgrade(stick, TEST_UPGRADE="fail")
    assert code == 1, said
    assert f"{OLD} stays" in said
    assert "no such luck" in said
    code, said = laptop.upgrade(stick, TEST_UPGRADE="kill")
    assert code == 1, said
    assert f"{OLD} starts again" in said
    assert (laptop.version, "colour" in laptop.columns()) == (OLD, False)
    assert laptop.events() == everything

    # between any two steps; without ``make soak``, before those that change what is there
    every = range(1, len(upgrade.STEPS) + 1)
    for number in every if "FIELDAPP_SOAK" in os.environ else (4, 7, 8, 9):
        code, said = laptop.call(laptop.old, "-I", "-c", KILLED_BEFORE, number, "upgrade", stick, "--yes")
        assert code == -signal.SIGKILL, said
        switched = number > upgrade.STEPS.index(upgrade.Upgrade.switch)
        assert laptop.version == (NEXT if switched else OLD), number
        if number in (4, 7):
            assert laptop.events() == everything, number
        if switched:
            install_again = laptop.call(laptop.launcher, "--version")[1]
            assert install_again.strip().endswith(NEXT)
    assert "colour" in laptop.columns()
    assert laptop.call(laptop.launcher, "doctor")[0] == 0

    # the old version, by its own name, still reads what the new one has migrated, and may try again
    code, said = laptop.upgrade(stick)
    assert code == 0, said
    assert "Events have colours." in said
    assert f"{NEXT} is in use" in said
    assert sorted(p.name for p in (laptop.root / "versions").iterdir()) == [OLD, NEXT]
    left = [p.name for p in laptop.post.iterdir() if p.name.startswith(upgrade.TRIAL)]
    assert (left, (laptop.root / upgrade.KITS).exists()) == ([], False)
    assert list((laptop.post / "backups").glob("*.tar"))
    code, said = laptop.call(laptop.launcher, "upgrade", stick, "--yes")
    assert (code, f"This kit brings {NEXT}, and {NEXT} is installed" in said) == (1, True)


@on_windows.SHELL
@pytest.mark.slow
def test_what_is_no_upgrade_is_refused(
    world: World, run: Run, kit: Path, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _out, err = run("upgrade", kit)
    assert (code, "không do sở chỉ huy cấp trên ký" in err) == (1, True)
    assemble.sign_kit(world.hq, kit)
    code, _out, err = run("upgrade", kit)
    assert (code, f"đang dùng {OLD}" in err) == (1, True)
    monkeypatch.setattr("fieldapp.__version__", "0.0.9")
    code, _out, err = run("upgrade", kit, "--yes")
    assert (code, "không được cài từ bộ cài" in err) == (1, True)
    added = kit / "wheels" / "pip-0.0.1-py3-none-any.whl"
    added.write_bytes(b"")
    code, _out, err = run("upgrade", kit, "--yes")
    assert (code, added.name in err) == (1, True)
    added.unlink()
    spoil(next((kit / "wheels").glob("click-8*.whl")))
    code, _out, err = run("upgrade", kit, "--yes")
    assert (code, "click" in err) == (1, True)
    assert not (world.root / "post" / "backups").exists()


@pytest.mark.slow
def test_only_what_the_list_names_is_copied(
    world: World, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assemble.sign_kit(world.hq, kit)
    monkeypatch.setattr("fieldapp.__version__", "0.0.9")
    monkeypatch.setattr(install, "root", lambda: tmp_path)
    change = upgrade.Upgrade(world.post, kit, install.version(kit), lambda _line: None)
    listed = {line[66:] for line in (kit / install.SUMS).read_text(encoding="utf-8").splitlines()}
    (kit / "wheels" / "pip-0.0.1-py3-none-any.whl").write_bytes(b"added after the kit was examined")
    shutil.copy(next(world.usb.glob("*.tar")), kit)
    change.take()
    copy = tmp_path / upgrade.KITS / kit.name
    found = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
    assert found == {*listed, install.SUMS, install.SIGNATURE, install.CERTIFICATE}


def test_what_is_new_stands_above_the_installed_version(tmp_path: Path) -> None:
    text = "# Changelog\n\nAbout.\n\n## 0.10.0\n\n- ten\n\n## 0.9.1\n\n- nine\n\n## 0.9.0\n\n- old\n"
    (tmp_path / "CHANGELOG.md").write_text(text, encoding="utf-8")
    assert upgrade.kit_news(tmp_path, "0.9.0") == ["## 0.10.0", "- ten", "## 0.9.1", "- nine"]
    assert install.number("0.10.0") > install.number("0.9.1")


def test_what_is_new_leaves_out_sections_without_entries(tmp_path: Path) -> None:
    text = (
        "# Changelog\n\n## [Unreleased]\n\n## [0.10.0] - 2027-02-01\n\n### Fixed\n\n- ten\n\n"
        "## [0.9.1] - 2027-01-01\n\n- nine\n\n## [0.8.0] - 2026-12-01\n\n- old\n"
    )
    (tmp_path / "CHANGELOG.md").write_text(text, encoding="utf-8")
    nine = ["## [0.9.1] - 2027-01-01", "- nine"]
    assert upgrade.kit_news(tmp_path, "0.9.0") == ["## [0.10.0] - 2027-02-01", "### Fixed", "- ten", *nine]
    assert upgrade.kit_news(tmp_path, "0.10.0") == []
    assert upgrade.kit_news(CHECKOUT, "0.0.1")[0].startswith("## ["), "our own is written so"


def test_another_window_is_asked_to_close(world: World) -> None:
    path, key = world.root / "post" / FILE, world.keys["post"]
    with pytest.raises(FieldappError, match="cửa sổ khác"):
        check_alone(path, key)
    world.post.close()
    check_alone(path, key)


def test_the_trial_counts_and_examines(world: World) -> None:
    world.well()
    world.post.close()
    found = trial.try_replica(world.root / "post", world.keys["post"], USER)
    assert (found["healthy"], found["records"]["activity"], found["version"]) == (True, 1, OLD)
