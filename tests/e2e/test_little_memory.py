"""A machine with little memory: an evening on the screen, and files that an older version sealed at a high cost.

What is limited is address space, as by ``ulimit -v``, which is stricter than memory: what is only reserved counts.
"""

import os
import subprocess
import sys
from pathlib import Path

import light_seal
import on_windows
import pytest
from e2e.terminal import ENTER, ESC, F2, Terminal
from field import PASSPHRASE, USER, World

from fieldapp.errors import FieldappError
from fieldapp.records import lists
from fieldapp.store import passphrase_seal, vault
from fieldapp.store.store import Store
from fieldapp.sync.peers import peers, recovery
from fieldapp.sync.safety import backup

pytestmark = [pytest.mark.usefixtures("openable"), on_windows.LIMITS]

LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_AS, ({0} * 10**6, {0} * 10**6))"
WATCH = """
import gc
seen = open({!r}, "a", buffering=1)
gc.callbacks.append(lambda phase, info: phase == "start" and print(len(gc.get_objects(0)), file=seen))
"""
"""Writes how many new objects the garbage collector looks through each time"""
F3, F8 = "\x1bOR", "\x1b[19~"


def test_an_evening_with_little_memory(world: World) -> None:
    """Lists, searches, a form and the report, which threads begin: each would reserve 64 MB for itself.

    Nor is anybody who types kept waiting while tens of thousands of objects are looked through.
    """
    looked = world.root / "looked"
    terminal = Terminal(world.root / "post", LIMIT.format(300) + WATCH.format(str(looked)))
    terminal.wait("Mật khẩu")
    terminal.type(PASSPHRASE, ENTER)
    terminal.wait("Cần làm")
    terminal.open_form("dang vien", "Đảng viên")
    terminal.type("Nguyễn Văn Bình", F2)
    terminal.wait("✓ Đã ghi")
    terminal.type(ESC)
    terminal.wait("Cần làm")
    terminal.type(F3, "binh")
    terminal.wait("Nguyễn Văn Bình")
    terminal.type(ESC, F8)
    terminal.wait("Báo cáo")
    terminal.end()
    (member,) = lists.record_window(world.post, "member").rows
    assert member["full_name"] == "Nguyễn Văn Bình"
    assert 4_000 < max(map(int, looked.read_text().split())) < 20_000


SOAK = bool(os.environ.get("FIELDAPP_SOAK"))
OLD, NOW, MEGABYTES = (20, passphrase_seal.WORK_FACTOR, 700) if SOAK else (16, 10, 76)
"""Work factors of what an older version sealed and of what is sealed now, and the limit of the machine with little
memory: with ``FIELDAPP_SOAK`` the real ones, 1 GB and 128 MB"""
LITTLE = LIMIT.format(MEGABYTES)
CHEAP = light_seal.usual(NOW)
NEW = "rừng khộp mùa khô"
TOO_LITTLE = f"cần {passphrase_seal.memory_needed(OLD) >> 20} MB bộ nhớ"


def machine(home: Path, *arguments: object, limit: str = "", said: str = "", passphrase: str = PASSPHRASE) -> str:
    """What a command says on a machine with much memory, or with little; ``said``: typed where it asks."""
    words = home.parent / "words"
    words.write_text(passphrase, encoding="utf-8")
    words.chmod(0o600)
    named = dict.fromkeys(("FIELDAPP_PASSPHRASE_FILE", "FIELDAPP_NEW_PASSPHRASE_FILE"), str(words))
    code = f"{limit}\n{CHEAP}\nfrom fieldapp.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--home", str(home), "--user", USER, *map(str, arguments)],
        env=os.environ | named, input=said, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def seal_as_before(world: World, factor: int) -> str:
    """Seal the post's key as an older version did, and tell headquarters the recovery code; the code."""
    with pytest.MonkeyPatch.context() as older:
        older.setattr(vault, "seal_with_passphrase", lambda key, words: passphrase_seal.seal(key, words, factor))
        world.post.add_user(USER, PASSPHRASE)
        code = recovery.renew_code(world.post)
    world.carry(world.post, world.hq)
    return code


def test_what_an_older_version_sealed_opens_on_a_small_machine_once_a_large_one_has_opened_it(
    world: World, tmp_path: Path
) -> None:
    """Passphrase, recovery code, and a backup of that time."""
    home = world.root / "post"
    world.well()
    seal_as_before(world, OLD)
    old = backup.write_backup(world.post, tmp_path).path
    world.post.close()

    assert TOO_LITTLE in machine(home, "list", "activity", limit=LITTLE)
    assert "Giếng" in machine(home, "list", "activity")
    assert "Giếng" in machine(home, "list", "activity", limit=LITTLE)

    world.post = Store.open(home, world.keys["post"], USER)
    world.carry(world.post, world.hq)
    world.post.close()
    fresh = recovery.code_of(world.hq, peers.others(world.hq)[0])
    by_code = ("user", "recover", "--code")
    assert "đã dùng lại được" in machine(home, *by_code, limit=LITTLE, said=fresh, passphrase=NEW)

    again = tmp_path / "again"
    assert TOO_LITTLE in machine(again, "restore", old, limit=LITTLE)
    assert not again.exists()
    machine(again, "restore", old)
    assert "Giếng" in machine(again, "list", "activity", limit=LITTLE)


def test_until_headquarters_has_the_new_code_the_old_one_opens(world: World) -> None:
    home = world.root / "post"
    code = seal_as_before(world, 10)
    with pytest.MonkeyPatch.context() as cheap:
        cheap.setattr(passphrase_seal, "WORK_FACTOR", 9)
        cheap.setattr(vault, "seal_with_passphrase", lambda key, words: passphrase_seal.seal(key, words, 9))
        recovery.renew_dear_code(world.post)
        assert not vault.code_is_dear(home)
        recovery.renew_dear_code(world.post)  # another window, which looked at the code before this one renewed it
        world.post = recovery.accept_code(home, USER, code, NEW)
    with pytest.raises(FieldappError, match="đã được dùng"):
        vault.unseal_with_code(home, recovery.read_code(code))


def test_a_wrong_code_counts_although_the_code_before_cannot_be_tried_for_lack_of_memory(world: World) -> None:
    """Else codes could be guessed without the waits between tries, on a machine with little memory."""
    home = world.root / "post"
    attempts = home / "keys" / "recovery-code.json.tries"
    code = seal_as_before(world, 10)
    with pytest.MonkeyPatch.context() as cheap:
        cheap.setattr(passphrase_seal, "WORK_FACTOR", 9)
        cheap.setattr(vault, "seal_with_passphrase", lambda key, words: passphrase_seal.seal(key, words, 9))
        recovery.renew_dear_code(world.post)

        def opened(sealed: bytes, _words: str) -> None:
            if passphrase_seal.work_factor(sealed) == 10:
                raise FieldappError("1024 MB")

        cheap.setattr(vault, "open_with_passphrase", opened)
        with pytest.raises(FieldappError, match="1024 MB"):
            vault.unseal_with_code(home, recovery.read_code(code))
    assert attempts.exists()
