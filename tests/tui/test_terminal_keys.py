"""Keys as terminals send them: each arrives as what was pressed, whichever terminal sent it.

``data/terminal_keys.tsv`` says what terminals send: made from the terminfo entries of ncurses 6.4 (``infocmp -x``), and
from the terminals' own pages: Windows' console (Console Virtual Terminal Sequences), PuTTY's settings of keys, kitty's
keyboard protocol, xterm's modifyOtherKeys.
"""

import csv
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from field import World
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._time import get_time
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.web_driver import WebDriver

from fieldapp.tui.app import FieldApp
from fieldapp.tui.terminal import lenient
from fieldapp.tui.terminal_keys import Setting, TerminalParser

TABLE = Path(__file__).parents[1] / "data" / "terminal_keys.tsv"
NAME = "Nguyễn Văn Thưởng, buôn Đrăng Phốk, "


def rows() -> Iterator[tuple[str, str, str, str]]:
    with TABLE.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            for terminal in row["terminals"].split():
                data = row["bytes"].encode("ascii").decode("unicode_escape")
                yield terminal, row["pressed"], data, row["arrives as"]


def setting(terminal: str) -> Setting:
    return Setting(terminal, terminal.startswith("tmux"))


def arrives(data: str, term: str = "xterm-256color") -> list[str]:
    """The keys, pastes and other messages that data becomes, when nothing comes after it."""
    return said(TerminalParser(setting=setting(term)), data)


def said(parser: XTermParser, *parts: str) -> list[str]:
    messages: list[object] = []
    for part in parts:
        messages += parser.feed(part)
    if parser._timeout_time is not None:
        parser._timeout_time = get_time()
        messages += parser.tick()
    return [named(message) for message in messages]


def named(message: object) -> str:
    if isinstance(message, events.Key):
        return (message.character or "") if message.is_printable and message.key != "space" else message.key
    return f"paste {message.text}" if isinstance(message, events.Paste) else type(message).__name__


def test_every_key_of_every_terminal_arrives_as_what_it_is() -> None:
    wrong = [
        f"{terminal}, {pressed}: {data!r} became {came}, not {meant}"
        for terminal, pressed, data, meant in rows()
        if (came := " ".join(arrives(data, terminal))) != meant
    ]
    assert wrong == []


def test_the_table_has_the_keys_that_people_press() -> None:
    keys = {f"f{n}" for n in range(1, 13)} | {"up", "down", "left", "right", "home", "end", "pageup", "pagedown"}
    keys |= {"insert", "delete", "backspace", "shift+tab"}
    for terminal in ("linux", "putty", "tmux-256color", "xterm-256color", "kitty", "rxvt", "conhost"):
        assert keys <= {pressed for name, pressed, _data, _meant in rows() if name == terminal}, terminal


def test_a_key_between_letters_costs_none_of_them() -> None:
    """Also where all comes in one burst, and where the bytes come one by one."""
    wrong = []
    for terminal, _pressed, data, meant in rows():
        if data == "\x1b":
            continue  # Esc and what was typed after it, below
        for parts in ((f"a{data}ế",), tuple(f"a{data}ế")):
            came = " ".join(said(TerminalParser(setting=setting(terminal)), *parts))
            if came != " ".join(f"a {meant} ế".split()):
                wrong.append(f"{terminal}: {data!r} became {came}")
    assert wrong == []


@pytest.mark.parametrize("tmux", [False, True])
@pytest.mark.parametrize("text", ["", "2", "a", "Nguyễn", "Ông", "\r", "]", "P", "Phạm", "[", "O", " ", "\x10"])
def test_esc_and_what_was_typed_at_once_after_it(text: str, tmux: bool) -> None:
    parser = TerminalParser(setting=Setting("tmux-256color" if tmux else "linux", tmux))
    typed = {"\r": "enter", " ": "space", "\x10": "ctrl+p"}
    assert said(parser, "\x1b" + text) == ["escape", *(typed.get(letter, letter) for letter in text)]


@pytest.mark.parametrize(
    ("data", "meant"),
    [
        ("\x1b[0;;" + ":".join(str(ord(c)) for c in NAME * 9) + "u", NAME * 9),  # an input method's text, by kitty
        ("\x1b[97;1;" + "97:" * 3000 + "97u", "a" * 3001),
        ("\x1b[99999999u" + NAME, NAME),
        ("\x1b[1:1;1:x" + NAME, NAME),
        ("\x1b[" + "9" * 6000 + "u" + NAME, NAME),
        ("\x1b[55296;1;55296u" + NAME, NAME),
        ("\x1b[?62;22c" + NAME, NAME),  # which terminal it is, asked by the program before
        ("\x1b]11;rgb:0000/0000/0000\x1b\\" + NAME, NAME),  # its colour
        ("\x1b]11;rgb:0000/0000/0000\x07" + NAME, NAME),
        ("\x1bP>|XTerm(390)\x1b\\" + NAME, NAME),
        ("\x1b[>41;390;0c\x1b[24;80R" + NAME, NAME),
        ("\x1b[M abc" + NAME, "c" + NAME),  # an old mouse: three characters
        ("\x1b[M \ufffd!" + NAME, NAME),  # right of the 95th column its bytes are no letters
        ("\x1b[M \x00\x00" + NAME, NAME),  # beyond what they can say
        ("\x1b[M \u0100!\x1b[35;100;20M\x1b[<35;100;20M" + NAME, "MouseMove" + NAME),  # of other encodings
    ],
)
def test_reports_of_any_length_type_only_their_text(data: str, meant: str) -> None:
    assert "".join(arrives(data)).replace("space", " ") == meant


def test_a_paste_whose_end_is_cut_ends_when_nothing_comes_any_more() -> None:
    for cut in ("", "\x1b", "\x1b[", "\x1b[20", "\x1b[201", "[201~"):
        parser = TerminalParser(setting=setting("linux"))
        assert said(parser, "\x1b[200~xã Ia Rvê\n" + cut) == ["paste xã Ia Rvê\n"]
        assert said(parser, "đủ\x1bOQ") == ["đ", "ủ", "f2"]
    parser = TerminalParser(setting=setting("linux"))
    assert said(parser, "\x1b[200~một", "\x1b[200~hai\x1b[201~") == ["paste một", "paste hai"]
    assert said(parser, "\x1b[201~a") == ["a"], "an end that comes too late"


def test_what_is_typed_behind_the_damaged_end_of_a_paste_is_typed() -> None:
    """Within the second in which the rest of the paste might come."""
    for cut in ("\x1b[2", "\x1b[20", "\x1b[201", "\x1b201~", "\x1b[01~", "\x1b[21~", "\x1b[20~", "\x1b[2\ufffd1~"):
        assert arrives(f"\x1b[200~xã Ia{cut}đủ\x1bOQ\x1b") == ["paste xã Ia", "đ", "ủ", "f2", "escape"], repr(cut)
        assert arrives(f"\x1b[200~xã{cut}\x1b[200~Ia\x1b[201~a") == ["paste xã", "paste Ia", "a"], repr(cut)
    assert arrives("\x1b[200~[201~ 20~\x1b[201~a") == ["paste [201~ 20~", "a"]


@pytest.mark.parametrize(
    ("data", "meant"),
    [
        ("\x1b[200~a\x1b[201~", "paste a"),
        ("\x1b[<0;2;3M", "MouseDown"),
        ("\x1b[I", "AppFocus"),
        ("\x1b[97;;97u", "a"),
        ("\x1b[57400u", "1"),
        ("\x1bOp1", "0 1"),
        ("\x1b[?62;22c", ""),
        ("\x1b[99~", ""),
        ("\x1b[A", "up"),
        ("\x1bOP", "f1"),
    ],
)
def test_esc_and_what_comes_at_once_after_it(data: str, meant: str) -> None:
    assert " ".join(arrives("\x1b" + data)) == f"escape {meant}".strip()


def test_what_keyboards_have_in_the_place_of_alt_takes_the_word_too() -> None:
    for modifiers in (3, 5, 7, 8, 9, 17, 33, 129 + 4):
        for data in (f"\x1b[127;{modifiers}u", f"\x1b[27;{modifiers};127~", f"\x1b[27;{modifiers};8~"):
            assert arrives(data) == ["ctrl+backspace"], repr(data)
        assert arrives(f"\x1b[3;{modifiers}~") == ["ctrl+delete"], modifiers


def test_letters_of_a_keyboard_with_caps_lock() -> None:
    """As kitty reports all keys without their text."""
    assert arrives("\x1b[97;65u\x1b[97;66u\x1b[97:65;66u\x1b[97;193u\x1b[49;65u\x1b[273;65u") == [*"AaaA1Đ"]


def windows(key: int, unit: int = 0, state: int = 0, times: int = 1) -> str:
    """A key that is pressed and let go, as win32-input-mode reports it."""
    return f"\x1b[{key};0;{unit};1;{state};{times}_\x1b[{key};0;{unit};0;{state};1_"


def test_keys_as_windows_terminal_reports_its_records() -> None:
    """A program asked for them, and has ended without a word."""
    typed = "".join(windows(231, int.from_bytes(c.encode("utf-16-le"), "little")) for c in NAME)
    assert "".join(arrives(typed)).replace("space", " ") == NAME
    pair = "".join(f"\x1b[231;0;{unit};1;0;1_" for unit in (0xD83D, 0xDE00))
    assert arrives(pair + windows(65, 97)) == ["\U0001f600", "a"]
    assert arrives(windows(8, 8, times=3)) == ["backspace"] * 3
    keys = (
        windows(8, 127, 8),
        windows(46, 0, 256 + 16),
        windows(112),
        windows(13, 13),
        windows(9, 9, 16),
        windows(81, 17, 8),
    )
    assert arrives("".join(keys)) == ["ctrl+backspace", "delete", "f1", "enter", "shift+tab", "ctrl+q"]
    assert arrives(windows(81, 64, 9) + windows(65, 97, 2) + windows(18, 0, 2) + windows(16, 0, 16)) == ["@", "alt+a"]
    assert arrives("\x1b[18;0;7871;0;0;1_\x1b[;;97;1_\x1b[_\x1b[27;1;27;1;0;1_") == ["ế", "a", "escape"]


def test_a_paste_is_text_whatever_stands_in_it() -> None:
    assert arrives("\x1b[200~a\x1b[A\x1bOQ\r\x00b\x7f\x1b[201~\x1bOQ") == ["paste a\x1b[A\x1bOQ\rb\x7f", "f2"]


@given(st.text("\x1b[O]PM<?;:0123459$~^@uABRZaIy \x00\x07\x08\x7f\x9b\r\\ếô\u0302\ud83d", min_size=1))
def test_whatever_comes_the_reader_goes_on(characters: str) -> None:
    parser = TerminalParser(setting=setting("linux"))
    said(parser, characters)
    while parser._timeout_time is not None:
        said(parser)
    assert said(parser, "\x1bOPa") == ["f1", "a"]


def test_windows_sends_a_nul_where_shift_is_pressed() -> None:
    parser = TerminalParser(setting=Setting())
    assert said(parser, "\x00\x1b\x00O\x00Q\x00a\x1b\x00") == ["f2", "a", "escape"]


@pytest.mark.parametrize("name", ["web_driver", "windows_driver" if sys.platform == "win32" else "linux_driver"])
def test_the_drivers_read_so(name: str) -> None:
    """Where this fails, Textual makes its parser in another place."""
    module = import_module(f"textual.drivers.{name}")
    lenient(next(v for k, v in vars(module).items() if k.lower() == name.replace("_", "")))
    assert getattr(module, "win32", module).XTermParser is TerminalParser


async def test_what_two_threads_write_to_a_page_does_not_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts of a file that a page fetches, and the pictures of its screen, through a pipe that is full."""
    came, pipe = os.pipe()
    with os.fdopen(came, "rb") as page, os.fdopen(pipe, "w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "__stdout__", out)
        monkeypatch.setattr("textual.drivers.web_driver.InputReader", object)
        driver: Any = lenient(WebDriver)(App())

        def show_pictures() -> None:
            for _picture in range(100):
                driver.write("=" * 3000)

        def send_parts() -> None:
            for _part in range(10):
                driver.write_binary_encoded(("deliver_chunk", "key", b"-" * 100_000))

        threads = [Thread(target=write, daemon=True) for write in (send_parts, show_pictures)]
        for thread in threads:
            thread.start()
        for _packet in range(110):
            kind, size = page.read(1), int.from_bytes(page.read(4), "big")
            assert {b"D": b"-", b"P": b"="}[kind] not in page.read(size)
        for thread in threads:
            thread.join()


async def test_no_sign_comes_amid_a_picture_of_the_screen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the loop waits for the terminal itself, halfway through one."""
    app, display = FieldApp(world.root / "post", world.post), App._display
    shown: list[str] = []
    signs: list[str] = []

    def slowly(app: FieldApp, screen: Any, picture: Any) -> None:
        shown.append(str(screen))
        thread = Thread(target=app._wait_sign._write, args=["Đang ghi …"])
        thread.start()
        thread.join()
        display(app, screen, picture)

    async with app.run_test() as pilot:
        monkeypatch.setattr(app._driver, "write", signs.append)
        monkeypatch.setattr(App, "_display", slowly)
        await pilot.press("f1")
        await pilot.pause()
        assert shown
        assert not [text for text in signs if "Đang ghi" in text]
        app._wait_sign._write("Đang ghi …")
        assert "Đang ghi …" in signs[-1]


def test_textual_still_reads_keys_of_the_linux_console_as_others() -> None:
    """Where this fails, see what of ``terminal_keys`` is needed still: ``docs/upstream/textual-keys.md``."""
    assert said(XTermParser(), "\x1b[25~") == ["\x19"]
