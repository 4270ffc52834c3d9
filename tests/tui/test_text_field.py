"""Undo in a text field, by words, harmless while an input method corrects."""

import os
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from old_letters import shown
from syllable_table import slipped, syllables
from textual.app import ComposeResult
from textual.events import Key, Paste
from textual.pilot import Pilot

from fieldapp.tui.keys import TypingApp
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.vietnamese.old_fonts import Encoding
from fieldapp.vietnamese.syllables import with_tone
from fieldapp.vietnamese.telex import METHODS, TELEX, Method, spell
from fieldapp.vietnamese.text import as_meant


class Fields(TypingApp[None]):
    def compose(self) -> ComposeResult:
        yield TextField(id="first")
        yield TextField(id="second", password=True)


class FieldDriver:
    def __init__(self, app: Fields, pilot: Pilot[None]) -> None:
        self.app = app
        self._pilot = pilot

    async def type(self, *parts: str) -> None:
        """``<ctrl+z>`` is a key, ``«text»`` is pasted; else letters, ``~`` a backspace."""
        for part in parts:
            if part.startswith("<"):
                self.app.post_message(Key(part[1:-1], None))
            elif part.startswith("«"):
                self.app.post_message(Paste(part[1:-1]))
            else:
                for letter in part:
                    self.app.post_message(Key("backspace", "\x7f") if letter == "~" else Key(letter, letter))
        for _ in range(3):
            await self._pilot.pause()

    @property
    def value(self) -> str:
        return self.app.query_one("#first", TextField).value


@asynccontextmanager
async def field_driver() -> AsyncGenerator[FieldDriver, None]:
    app = Fields()
    async with app.run_test() as pilot:
        yield FieldDriver(app, pilot)


UNDO, REDO = "<ctrl+z>", "<ctrl+y>"


@pytest.mark.parametrize(
    "words",
    [
        ["một", "hai", "ba"],
        ["tieng~~~~iếng", "Viet~~ệt", "Na~am~~am"],
        ["nuoc~~~~nước", "nghia~~~~~nghĩa"],
    ],
)
async def test_undo_goes_by_words(words: list[str]) -> None:
    async with field_driver() as fields:
        texts = [""]
        for word in words:
            await fields.type(word + " ")
            texts.append(fields.value)
        for text in reversed(texts[:-1]):
            await fields.type(UNDO)
            assert fields.value == text
        await fields.type(UNDO)
        assert fields.value == ""
        for text in texts[1:]:
            await fields.type(REDO)
            assert fields.value == text
        await fields.type(UNDO, "khác", REDO)
        assert fields.value == texts[-2] + "khác", "typing forgets what could be put there again"


async def test_what_was_deleted_or_pasted_over_comes_back() -> None:
    async with field_driver() as fields:
        await fields.type("giúp dân gặt lúa", "<ctrl+a>", "<ctrl+k>")
        assert fields.value == ""
        await fields.type(UNDO)
        assert fields.value == "giúp dân gặt lúa"
        await fields.type("<end>", "« chạy lũ»")
        assert fields.value == "giúp dân gặt lúa chạy lũ"
        await fields.type(UNDO)
        assert fields.value == "giúp dân gặt lúa"
        await fields.type("~~~", "mía", UNDO, UNDO, UNDO, UNDO, UNDO, UNDO)
        assert fields.value == ""


async def test_undo_does_not_go_behind_what_was_set() -> None:
    async with field_driver() as fields:
        await fields.type("gõ dở")
        fields.app.query_one("#first", TextField).value = "từ lần trước"
        await fields.type(UNDO)
        assert fields.value == "từ lần trước"


async def test_the_own_input_method_in_the_field() -> None:
    async with field_driver() as fields:
        fields.app.method = TELEX
        await fields.type("giup dân")
        assert fields.app.method is None, "â comes from an input method of the machine"
        fields.app.method = TELEX
        await fields.type("<end>", " gawtj data", " Windows USB", "<tab>", "aass")
        assert fields.value == "giup dân gặt data Windows USB"
        assert fields.app.query_one("#second", TextField).value == "aass", "a passphrase is taken key by key"
        await fields.type("<shift+tab>", "<end>", " luas", UNDO)
        assert fields.value == "giup dân gặt data Windows USB "
        await fields.type("data", "<tab>")
        assert fields.value.endswith("USB data"), "a word ends when the field is left"


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
async def test_words_arrive_over_slips(method: Method) -> None:
    """Marks at their letters and at the end of the word; with ``FIELDAPP_SOAK`` the whole table of syllables."""
    rng = random.Random(17)
    table = [with_tone(onset + rime, tone, modern=False) for onset, rime, tone in syllables()]
    words = table if os.environ.get("FIELDAPP_SOAK") else rng.sample(table, 20)
    wrong = []
    async with field_driver() as fields:
        fields.app.method = method
        for word in words:
            for at_end in (False, True):
                keys = slipped(spell(word, method, at_end), rng)
                await fields.type("<ctrl+a>", "<ctrl+k>", " ".join(keys).replace("⌫", "~"), " ")
                if fields.value != f"{word} {word} {word} ":
                    wrong.append((keys, fields.value))
    assert wrong == []


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (["Vieett~j"], "Việt"),
        (["Vieet x", UNDO, "~j"], "Việt"),
        (["Vieett", UNDO, REDO, "~j"], "Việt"),
        (["Vieet ", "<tab>", "<shift+tab>", "<end>", "~j"], "Việt"),
        (["Vieebtj", "<left>", "<left>", "~"], "Việt"),
        (["Vieebtj", "<left>", "<left>", "<left>", "<delete>", "<end>", " Nam"], "Việt Nam"),
        (["toan", "<left>", "s", "<tab>"], "toán"),
        (["tieng", "<left>", "<left>", "e", "<tab>"], "tiêng"),
        (["tieng", "<left>", "<left>", "es", "<tab>"], "tiếng"),
    ],
)
async def test_a_word_is_composed_again_in_the_field(parts: list[str], shown: str) -> None:
    async with field_driver() as fields:
        fields.app.method = TELEX
        await fields.type(*parts)
        assert fields.value == shown


async def test_the_end_of_what_is_pasted_into_an_empty_field_is_seen() -> None:
    async with field_driver() as fields:
        field = fields.app.query_one("#first", TextField)
        field.styles.width = 20
        await fields.type()
        await fields.type("«Giúp dân gặt lúa chạy lũ ở buôn Ea H'leo»")
        assert "Ea H'leo" in field.render_line(0).text, "as while somebody types at the end of a text"


async def test_a_pasted_tab_parts_words() -> None:
    async with field_driver() as fields:
        await fields.type("«lúa\ttại»")
        assert fields.value == "lúa tại"


@pytest.mark.parametrize("encoding", [Encoding.TCVN3, Encoding.VNI, Encoding.CP1258])
async def test_what_is_pasted_in_an_old_font_becomes_unicode_and_comes_back(encoding: Encoding) -> None:
    text = "sửa đường cho bà con"
    async with field_driver() as fields:
        await fields.type("giúp ", f"«{shown(text, encoding)}»", " xong")
        assert fields.value == f"giúp {text} xong"
        assert any(text in notice.message for notice in fields.app._notifications)
        await fields.type(UNDO, UNDO)
        assert fields.value == "giúp " + as_meant(shown(text, encoding)).replace("\xad", "")
        await fields.type("<end>", "«Ñan Y Ñu, xã Êa Sŭp, 10 µm®»")
        assert fields.value.endswith("Ñan Y Ñu, xã Êa Sŭp, 10 µm®")


async def test_what_is_typed_in_an_old_font_becomes_unicode_once_and_stays_if_it_is_brought_back() -> None:
    """As a machine types whose input method still writes TCVN3."""
    typed = shown("Sửa đường thôn Đồng", Encoding.TCVN3)
    async with field_driver() as f:
        await f.type(typed, "<tab>")
        assert f.value == "Sửa đường thôn Đồng"
        assert "TCVN3" in [note.message for note in f.app._notifications][-1]
        await f.type("<shift+tab>", UNDO)
        assert f.value == typed
        await f.type("<tab>")
        assert f.value == typed, "then it is meant"
    async with field_driver() as f:
        await f.type("Xã Krông Nô, H’Ñĕ", "<tab>")
        assert f.value == "Xã Krông Nô, H’Ñĕ"
