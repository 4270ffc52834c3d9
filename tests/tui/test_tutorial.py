"""The first quarter of an hour, as it is gone through; and practice that nobody can take for the real records."""

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from field import Run, World
from screen_driver import ScreenDriver

from fieldapp import tutorial
from fieldapp.errors import FieldappError, FileRefused
from fieldapp.store.store import FILE, Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.format import bundle
from fieldapp.sync.peers import practice
from fieldapp.tui.tutorial import TutorialApp

PATIENCE = 1200
"""Turns of a tenth of a second until the stick must have been carried"""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A practice workspace, and its post's key."""
    folder = tmp_path_factory.mktemp("practice")
    with tutorial.begin_practice(folder) as store:
        return folder, store.key


@pytest.fixture
def post(made: tuple[Path, bytes], tmp_path: Path) -> Generator[Store, None, None]:
    shutil.copytree(made[0], tmp_path / "practice")
    store = Store.open(tmp_path / "practice" / "post", made[1], tutorial.USER)
    yield store
    store.close()


async def test_each_step_is_checked_off_when_it_was_done(
    post: Store, made: tuple[Path, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = post.home
    app = TutorialApp(home, post)
    async with app.run_test(size=(80, 24)) as pilot:
        s = ScreenDriver(app, pilot)
        await s.wait("1/5 Ghi một giếng khoan")
        assert s.text.startswith(" SỔ TẬP · Đồn tập")
        await s.press("f2", "hoat dong", "enter", "gieng", "enter", "hn", "enter", "24221", "enter")
        assert s.text.startswith(" SỔ TẬP · Đồn tập"), "the mark stands on every page"
        await s.press("enter", "enter", "enter", "enter", "enter", "1", "f2")
        await s.press("escape")
        await s.wait("2/5 Ghi kỳ sinh hoạt")
        await s.press("f6", "f2", "ba na", "enter", "enter", "hn", "enter", "enter", "enter", "enter", "f6", "f2")
        await s.press("escape", "escape")
        await s.wait("3/5 Tìm lại")
        await s.press("f3", "gieng", "enter")
        await s.wait("4/5 Xuất ra USB")
        assert s.text.startswith(" SỔ TẬP · Đồn tập")
        await s.press("escape", "escape", "f9")
        assert "USB tập" in s.text
        await s.press("enter")
        await s.wait("Có thể rút USB")
        await s.wait("5/5 USB đã lên sở chỉ huy")
        for _ in range(PATIENCE):
            if not (app._carrying or tutorial.is_waiting(app.store)):
                break
            await pilot.pause(0.1)
        assert not app._carrying, "the stick was not carried"
        await s.press("ctrl+l")
        await s.wait("SỔ TẬP · Sổ ghi chép")
        assert f"gõ: {tutorial.PASSPHRASE}" in s.text
        await s.press(tutorial.PASSPHRASE, "enter")
        await s.wait("5/5 USB đã lên sở chỉ huy")
        await s.press("enter")
        await s.wait("Xong bài")
        assert "Sở chỉ huy đã nhận đủ." in s.text
    with Store.open(home, made[1], tutorial.USER) as again:
        assert [step.done for step in tutorial.steps(again)] == [True] * 5
    monkeypatch.setattr(tutorial, "_make", lambda folder: None)
    with pytest.raises(FieldappError, match="chưa có dữ liệu"):
        tutorial.begin_practice(home.parent, again=True)
    assert not home.exists(), "what was practised is forgotten"


def test_practice_writes_nowhere_else(post: Store, tmp_path: Path) -> None:
    (tmp_path / "real stick").mkdir()
    with pytest.raises(FieldappError, match="chỉ ghi vào USB tập"):
        outgoing.export(post, tmp_path / "real stick")
    assert not list((tmp_path / "real stick").iterdir())
    (written,) = outgoing.export(post, practice.practice_stick(post))
    assert written.path.name.startswith("tap_")


def test_headquarters_and_practice_take_nothing_from_each_other(world: World, post: Store, tmp_path: Path) -> None:
    (written,) = outgoing.export(post, practice.practice_stick(post))
    (imported,) = incoming.import_files(world.hq, [written.path])
    assert (imported.for_others, imported.applied) == (True, 0)
    # even where somebody has sealed it to the real headquarters
    inspected = bundle.inspect(written.path, str(_hq(post).value("SELECT age_secret FROM local_replica WHERE own = 1")))
    with pytest.raises(FileRefused, match="sổ tập") as refused:
        practice.check_practice_sender(world.hq, inspected.sender, written.path.name)
    assert refused.value.reason == "practice"
    practice.check_practice_sender(post, inspected.sender, written.path.name)
    pack = next(world.usb.glob("*" + bundle.PACK_SUFFIX))
    with pytest.raises(FileRefused, match="sổ tập"):
        practice.check_practice_sender(post, bundle.inspect(pack, None).sender, pack.name)
    with pytest.raises(FieldappError, match="dành cho sổ tập"):
        enrolment.write_pack(world.hq, code="TAP", name="Đồn thật", dest=tmp_path)
    with pytest.raises(FieldappError, match="dành cho sổ tập"):
        enrolment.rename_post(world.hq, "IARVE", name="Đồn", code="TAP")


def _hq(post: Store) -> Store:
    return tutorial._practice(post.home.parent / "hq", tutorial.USER)


def test_no_real_post_begins_from_a_practice_pack(post: Store, run: Run, tmp_path: Path) -> None:
    with _hq(post) as hq:
        pack = enrolment.write_pack(hq, code="TAP", name="Đồn tập", dest=practice.practice_stick(post))
    code, _out, err = run("init", "--pack", pack, "--user", "A", home="new")
    assert (code, "gói cấp của sổ tập" in err) == (1, True)


def test_a_real_workspace_is_no_place_to_practise(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tutorial, "USER", "Nguyễn Văn A")
    monkeypatch.setattr(tutorial, "PASSPHRASE", "lúa nước sông")
    code, _out, err = run("tutorial", "--workspace", world.root, "--again")
    assert (code, "có sổ thật" in err) == (1, True)
    assert (world.root / "post" / FILE).exists()
    assert world.post.value("SELECT count(*) FROM unit")
