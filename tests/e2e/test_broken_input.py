"""What a terminal sends is not always UTF-8: a letter is lost then, never the program or a draft; an end is told."""

import inspect
import random
from importlib import import_module

import pytest
from e2e.terminal import ENTER, F2, Terminal
from field import PASSPHRASE, World

from fieldapp.records import lists

pytestmark = pytest.mark.usefixtures("openable")
MARK = "Xong"
"""Ends each text, so that a test knows when all of it has arrived"""

BROKEN = {
    "a byte of windows-1258": ("gi\xeang ".encode("latin-1"), "ging "),
    "Latin-1": ("\xe9t\xe9 \xe0".encode("latin-1"), "t "),
    "the eighth bit as Alt": (b"a\xe1 b\xc2", "a b"),
    "half a letter, then a key": ("Vi\u1ebf".encode()[:-1] + b"n ", "Vin "),
    "half a letter, then a whole one": ("\u1ea1".encode()[:2] + "\u1ea1 ".encode(), "\u1ea1 "),
    "bytes that never occur": (b"\xff\xfe \xc0\xaf1 \xf8", " 1 "),
    "half of a surrogate pair": ("\ud83d ".encode("utf-8", "surrogatepass"), " "),
    "overlong": (b"\xc0\xaf\xe0\x80\xaf1\xf0\x80\x80\xaf ", "1 "),
    "a pair of surrogates, each as a letter": (b"a\xed\xa0\xbd\xed\xb8\x80b ", "ab "),
    "controls of the upper half": ("a\x85\x9b\x90\x9cb ".encode() + b"\x9bc ", "ab c "),
    "within a key": (b"abc\x1b\x80[\xffD\x1b[\xb0Dx\x1bO\x80C\x1bOC ", "axbc "),
    "NUL, BOM, soft hyphen, directions": ("\0a\ufeffb\u00ad\u202e\u200dc\u200c ".encode(), "abc "),
    "marks in another order": ("tie\u0301\u0302ng Va\u0300\ufe0fng a\u0340\u0306 ".encode(), "tiếng Vàng ằ "),
    "in a paste": (
        b"\x1b[200~\xef\xbb\xbfl\xfaa\x07\x1b\x9b n\xc6\xb0\xe1\xbb\x1b[201~", "la n\u01b0"
    ),
}  # fmt: skip


def form(world: World, before: str = "") -> Terminal:
    terminal = Terminal(world.root / "post", before)
    terminal.wait("Mật khẩu")
    terminal.type(PASSPHRASE, ENTER)
    terminal.wait("Cần làm")
    terminal.open_form("dang vien", "Đảng viên")
    return terminal


def test_bytes_that_are_no_letter_cost_that_letter_only(world: World) -> None:
    terminal = form(world)
    for data, _text in BROKEN.values():
        terminal.send(data + MARK.encode() + b" ")
    terminal.wait("không gửi UTF-8")
    rng = random.Random(20261130)
    noise = bytes(rng.choice([*range(0x80, 0xC0), 0xC0, 0xC1, *range(0xF5, 0x100)]) for _ in range(2000))
    terminal.send(noise + MARK.encode() * 2)
    terminal.wait(MARK * 2)
    terminal.type(F2)
    terminal.wait("✓ Đã ghi")
    terminal.end()
    (member,) = lists.record_window(world.post, "member").rows
    meant = "".join(text + MARK + " " for _data, text in BROKEN.values())
    assert member["full_name"] == meant + MARK * 2


DEAF = """
from textual._xterm_parser import XTermParser
plain = XTermParser.feed
def feed(parser, data):
    if "ø" in data:
        raise RuntimeError("Siu Blêh")
    return plain(parser, data)
XTermParser.feed = feed
"""


def test_an_input_that_ends_is_told_with_a_status_and_the_draft_is_kept(world: World) -> None:
    terminal = form(world, DEAF)
    terminal.type("Rơ Châm Hyeo")
    terminal.wait("nháp")
    terminal.type("ø")
    status, came = terminal.ended()
    assert status == 1
    assert "Chương trình gặp lỗi ngoài dự kiến. Những gì đã lưu vẫn an toàn." in came
    assert "Traceback" not in came
    log = (world.root / "post" / "fieldapp.log").read_text(encoding="utf-8")
    assert "RuntimeError" in log
    assert "Siu" not in log
    terminal = Terminal(world.root / "post")
    terminal.wait("Mật khẩu")
    terminal.type(PASSPHRASE, ENTER)
    terminal.wait("bản nháp")
    terminal.type(ENTER)
    terminal.wait("Rơ Châm Hyeo")
    terminal.end()


@pytest.mark.parametrize("name", ["linux_driver", "web_driver"])
def test_textual_still_decodes_strictly(name: str) -> None:
    """Where this fails, Textual has another way: see whether ``fieldapp.tui.terminal`` is needed still, and works."""
    module = import_module(f"textual.drivers.{name}")
    driver = next(v for k, v in vars(module).items() if k.lower() == name.replace("_", ""))
    assert 'getincrementaldecoder("utf-8")()' in inspect.getsource(driver.run_input_thread)
