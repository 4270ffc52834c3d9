"""A post is begun from the screen: its pack, the words to compare, its certificate, and its recovery code."""

from pathlib import Path

import pytest
from field import PASSPHRASE, USER, Run, World
from form_driver import strokes
from screen_driver import ScreenDriver, run

from fieldapp.sync.exchange import incoming, outgoing
from fieldapp.sync.format import drives
from fieldapp.sync.peers import peers, recovery
from fieldapp.sync.safety import backup
from fieldapp.tui import second_press
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.laptops import LaptopScreen
from fieldapp.tui.screens.pack import PackScreen
from fieldapp.tui.screens.people import PassphraseScreen
from fieldapp.tui.screens.questions import AnswerField


@pytest.fixture
def stick(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stick that is plugged in."""
    folder = world.root / "stick"
    folder.mkdir()
    monkeypatch.setattr(drives, "drives", lambda: [drives.Drive(folder, "KINGSTON", 8_000_000_000, 0)])
    return folder


async def open_pack(s: ScreenDriver) -> None:
    await strokes(s.pilot, "<f6>", "<f2>")
    assert isinstance(s.app.screen, PackScreen)


@pytest.mark.parametrize("key", ["ctrl+l", "ctrl+q"])
async def test_a_field_that_asks_the_records_is_left_when_they_are_closed(world: World, stick: Path, key: str) -> None:
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await open_pack(s)
        await strokes(s.pilot, "IALOP")
        await s.press(key)
        assert s.app._exception is None
        assert s.app._exit == (key == "ctrl+q")
    assert not s.app.return_code


async def test_a_new_post_gets_its_pack_its_words_and_its_certificate_on_the_screen(world: World, stick: Path) -> None:
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await open_pack(s)
        await strokes(s.pilot, "IALOP", "<enter>", "Đồn BP Ia Lốp", "<enter>", "<enter>")
        await s.wait("Nói với đồn")
        words = peers.own(world.hq).fingerprint
        assert words in " ".join(s.text.split())
        assert "IALOP.fieldapp-pack.tar" in s.text
    pack = stick / "IALOP.fieldapp-pack.tar"
    assert pack.exists()
    async with run(world.root / "ialop") as s:  # the stick is at the post: its pack is found
        await strokes(s.pilot, "<f2>", "<f2>")
        await s.wait("Chưa điền ô này")
        await strokes(s.pilot, "Trần Văn B", "<enter>", PASSPHRASE, "<enter>", PASSPHRASE, "<f2>")
        await s.wait("chưa chứng thực")
        post = s.app.store.reopen()
        own = peers.own(post)
        assert (own.title, own.trust) == ("Đồn BP Ia Lốp (A)", "pending")
        assert own.fingerprint in " ".join(s.text.split()) and words in " ".join(s.text.split())
        await strokes(s.pilot, "<escape>")
        assert isinstance(s.app.screen, HomeScreen)
    outgoing.export(post, world.usb)
    incoming.import_files(world.hq, [world.usb])
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await strokes(s.pilot, "<f6>", "<f4>")
        await s.wait("Đồn BP Ia Lốp (A) · chờ chứng thực")
        await strokes(s.pilot, "<enter>")
        assert isinstance(s.app.screen, LaptopScreen)
        assert own.fingerprint in " ".join(s.text.split())
        await strokes(s.pilot, "<f2>")
        await s.wait("Đồn BP Ia Lốp (A) · đã chứng thực")
    post.close()


async def test_a_further_laptop_needs_its_code_alone_a_new_post_a_name_and_a_code_that_files_can_have(
    world: World, stick: Path
) -> None:
    posts = world.hq.value("SELECT count(*) FROM post")
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await open_pack(s)
        await strokes(s.pilot, "<f2>")
        await s.wait("Chưa điền ô này")
        await strokes(s.pilot, "CON", "<f2>")
        assert "Chưa điền ô này" in s.text  # the name
        await strokes(s.pilot, "X", "<f2>")
        await s.wait("! ")
        assert "Nói với đồn" not in s.text
        assert [*stick.iterdir()] == []
        await strokes(s.pilot, "<shift+tab>", *["<backspace>"] * 3, "iarve", "<enter>")
        await s.wait("thêm một máy cho Đồn BP Ia Rvê")
        assert "Tên *" not in s.text
        await strokes(s.pilot, "<f2>")
        await s.wait("Nói với đồn")
    assert [path.name for path in stick.iterdir()] == ["IARVE.fieldapp-pack.tar"]
    assert world.hq.value("SELECT count(*) FROM post") == posts


async def test_a_second_post_of_one_name_is_asked_about_and_begun_at_the_second_press(
    world: World, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_press, "HELD_SECONDS", 0.0)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await open_pack(s)
        await strokes(s.pilot, "IARVE2", "<enter>", "Đồn BP Ia Rvê", "<f2>")
        await s.wait("F2 lần nữa")
        assert not list(stick.iterdir())
        await strokes(s.pilot, "<f2>")
        await s.wait("Nói với đồn")
    assert (stick / "IARVE2.fieldapp-pack.tar").exists()


async def test_headquarters_reads_a_recovery_code_from_the_screen(world: World) -> None:
    post = peers.find_peer(world.hq, "IARVE")
    code = recovery.code_of(world.hq, post)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await strokes(s.pilot, "<ctrl+p>", "ma khoi phuc", "<enter>", "<enter>", "<f5>")
        await s.wait("nhóm 7")
        for group in code.split():
            assert " ".join(group) in s.text
        assert "F5" in s.text and "fieldapp user" not in s.text


async def test_a_lost_laptop_is_revoked_at_the_second_press(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_press, "now", lambda: 0.0)
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await strokes(s.pilot, "<ctrl+p>", "van khoa", "<enter>", "<enter>", "<delete>", "<delete>")
        assert "Del lần nữa" in s.text
        assert peers.find_peer(world.hq, "IARVE").trust == "certified", "a key that is held is no answer"
        monkeypatch.setattr(second_press, "now", lambda: 2.0)
        await strokes(s.pilot, "<delete>")
        await s.wait("Đồn BP Ia Rvê (A) · đã thu hồi")
        await strokes(s.pilot, "<enter>")
        assert "Del" not in s.footer and "F2" not in s.footer


async def test_after_a_misheard_group_the_cursor_stands_at_this_group(world: World) -> None:
    code = recovery.code_of(world.hq, peers.find_peer(world.hq, "IARVE"))
    groups = code.split()
    wrong = " ".join([*groups[:2], f"{(int(groups[2]) + 1) % 100_000:05}", *groups[3:]])
    with pytest.raises(recovery.Misheard):
        recovery.read_code(wrong)
    world.post.close()
    async with run(world.root / "post") as s:
        await strokes(s.pilot, "<f5>", wrong, "<enter>", "một câu khác hẳn", "<enter>", "một câu khác hẳn", "<f2>")
        await s.wait("Nghe nhầm nhóm 3")
        await strokes(s.pilot, groups[2])
        field = s.app.screen.query(AnswerField).first()
        assert (field.has_focus, field.value) == (True, code)
        await strokes(s.pilot, "<f2>")
        for _ in range(200):
            if isinstance(s.app.screen, HomeScreen):
                break
            await s.pilot.pause(0.05)
        assert isinstance(s.app.screen, HomeScreen), s.text


async def test_what_is_refused_has_the_cursor_in_its_line(world: World) -> None:
    async with run(world.root / "post", world.post.reopen()) as s:
        for typed, line in (
            (["falsch", "<enter>", "dài đủ rồi", "<enter>", "dài đủ rồi"], 0),
            ([PASSPHRASE, "<enter>", "ngắn", "<enter>", "ngắn"], 1),
            ([PASSPHRASE, "<enter>", "dài đủ rồi", "<enter>", "dài khác hẳn"], 2),
        ):
            asked = PassphraseScreen(s.app.store)
            s.app.push_screen(asked)
            await strokes(s.pilot, *typed, "<f2>")
            for _ in range(200):
                if not asked.busy:
                    break
                await s.pilot.pause(0.05)
            await s.pilot.pause()
            assert [field.has_focus for field in s.app.screen.query(AnswerField)].index(True) == line
            s.app.pop_screen()


def test_restoring_headquarters_promises_no_reply_of_headquarters(world: World, tmp_path: Path, run: Run) -> None:
    for home, user in (("hq", "Trực ban"), ("post", USER)):
        folder = tmp_path / home
        folder.mkdir()
        store = world.hq if home == "hq" else world.post
        made = backup.write_backup(store, folder)
        code, out, err = run("--user", user, "restore", str(made.path), home=f"restored-{home}")
        assert code == 0, err
        assert ("gói trả lời cho từng đồn" in out) == (home == "hq"), out
