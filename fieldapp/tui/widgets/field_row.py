"""One line of a form: label, field, and beside it what the program understands; a problem shows below."""

from textwrap import fill
from typing import Any

from rich.cells import cell_len
from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.widgets import Input, Static

from fieldapp.i18n import _
from fieldapp.tui.host import Host
from fieldapp.tui.widgets.editor import Editor, FormContext, problem_sign
from fieldapp.tui.widgets.entry import EMPTY, Entry
from fieldapp.tui.widgets.long_text import WrappedText

LABEL_WIDTH = 22


def free_text_hint(example: str = "") -> str:
    """What an empty field says for which there is no list, or none that must be kept to."""
    return _("free text, such as {example}").format(example=example) if example else _("free text")


class FieldRow(Editor):
    """A labelled field.

    Signs: ``▸`` has the focus, ``*`` required, ``◆`` stays for the next record, ``!`` wrong, ``?`` a question.
    """

    app = getters.app(Host)
    DEFAULT_CSS = """
    FieldRow { height: auto; }
    FieldRow > Horizontal { height: auto; max-width: 120; }
    FieldRow .label { width: 22; height: auto; color: $text-muted; }
    FieldRow:focus-within .label { color: $text; text-style: bold; }
    FieldRow .reading { width: 1fr; height: auto; padding: 0 0 0 1; color: $text-muted; }
    FieldRow .reading.-below { padding: 0 1 0 23; display: none; }
    FieldRow .reading.-below.-shown { display: block; }
    FieldRow .reading.-unclear { color: $text-warning; }
    FieldRow .problem { height: auto; padding: 0 1 0 22; color: $text-error; text-style: bold; display: none; }
    FieldRow.-wrong .problem { display: block; }
    FieldRow.-asked .problem { color: $text-warning; }
    FieldRow.-wrong .reading, FieldRow.-wrong .reading.-shown { display: none; }
    """

    def __init__(
        self,
        key: str,
        title: str,
        entry: Entry,
        *,
        required: bool = False,
        indent: int = 0,
        hint: str = "",
        copies: bool = True,
    ) -> None:
        """``hint`` is shown while the field is empty: within a field that has room for it, else beside or below."""
        super().__init__(key)
        self.copies = copies
        self.title = title
        self.entry = entry
        self.required = required
        self._indent = indent
        self.pinned = False
        self._hint = hint
        self._reading = WrappedText(classes="reading")
        self._reading.set_class(entry.WIDTH is None, "-below")
        self._problem: Static | None = None
        self._wanted = True
        self._problem_of: Any = None
        """What was typed when the problem was shown"""

    def compose(self) -> ComposeResult:
        beside = self.entry.WIDTH is not None
        self.entry.styles.width = self.entry.WIDTH if beside else "1fr"
        with Horizontal():
            yield Static(self._label(False), classes="label", markup=False)
            yield self.entry
            if beside:
                yield self._reading
        companion = self.entry.companion()
        if companion is not None:
            yield companion
        if not beside:
            yield self._reading

    def on_mount(self) -> None:
        self._show_if_wanted()
        self.refresh_reading()

    def show_title(self, title: str) -> None:
        """Show another label."""
        self.title = title
        self.query_one(".label", Static).update(self._label(self.has_focus_within))

    def pin(self, pinned: bool) -> None:
        """Mark that the value stays for the next record, or take the mark away."""
        self.pinned = pinned
        self.query_one(".label", Static).update(self._label(self.has_focus_within))

    @property
    def data(self) -> Any:
        return self.entry.data

    @property
    def typed(self) -> Any:
        return self.entry.typed

    def restore(self, typed: Any) -> None:
        self.entry.restore(typed)

    def load(self, value: Any) -> None:
        self.entry.load(value)

    def follow(self, context: FormContext) -> None:
        self.entry.follow(context)
        if self.is_mounted:
            self._show_if_wanted()
            self.refresh_reading()

    def resolve_typed(self) -> str | None:
        return self.entry.resolve_typed()

    def show_problem(self, sentence: str | None, where: str = "", *, asks: bool = False) -> None:
        self.set_class(sentence is not None, "-wrong")
        self.set_class(asks, "-asked")
        self._problem_of = self.typed
        if sentence is None:
            return
        if self._problem is None:
            self._problem = Static(classes="problem", markup=False)
            self.mount(self._problem)
        self._problem.update(Content(f"{problem_sign(asks)} {sentence}"))
        self.call_after_refresh(self._show_all)

    def focus_problem(self) -> None:
        self.entry.focus()

    def refresh_reading(self) -> None:
        """Show what the field's text means now; not where the screen was locked, or the program left."""
        if self.app.readable is None or self.entry.waits:
            return
        reading = self.entry.reading()
        text = reading.text if reading.understood else f"? {reading.text}"
        if self._hint and not self.entry.value and not self._hints_within():
            text = " · ".join(part for part in (self._hint, text if self.entry.EXPLAINS_BESIDE_HINT else "") if part)
        self._reading.show(text)
        self._reading.set_class(not reading.understood, "-unclear")
        self._reading.set_class(bool(text), "-shown")

    def _hints_within(self) -> bool:
        """Show the hint in the empty field, if that is wide and the hint fits: a row below would be out of sight under
        the last field, and under an open list."""
        within = f"{EMPTY} {self._hint}"
        room = self.entry.content_size.width
        fits = self.entry.WIDTH is None and (not room or cell_len(within) <= room)
        self.entry.placeholder = within if fits else EMPTY
        return fits

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.typed != self._problem_of:  # otherwise the event is older than the problem
            self.show_problem(None)
        self.refresh_reading()
        self.post_message(self.Changed())

    def on_entry_understood(self) -> None:
        self.refresh_reading()

    def on_resize(self) -> None:
        self.refresh_reading()

    def on_descendant_focus(self, _event: DescendantFocus) -> None:
        self.query_one(".label", Static).update(self._label(True))
        self.refresh_reading()
        self.call_after_refresh(self._show_all)

    def on_descendant_blur(self, _event: DescendantBlur) -> None:
        self.query_one(".label", Static).update(self._label(False))
        self.refresh_reading()

    def _label(self, focused: bool) -> Content:
        return Content(
            fill(
                f"{self.title}{' *' if self.required else ''}{' ◆' if self.pinned else ''}",
                LABEL_WIDTH - 1,
                initial_indent=("▸" if focused else " ") + " " * self._indent,
                subsequent_indent=" " * (self._indent + 3),
            )
        )

    def _show_if_wanted(self) -> None:
        if self._wanted != self.entry.wanted:
            self._wanted = self.entry.wanted
            self.display = self._wanted

    def _show_all(self) -> None:
        if self.has_focus_within:
            self.scroll_visible(animate=False)
