"""The ground of every test: Vietnamese, a quiet terminal, deterministic examples. In CI a skip is a failure."""

import gc
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import few_units
import idle
import light_seal
import on_windows
import pytest
from field import PASSPHRASE, USER, Run, World, build
from hypothesis import settings
from textual._compositor import Compositor

from fieldapp import cli
from fieldapp.store import baseline, vault
from fieldapp.sync.format import drives
from fieldapp.vietnamese.text import clean

KERNEL = "this kernel"
"""Words in the reason of a skip that no installation would prevent"""

LONGEST = ("tests/kit/test_upgrade.py", "tests/tui/test_screens.py", "tests/kit/test_install.py", "tests/e2e/")

# The same examples in every run, but for ``make soak``, which asks for many: then others each time, kept if they fail.
settings.register_profile("fieldapp", deadline=None, derandomize="FIELDAPP_EXAMPLES" not in os.environ, print_blob=True)
settings.load_profile("fieldapp")


def pytest_configure() -> None:
    os.environ.update(FIELDAPP_LANG="vi", TERM="xterm-256color", COLORTERM="truecolor")
    os.environ["FIELDAPP_HOME"] = str(Path(__file__) / "home")  # a test that names no workspace must not find one
    for name in ("FIELDAPP_USER", "FIELDAPP_PASSPHRASE_FILE", "NO_COLOR", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)
    sys.dont_write_bytecode = False  # or each of a run's hundred processes compiles the program anew


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest tests first: one that starts last would keep the other processors waiting."""
    on_windows.leave_out_wine_s_own(items)
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """What is imported by now stays, so the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _skipped_wrongly(report: Any) -> bool:
    reason = str(report.longrepr)
    return (
        report.skipped
        and bool(os.environ.get("FIELDAPP_NO_SKIP"))
        and KERNEL not in reason
        and not on_windows.allowed(reason)
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    report = yield
    if _skipped_wrongly(report) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """The same for a module that is skipped as a whole, as by ``pytest.importorskip``."""
    report = yield
    if _skipped_wrongly(report):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def first_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = build(tmp_path_factory.mktemp("world"))
    made.close()
    return made


@pytest.fixture(scope="session")
def first_whole_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(baseline, "baseline_changes", lambda: iter(few_units.whole()))
        made = build(tmp_path_factory.mktemp("whole-world"))
    made.close()
    return made


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[World, None, None]:
    """A headquarters and a certified post, for one test."""
    whole = "whole_baseline" in request.fixturenames
    first: World = request.getfixturevalue("first_whole_world" if whole else "first_world")
    made = first.copy(tmp_path / "world")
    yield made
    made.close()


SPARED = b"spared"
"""Begins what was sealed without the derivation"""
REAL_SEAL, REAL_OPEN = vault.seal_with_passphrase, vault.open_with_passphrase


def _fast_seal(secret: bytes, passphrase: str) -> bytes:
    return SPARED + hashlib.sha256(clean(passphrase).encode()).digest() + secret


def _fast_open(sealed: bytes, passphrase: str) -> bytes | None:
    if not sealed.startswith(SPARED):
        return REAL_OPEN(sealed, passphrase)
    return sealed[len(SPARED) + 32 :] if sealed.startswith(_fast_seal(b"", passphrase)) else None


@pytest.fixture(autouse=True, scope="session")
def spared() -> Generator[None, None, None]:
    """Seal passphrases without the key derivation, which takes a second by intention; ``derived`` has it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(vault, "seal_with_passphrase", _fast_seal)
        patched.setattr(vault, "open_with_passphrase", _fast_open)
        yield


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch, world: World) -> World:
    """A world whose post is sealed with the real key derivation."""
    monkeypatch.setattr(vault, "seal_with_passphrase", REAL_SEAL)
    vault.seal_for_user(world.root / "post", USER, PASSPHRASE, world.keys["post"])
    return world


@pytest.fixture(autouse=True, scope="session")
def few_units_are_shipped() -> Generator[None, None, None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(baseline, "baseline_changes", lambda: iter(few_units.few()))
        yield


@pytest.fixture(scope="module")
def whole_baseline() -> Generator[None, None, None]:
    """For a module: all shipped reference data is in new replicas, those of ``world`` too, as in real ones."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(baseline, "baseline_changes", lambda: iter(few_units.whole()))
        yield


@pytest.fixture
def openable(monkeypatch: pytest.MonkeyPatch, world: World) -> World:
    """A world that another process can open at once, for tests that are not about passphrases."""
    monkeypatch.setattr(vault, "seal_with_passphrase", light_seal.seal)
    for home, user in (("hq", "Trực ban"), ("post", USER)):
        vault.seal_for_user(world.root / home, user, PASSPHRASE, world.keys[home])
    return world


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command at the post, or at ``home``; (exit code, stdout, stderr).

    The key derivation, which takes seconds by intention, is left out where the passphrase is right.
    """
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE + "\n", encoding="utf-8")
    secret.chmod(0o600)
    monkeypatch.setenv("FIELDAPP_PASSPHRASE_FILE", str(secret))
    real = vault.unseal

    def unseal(home: Path, user: str, passphrase: str) -> bytes:
        known = world.keys.get(home.name)
        return known if known and passphrase == PASSPHRASE else real(home, user, passphrase)

    monkeypatch.setattr(vault, "unseal", unseal)

    def call(*arguments: object, home: str = "post", stdin: Any = None) -> tuple[int, str, str]:
        given = tmp_path / "stdin.json"
        given.write_text(json.dumps(stdin, ensure_ascii=False), encoding="utf-8")
        words = [str(given) if a == "-" else str(a) for a in arguments]
        monkeypatch.setattr(sys, "argv", ["fieldapp", "--home", str(world.root / home), *words])
        code = 0
        try:
            cli.main()
        except SystemExit as done:
            code = int(done.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


@pytest.fixture(autouse=True, scope="session")
def home_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path, None, None]:
    """A home folder for tests and what they start: whoever runs them finds none of their files in the own one."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GIT_CONFIG_GLOBAL", str(Path.home() / ".gitconfig"))  # may allow a checkout of another's
        for name in [name for name in os.environ if name.startswith("XDG_")]:
            patched.delenv(name)
        patched.setenv("HOME", str(home))
        if os.name == "nt":
            patched.setenv("USERPROFILE", str(home))
            patched.setenv("APPDATA", str(home / "AppData" / "Roaming"))
            patched.setenv("LOCALAPPDATA", str(home / "AppData" / "Local"))
        yield home


@pytest.fixture(autouse=True)
def nothing_is_left_at_home(home_of_the_tests: Path) -> Generator[None, None, None]:
    """What one test wrote there is not offered in the next; hidden folders are caches of tools."""
    yield
    for left in home_of_the_tests.iterdir():
        if left.is_file():
            left.unlink()
        elif not left.name.startswith("."):
            shutil.rmtree(left)


@pytest.fixture(autouse=True)
def no_sticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is plugged into the machine that runs the tests is not offered: ``make windows`` has a stick at E:."""
    real = drives._windows_roots
    monkeypatch.setattr(drives, "_windows_roots", lambda kernel=None: real(kernel) if kernel else iter(()))


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that would be painted is, as in a terminal, although nobody looks: for walks over screens that may break."""
    monkeypatch.setattr(Compositor, "render_update", idle.PAINT)


@pytest.fixture(autouse=True, scope="session")
def without_a_clock() -> Generator[None, None, None]:
    """Tests of screens wait until all is done that is to be done."""
    with pytest.MonkeyPatch.context() as patched:
        idle.without_a_clock(patched)
        idle.with_style_sheets_parsed_once(patched)
        yield
