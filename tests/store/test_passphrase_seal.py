"""The cost of a passphrase is fixed; files of another cost are opened and sealed again; too little memory is told."""

import os
import subprocess
import sys
from pathlib import Path

import on_windows
import pyrage
import pytest
from field import PASSPHRASE, USER, Run, World

from fieldapp.errors import FieldappError
from fieldapp.store import passphrase_seal, throttle, vault
from fieldapp.sync.safety import backup
from fieldapp.vietnamese.text import clean

OTHER = 10
"""The work factor of a file that another machine sealed, at no cost"""


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal as the program does, but with little work."""
    monkeypatch.setattr(vault, "open_with_passphrase", REAL_OPEN)
    monkeypatch.setattr(vault, "seal_with_passphrase", REAL_SEAL)


REAL_SEAL, REAL_OPEN = vault.seal_with_passphrase, vault.open_with_passphrase


def key_file(world: World) -> Path:
    (path,) = (world.root / "post" / vault.KEYS_FOLDER).glob("*" + vault.USER_SUFFIX)
    return path


def test_each_machine_seals_at_one_cost_and_any_age_program_opens_it(real: None) -> None:
    sealed = vault.seal_with_passphrase(b"k" * 32, "lúa nước sông")
    assert passphrase_seal.work_factor(sealed) == 17
    assert passphrase_seal.memory_needed(17) == 128 * 1024 * 1024
    assert pyrage.passphrase.decrypt(sealed, "lúa nước sông") == b"k" * 32
    assert vault.open_with_passphrase(sealed, "lúa nước") is None


@pytest.mark.parametrize("size", [1, 64 * 1024])
def test_age_itself_opens_it(size: int, tmp_path: Path) -> None:
    pexpect = pytest.importorskip("pexpect", reason=on_windows.TERMINAL)
    secret = os.urandom(size)
    sealed = tmp_path / "k.age"
    sealed.write_bytes(passphrase_seal.seal(secret, "lua nuoc", OTHER))
    child = pexpect.spawn("age", ["-d", "-o", str(tmp_path / "k"), str(sealed)], timeout=60)
    child.expect("passphrase")
    child.sendline("lua nuoc")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert (tmp_path / "k").read_bytes() == secret


def test_what_is_too_long_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="65537"):
        passphrase_seal.seal(bytes(64 * 1024 + 1), "x", OTHER)


def test_a_file_of_another_cost_is_sealed_again_when_it_is_opened(world: World, real: None) -> None:
    path = key_file(world)
    path.write_bytes(passphrase_seal.seal(world.keys["post"], PASSPHRASE, OTHER))
    assert vault.unseal(world.root / "post", USER, PASSPHRASE) == world.keys["post"]
    again = path.read_bytes()
    assert passphrase_seal.work_factor(again) == passphrase_seal.WORK_FACTOR
    assert vault.unseal(world.root / "post", USER, PASSPHRASE) == world.keys["post"]
    assert path.read_bytes() == again, "once"


def test_where_it_cannot_be_sealed_again_the_old_file_still_opens(
    world: World, real: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = key_file(world)
    old = passphrase_seal.seal(world.keys["post"], PASSPHRASE, OTHER)
    path.write_bytes(old)

    def full(*_arguments: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(vault, "_write", full)
    assert vault.unseal(world.root / "post", USER, PASSPHRASE) == world.keys["post"]
    assert path.read_bytes() == old


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (230 << 20, 230 << 20))
from pathlib import Path
from fieldapp.errors import FieldappError
from fieldapp.store import vault
for act in (lambda: vault.unseal(Path(sys.argv[1]), *sys.argv[2:]), lambda: vault.seal_with_passphrase(b"k", "x")):
    try:
        print(len(act()))
    except FieldappError as error:
        print(error)
"""


def test_too_little_memory_is_told_as_such_and_is_no_wrong_try(world: World, real: None) -> None:
    """The key file is one of an older version, which sealed at 256 MB; its machine has 230 MB.

    Opened once on a machine with more, it opens here from then on.
    """
    if os.name == "nt":
        pytest.skip(on_windows.ABSENT + "setrlimit")
    path = key_file(world)
    old = passphrase_seal.seal(world.keys["post"], PASSPHRASE, 18)
    path.write_bytes(old)
    for _again in range(throttle.FREE_ATTEMPTS + 2):
        told = with_230_mb(world)
        assert "cần 256 MB bộ nhớ" in told
        assert "Không có gì hỏng" in told
    assert path.read_bytes() == old
    assert not list(path.parent.glob("*" + throttle.ATTEMPTS_SUFFIX))
    vault.unseal(world.root / "post", USER, PASSPHRASE)
    assert with_230_mb(world) == str(vault.KEY_BYTES)


def with_230_mb(world: World) -> str:
    """What unlocking says on a machine with so little memory: how long the key is, or a sentence."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(world.root / "post"), USER, PASSPHRASE],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.stdout.splitlines()[0]


def test_an_old_backup_of_another_cost_is_restored_and_sealed_again(world: World, real: None, tmp_path: Path) -> None:
    key_file(world).write_bytes(passphrase_seal.seal(world.keys["post"], PASSPHRASE, OTHER))
    old = backup.write_backup(world.post, tmp_path)
    home = tmp_path / "restored"
    backup.restore_backup(old.path, home, USER, PASSPHRASE)
    (path,) = (home / vault.KEYS_FOLDER).glob("*" + vault.USER_SUFFIX)
    assert passphrase_seal.work_factor(path.read_bytes()) == passphrase_seal.WORK_FACTOR


def test_a_recovery_code_of_another_cost_opens_and_what_is_sealed_then_has_this_one(
    world: World, real: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, code = world.root / "post", "mã của máy"
    with monkeypatch.context() as older:
        older.setattr(vault, "seal_with_passphrase", lambda key, code: passphrase_seal.seal(key, clean(code), OTHER))
        world.post.seal_under_code(code, None)
    assert vault.unseal_with_code(home, code) == world.keys["post"]
    world.post.add_user(USER, "mật khẩu mới")
    assert passphrase_seal.work_factor(key_file(world).read_bytes()) == passphrase_seal.WORK_FACTOR


@pytest.mark.parametrize("content", [b"", b"age-encryption.org/v1\n-> scrypt ", b"x" * 200])
def test_what_is_no_sealed_key_is_damaged_and_no_wrong_passphrase(world: World, real: None, content: bytes) -> None:
    key_file(world).write_bytes(content)
    with pytest.raises(FieldappError, match="hỏng"):
        vault.unseal(world.root / "post", USER, PASSPHRASE)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_a_command_without_memory_says_so(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def out_of_memory(*_arguments: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr("fieldapp.records.lists.record_window", out_of_memory)
    code, _out, said = run("--user", USER, "list", "event", home="post")
    assert code == 1
    assert "quá ít bộ nhớ trống" in said and "vẫn an toàn" in said
