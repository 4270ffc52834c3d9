"""What a terminal sends becomes keys and pastes, whichever terminal it is.

Textual's own parser looks for known texts, letter by letter, until one fits or 32 letters have come. What it does not
know it types, so that a report of the terminal, or Esc and a name in one burst, came out as ``^[?62;22c``; and what it
takes for a code point may be none, which ends the program. Here what comes is divided as ECMA-48 says (ESC, CSI, SS3),
each piece whole, and what means nothing here is left out. ``docs/typing.md`` says which terminals' keys were compared.

No key of the program has Alt. So ESC and a letter in one burst is Esc and that letter, as tmux sends it when it has
waited for what comes after Esc; only where people edit with Alt (Backspace, Del, ←, →) it is Alt.
"""

import os
import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Generator
from dataclasses import dataclass

from textual import constants, events, messages
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._parser import ParseEOF, ParseTimeout, Peek1, Read1
from textual._time import get_time
from textual._xterm_parser import IS_ITERM, XTermParser
from textual.message import Message

BROKEN = "\N{REPLACEMENT CHARACTER}"
"""Stands for bytes that are no letter"""
ESC, DEL = "\x1b", "\x7f"
PASTE_BEGIN, PASTE_END = ESC + "[200~", ESC + "[201~"
PASTE_SILENCE = 1.0
"""Seconds without a byte after which a paste whose end has not come is over; a terminal sends a paste without pauses"""
_DAMAGED = {PASTE_END[:n] for n in range(1, len(PASTE_END))}
_DAMAGED |= {PASTE_END[:n] + less + PASTE_END[n + 1 :] for n in range(len(PASTE_END)) for less in ("", BROKEN)}
_DAMAGED_END = re.compile(
    "|".join(
        re.escape(end) + ("" if end.startswith(ESC) and len(end) > 2 else r"\Z")
        for end in sorted(_DAMAGED, key=len, reverse=True)
    )
)
"""What is left of the end of a paste where a byte of it, or all that follows, was lost; where that may be text, only at
the end of what came"""

SHIFT, ALT, CTRL, SUPER, HYPER, META, CAPS_LOCK = 1, 2, 4, 8, 16, 32, 64
NAMED = 0b111111
MODIFIERS = ((ALT, "alt"), (CTRL, "ctrl"), (HYPER, "hyper"), (META, "meta"), (SHIFT, "shift"), (SUPER, "super"))
"""Bits of a key report, in the order in which Textual names them; caps lock and num lock are not told"""
RXVT = {"$": SHIFT, "^": CTRL, "@": SHIFT | CTRL}
"""How rxvt ends the report of a key with modifiers"""

SHIFTED = dict(zip((25, 26, 28, 29, 31, 32, 33, 34), range(13, 21), strict=True))
"""F13 to F20 in the numbering of the VT220, which nearly no keyboard has: other keys with Shift"""
LINUX = {"A": "f1", "B": "f2", "C": "f3", "D": "f4", "E": "f5"}
"""Linux console: after CSI ["""
KEYPAD = dict(zip("jklmnopqrstuvwxyX", "*+,-./0123456789=", strict=True))
"""Keys of the number pad, after SS3"""
KEYPAD_CODES = dict(enumerate("0123456789./*-+", start=57399)) | {57415: "=", 57416: ","}
"""Keys of the number pad in kitty's reports"""
KEYS = {"enter", "escape", "tab", "backspace", "insert", "delete", "left", "right", "up", "down", "pageup", "pagedown"}
KEYS |= {"home", "end", *(f"f{number}" for number in range(1, 36))}
"""Keys of kitty's reports that are keys here: not Shift by itself, nor those of a player"""
EDITED_WITH_ALT = {"backspace", "delete", "left", "right"}
"""Alt, as Ctrl, takes the whole word with them; so does what keyboards call Meta or have in its place"""
CHARACTERS = {"enter": "\r", "escape": ESC, "tab": "\t", "backspace": DEL, "space": " "}
UNSHIFTED = {"backspace", "delete", "enter", "escape", "space", "pageup", "pagedown", "insert"}
"""Keys that Shift does not change"""
CONSOLE_KEYS = {8: "backspace", 9: "tab", 13: "enter", 27: "escape", 33: "pageup", 34: "pagedown", 35: "end"}
CONSOLE_KEYS |= {36: "home", 37: "left", 38: "up", 39: "right", 40: "down", 45: "insert", 46: "delete"}
CONSOLE_KEYS |= {111 + number: f"f{number}" for number in range(1, 25)}
"""Windows' numbers of keys (virtual key codes)"""
CONSOLE_ALT, CONSOLE_MODIFIERS = 18, ((3, ALT), (12, CTRL), (16, SHIFT))
"""Windows' number of the key Alt; its bits of modifiers, of either hand -> ours"""
MOST_REPEATED = 1000
"""Times that a report of Windows' console may repeat a key"""
PRIVATE = range(0xE000, 0xF900)
"""Code points by which kitty reports keys that type nothing"""
LONGEST_REPORT = 256
"""Characters of a text report (OSC, DCS) that may come unasked; what is longer was typed"""

Reading = Generator[Read1 | Peek1, str, str]
"""Reads on; returns the character that belongs to what follows, empty if there is none"""


@dataclass(eq=False, repr=False)
class Setting:
    """What the environment says of the terminal."""

    term: str = ""
    tmux: bool = False
    """tmux waits for what comes after Esc, half a second if it is not told otherwise, and sends both at once."""

    @classmethod
    def of_machine(cls) -> "Setting":
        term = os.environ.get("TERM", "")
        return cls(term, "TMUX" in os.environ or term.startswith("tmux"))

    @property
    def shifted(self) -> int:
        """How far F13 lies behind the key that gives it with Shift: rxvt and PuTTY count otherwise than the others."""
        return 10 if self.term.removeprefix("screen.").startswith(("rxvt", "putty", "xterm")) else 12


class TerminalParser(XTermParser):
    """Makes messages of what a terminal sends."""

    def __init__(self, debug: bool = False, setting: Setting | None = None) -> None:
        self._setting = setting or Setting.of_machine()
        super().__init__(debug)

    def parse(self, token_callback: Callable[[Message], None]) -> Generator[Read1 | Peek1, str, None]:
        """Read characters for ever, and give the messages that they make to ``token_callback``."""
        self._send, self._held = token_callback, False
        self._decode = getincrementaldecoder("utf-16-le")("replace").decode
        character = ""
        try:
            while True:
                character = character or (yield Read1())
                if character == ESC:
                    character = yield from self._escape()
                else:
                    self._plain(character)
                    character = ""
        except ParseEOF:
            return

    # what comes ---------------------------------------------------------------------------------------------------

    def _next(self, read: type[Read1 | Peek1] = Read1) -> Reading:
        """The next character; empty if none comes in time. Windows sends a NUL where Shift or Ctrl is pressed.

        A byte within that is no letter is told, and what it came into goes on.
        """
        try:
            while (character := (yield read(constants.ESCAPE_DELAY))) in ("\x00", BROKEN) and read is Read1:
                self._plain(character)
        except ParseTimeout:
            return ""
        return character

    def _escape(self) -> Reading:
        """Read what comes after ESC. Of several, the last may begin a key; the one before it is held until then."""
        while (character := (yield from self._next())) == ESC:
            self._press_held()
            self._held = True
        if character == "[":
            character = yield from self._control_sequence()
        elif character == "O":
            character = yield from self._single_shift()
        else:
            self._press_held()
            character = yield from self._after_escape(character)
        self._press_held()
        return character

    def _after_escape(self, character: str) -> Reading:
        """What comes after ESC and begins no key."""
        if character in (DEL, "\b"):
            self._press("backspace", ALT)
        elif character == "\t" and not self._setting.tmux:  # Linux console
            self._press("tab", SHIFT)
        elif character and character in "]P":
            return (yield from self._text_report(character))
        else:
            self._press("escape")
            return character
        return ""

    def _text_report(self, kind: str) -> Reading:
        """Leave a report of the terminal out (OSC, DCS), which goes on with a digit or a sign and has an end.

        Everything else is Esc and what was typed after it.
        """
        read = [kind]
        character = yield from self._next()
        begins = "0123456789" if kind == "]" else "01>!+"
        while character >= " " and (len(read) > 1 or character in begins) and len(read) < LONGEST_REPORT:
            read.append(character)
            character = yield from self._next()
        if len(read) > 1 and character == "\a":
            return ""
        if len(read) > 1 and character == ESC and (yield from self._next(Peek1)) == "\\":
            yield from self._next()
            return ""
        self._typed_after_escape("".join(read))
        return character

    def _control_sequence(self) -> Reading:
        """Read what comes after CSI: parameters of any length, and the letter that says what they are."""
        read: list[str] = []
        while " " <= (character := (yield from self._next())) <= "?":
            if character == "$" and read and "".join(read).isdecimal():  # rxvt
                break
            read.append(character)
        parameters = "".join(read)
        if not read and character == "[":
            letter = yield from self._next()
            if letter in LINUX:
                self._press(LINUX[letter])
                return ""
            return letter
        if not read and character == "":
            self._typed_after_escape("[")
            return ""
        if not "$" <= character <= "~":
            return character  # broken off by something else
        if not read and character == "M":
            yield from self._old_mouse()
        elif parameters + character == "200~":
            self._press_held()
            yield from self._paste()
        else:
            self._report(parameters, character)
        return ""

    def _old_mouse(self) -> Generator[Read1 | Peek1, str, None]:
        """Leave the report of an old mouse out: button, column and row, of which each may be any byte."""
        for _n in range(3):
            try:
                yield Read1(constants.ESCAPE_DELAY)
            except ParseTimeout:
                return

    def _single_shift(self) -> Reading:
        """Read what comes after SS3: perhaps a modifier, and the letter of a key."""
        character = yield from self._next()
        if character == "":
            self._typed_after_escape("O")
            return ""
        modifiers = ""
        while character and character in "0123456789;":
            modifiers += character
            character = yield from self._next()
        bits = _modifiers(modifiers.rpartition(";")[2])
        if character and character in "abcd":  # rxvt
            self._press(FUNCTIONAL_KEYS["1" + character.upper()], bits | CTRL)
        elif (name := FUNCTIONAL_KEYS.get("1" + character, "")) in KEYS and character != "~":
            self._press(name, bits)
        elif character == "M":
            self._press("enter", bits)
        elif character in KEYPAD and not modifiers and not (yield from self._next(Peek1)).isalpha():
            self._plain(KEYPAD[character])
        else:  # Esc, and a word that begins with O
            self._typed_after_escape("O" + modifiers)
            return character
        return ""

    def _typed_after_escape(self, text: str) -> None:
        self._press("escape")
        for character in text:
            self._plain(character)

    def _paste(self) -> Generator[Read1 | Peek1, str, None]:
        """Read a paste to its end, to the beginning of another, or until nothing comes any more."""
        read: list[str] = []
        while True:
            try:
                read.append((yield Read1(PASTE_SILENCE)))
            except ParseTimeout:
                self._paste_without_end("".join(read))
                return
            if read[-1] == "~" and (end := "".join(read[-6:])) in (PASTE_BEGIN, PASTE_END):
                text = "".join(read[:-6])
                read.clear()
                if end == PASTE_END:
                    self._send(events.Paste(text.replace("\x00", "")))
                    return
                self._paste_without_end(text)

    def _paste_without_end(self, text: str) -> None:
        """A paste whose end did not come, or not whole: what stands behind a damaged one was typed."""
        text = text.replace("\x00", "")
        end = _DAMAGED_END.search(text)
        pasted, typed = (text[: end.start()], text[end.end() :]) if end else (text, "")
        self._send(events.Paste(pasted))
        typist = TerminalParser(setting=self._setting)
        for message in typist.feed(typed) if typed else ():
            self._send(message)
        while typist._timeout_time is not None:  # nothing came for a while
            typist._timeout_time = get_time()
            for message in typist.tick():
                self._send(message)

    # what it means ------------------------------------------------------------------------------------------------

    def _press_held(self) -> None:
        """The Esc that came at once before is one by itself."""
        if self._held:
            self._held = False
            self._send(events.Key("escape", ESC))

    def _give(self, message: Message) -> None:
        self._press_held()
        self._send(message)

    def _report(self, parameters: str, kind: str) -> None:
        """A whole control sequence: a key, the mouse, the focus, or a report. Anything else is left out."""
        if kind in "IO" and not parameters:
            self._give(events.AppFocus() if kind == "I" else events.AppBlur())
        elif kind in "Mm" and parameters[:1] == "<":
            if len(parameters) < 32 and (moved := self.parse_mouse_code(f"{ESC}[{parameters}{kind}")) is not None:
                self._give(moved)
        elif kind == "t" and parameters.startswith("48;"):
            self._resized(parameters)
        elif kind == "y" and parameters[:1] == "?":
            self._supported(parameters)
        elif kind == "Z":
            self._press("tab", SHIFT)
        elif kind == "_":
            self._console_key(parameters.split(";"))
        elif not parameters.strip("0123456789;:"):
            self._key_report(parameters.split(";"), kind)

    def _key_report(self, fields: list[str], kind: str) -> None:
        """A key by its number or letter, with the modifiers and the text that the report has."""
        code, _colon, others = fields[0].partition(":")
        modifiers, _colon, event = (fields[1] if len(fields) > 1 else "").partition(":")
        text = fields[2] if len(fields) > 2 else ""
        bits = _modifiers(modifiers)
        if event == "3":  # a key was let go
            return
        if kind == "u":
            self._coded(_number(code), _number(others.partition(":")[0]), text, bits)
        elif kind == "~" and code == "27":  # xterm's modifyOtherKeys
            self._coded(_number(text), 0, "", bits)
        elif kind == "~" and not code:  # Windows console
            self._press("tab", SHIFT)
        elif kind == "~" or kind in RXVT:
            self._numbered(_number(code), bits | RXVT.get(kind, 0))
        elif kind in "abcd":  # rxvt
            self._press(FUNCTIONAL_KEYS["1" + kind.upper()], bits | SHIFT)
        elif (name := FUNCTIONAL_KEYS.get("1" + kind, "")) in KEYS:
            if len(fields) == 1:
                self._press(name, _modifiers(code))
            elif code in ("", "1"):
                self._press(name, bits)

    def _console_key(self, fields: list[str]) -> None:
        """A record of Windows' console, as Windows Terminal sends it (win32-input-mode) where another program has asked
        for it and ended without a word: key, scan code, unit of UTF-16, whether it is down, modifiers, times."""
        key, _scan_code, unit, down, state, times = map(_number, (fields + 6 * [""])[:6])
        bits = sum(bit for theirs, bit in CONSOLE_MODIFIERS if state & theirs)
        typed = self._decode(unit.to_bytes(2, "little")) if 0 < unit < 1 << 16 and (down or key == CONSOLE_ALT) else ""
        for _n in range(min(max(times, 1), MOST_REPEATED)):
            if key in CONSOLE_KEYS and down:
                self._press(CONSOLE_KEYS[key], bits)
                continue
            for character in typed:
                if bits & ALT and not bits & CTRL and down:
                    self._give(events.Key(_named(character.lower(), bits), None))
                else:
                    self._plain(character)

    def _numbered(self, number: int, bits: int) -> None:
        """A key of the VT220 and of those that came after it."""
        name = FUNCTIONAL_KEYS.get(f"{number}~", "")
        if number in SHIFTED:
            self._press(f"f{SHIFTED[number] - self._setting.shifted}", bits | SHIFT)
        elif name in KEYS:
            self._press(name, bits)

    def _coded(self, code: int, shifted: int, text: str, bits: int) -> None:
        """A key by its code point, with the text that it types: kitty's reports and xterm's."""
        typed = [chr(number) for part in text.split(":") if _is_letter(number := _number(part))]
        name = FUNCTIONAL_KEYS.get(f"{code}u", "")
        if typed:
            for character in typed:
                self._plain(character)
        elif code in KEYPAD_CODES and not bits & (ALT | CTRL):
            self._plain(KEYPAD_CODES[code])
        elif name in KEYS:
            self._press(name, bits)
        elif code in (8, 32):
            self._press("backspace" if code == 8 else "space", bits)
        elif _is_letter(code) and code not in PRIVATE:
            letter = chr(code)
            if bits & ~SHIFT & NAMED:
                self._give(events.Key(_named(letter.lower(), bits), None))
                return
            if bits & SHIFT:
                letter = chr(shifted) if _is_letter(shifted) else letter.upper()
            if bits & CAPS_LOCK:
                letter = letter.lower() if bits & SHIFT else letter.upper()
            self._plain(letter[0])

    def _press(self, name: str, bits: int = 0) -> None:
        """A key that types no letter."""
        if self._held and name in EDITED_WITH_ALT and not self._setting.tmux:  # rxvt, PuTTY; tmux tells Alt otherwise
            self._held, bits = False, bits | ALT
        if name in UNSHIFTED:
            bits &= ~SHIFT
        if name in EDITED_WITH_ALT and bits & (ALT | SUPER | HYPER | META):
            bits = bits & SHIFT | CTRL
        if name in ("enter", "escape"):
            bits &= ~CTRL
        key = _named(name, bits)
        self._give(events.Key(key, CHARACTERS.get(key)))

    def _plain(self, character: str) -> None:
        """A character by itself."""
        if character == "\x00" or "\x80" <= character <= "\x9f":
            return
        for event in self._sequence_to_key_events(character):
            self._give(event)

    def _resized(self, parameters: str) -> None:
        sizes = [_number(field.partition(":")[0]) for field in parameters.split(";")[1:]]
        if len(sizes) == 4 and all(sizes):
            height, width, pixel_height, pixel_width = sizes
            event = events.Resize.from_dimensions((width, height), (pixel_width, pixel_height))
            self.terminal_size, self.terminal_pixel_size, self.mouse_pixels = event.size, event.pixel_size, True
            self._give(event)

    def _supported(self, parameters: str) -> None:
        mode, _semicolon, setting = parameters[1:].rstrip("$").partition(";")
        if mode == "2026" and _number(setting):
            self._give(messages.TerminalSupportsSynchronizedOutput())
        elif mode == "2048" and constants.SMOOTH_SCROLL and not IS_ITERM:
            self._give(messages.InBandWindowResize.from_setting_parameter(_number(setting)))


def _number(digits: str) -> int:
    """What digits say; 0 where they say nothing that can be."""
    return int(digits) if digits.isdecimal() and len(digits) < 8 else 0


def _named(name: str, bits: int) -> str:
    return "+".join([*(word for bit, word in MODIFIERS if bits & bit), name])


def _modifiers(digits: str) -> int:
    return max(_number(digits) - 1, 0)


def _is_letter(code: int) -> bool:
    return 0x20 <= code <= 0x10FFFF and not 0x7F <= code <= 0x9F and not 0xD800 <= code <= 0xDFFF
