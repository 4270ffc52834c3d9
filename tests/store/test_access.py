"""What other accounts of the machine may read: warned about where a person decides, closed where the program writes."""

import os
import stat
from datetime import date
from pathlib import Path

import on_windows
import pytest
from field import PASSPHRASE, Run, World

from fieldapp.reports.files.write import FORMS, Form, write_report
from fieldapp.reports.query import Query, period_of
from fieldapp.store import place

pytestmark = on_windows.PERMISSIONS
YEAR = Query(period_of("2013", date(2026, 1, 1)))
WORKSPACE, SECRET = "thư mục dữ liệu", "tệp mật khẩu"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("rights", "warned"), [(0o700, False), (0o750, True), (0o711, True), (0o755, True)])
def test_a_workspace_that_others_may_look_into_is_warned_about(
    world: World, run: Run, rights: int, warned: bool
) -> None:
    world.post.home.chmod(rights)
    for _ in range(2):
        code, _out, err = run("list", "event")
        assert (code, WORKSPACE in err) == (0, warned), err
    world.post.home.chmod(0o700)
    assert WORKSPACE not in run("list", "event")[2]


@pytest.mark.parametrize(("rights", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_passphrase_file_that_others_can_read_is_warned_about(
    run: Run, tmp_path: Path, rights: int, warned: bool
) -> None:
    Path(os.environ["FIELDAPP_PASSPHRASE_FILE"]).chmod(rights)
    code, _out, err = run("list", "event")
    assert (code, SECRET in err, PASSPHRASE in err) == (0, warned, False)


def test_a_pipe_and_fat_are_not_warned_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe", 0o666)
    assert not place.readable_by_others(tmp_path / "pipe")
    tmp_path.chmod(0o777)
    assert place.readable_by_others(tmp_path)
    monkeypatch.setattr(place, "volume", lambda _folder: place.Volume("vfat"))
    assert not place.readable_by_others(tmp_path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("personal", [True, False])
def test_a_report_with_names_is_for_its_writer_alone(world: World, tmp_path: Path, form: Form, personal: bool) -> None:
    before = os.umask(0o022)
    try:
        write_report(world.hq, YEAR, form, tmp_path / f"r.{form}", personal=personal)
    finally:
        os.umask(before)
    assert mode(tmp_path / f"r.{form}") == (0o600 if personal else 0o644)


@pytest.mark.parametrize("personal", [True, False])
def test_open_data_with_names_is_for_its_writer_alone(run: Run, tmp_path: Path, personal: bool) -> None:
    before = os.umask(0o022)
    try:
        code, _out, _err = run("hq", "open-data", tmp_path / "data", *(["--personal"] if personal else []), home="hq")
    finally:
        os.umask(before)
    assert code == 0
    assert mode(tmp_path / "data") == (0o700 if personal else 0o755)
    below = [*(tmp_path / "data").rglob("*")]
    assert {mode(path) for path in below if path.is_file()} == {0o600 if personal else 0o644}
    assert {mode(path) for path in below if path.is_dir()} == {0o700 if personal else 0o755}
