"""On a slow disk a person sees at once that a key was taken, and nothing is confirmed before it is safe."""

import pytest
from e2e.terminal import ENTER, F2, F9, Terminal
from field import PASSPHRASE, World

from fieldapp.records import lists

pytestmark = pytest.mark.usefixtures("openable")

SLOW = """
import time
from pathlib import Path
from fieldapp.store.database import Database
plain = Database.execute
def execute(self, sql, parameters=()):
    while sql == "COMMIT" and Path({flag!r}).exists():
        time.sleep(0.01)
    return plain(self, sql, parameters)
Database.execute = execute
"""
"""The disk answers no commit while a file is there"""


def test_saving_says_so_at_once_and_takes_keys_meanwhile(world: World) -> None:
    slow = world.root / "slow"
    terminal = Terminal(world.root / "post", SLOW.format(flag=str(slow)))
    terminal.wait("Mật khẩu")
    terminal.type(PASSPHRASE, ENTER)
    terminal.wait("Cần làm")
    terminal.open_form("dang vien", "Đảng viên")
    terminal.type("Rơ Châm Hyeo")
    terminal.wait("nháp")
    slow.touch()
    terminal.type(F2)
    terminal.wait("Đang ghi …")
    terminal.type(F2, "Siu Blêh")
    terminal.wait("Đang ghi … 2 giây")
    assert "Đã ghi" not in terminal.text
    assert not lists.record_window(world.post, "member").rows
    slow.unlink()
    terminal.wait("✓ Đã ghi")
    terminal.wait("Siu Blêh")
    terminal.wait_gone("Đang ghi …")
    terminal.end()
    (member,) = lists.record_window(world.post, "member").rows
    assert member["full_name"] == "Rơ Châm Hyeo"
    (draft,) = world.post.drafts()
    assert draft.data["full_name"] == "Siu Blêh"


BUSY = """
import time
from fieldapp.tui.widgets.text_field import TextField
plain = TextField._type
def slowly(self, key):
    if key == "#":
        time.sleep(0.4)
    plain(self, key)
TextField._type = slowly
"""
"""The machine has other work while one letter is typed: the sign that says so comes and goes"""


def test_what_is_typed_while_the_machine_is_busy_is_seen(world: World) -> None:
    """It stood in the field and was not painted until the next key: as good as lost for whoever typed it."""
    terminal = Terminal(world.root / "post", BUSY)
    terminal.wait("Mật khẩu")
    terminal.type(PASSPHRASE, ENTER)
    terminal.wait("Cần làm")
    terminal.type(F9)
    terminal.wait("Hoặc thư mục")
    typed = ""
    for letters in ("/usb", "#", "#a", "#", "#b", "#"):
        typed += letters
        terminal.type(letters)
        terminal.wait(f"  {typed} ")
    terminal.end()
