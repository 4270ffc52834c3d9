"""The sections of a report that the officer writes; what the program proposes stands there to be changed."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.reports.report import Report
from fieldapp.reports.sections import (
    NOT_SAID,
    SectionCode,
    SectionText,
    save_sections,
    section_texts,
    text_before,
    without_empty_lines,
)
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.form import KEEP_EVERY_SECONDS, FormFields
from fieldapp.tui.widgets.entry import LongEntry
from fieldapp.tui.widgets.field_row import FieldRow


class SectionEntry(LongEntry):
    """The text of one section; Enter begins a new line of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", _("New line"), key_display="Enter"),
        Binding("down", "app.focus_next", _("Next"), key_display="↓"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.at_enter = self._new_line
        self.filled_in = NOT_SAID  # who says something after all types it in its place

    @property
    def data(self) -> Any:
        """Lines; empty ones are left out."""
        return without_empty_lines(str(super().data or "")) or None

    def load(self, value: Any) -> None:
        super().load(value)
        if self.has_focus:
            self._begin_line()

    def on_focus(self) -> None:
        self._begin_line()

    def on_blur(self) -> None:
        self.value = self.value.rstrip(f" {self.LINE_END}")

    def _begin_line(self) -> None:
        """Stand behind what is there, on a line of its own: mostly a sentence is added."""
        if self.data not in (None, NOT_SAID) and not self.value.rstrip().endswith(self.LINE_END):
            self.value += f" {self.LINE_END} "
        self.cursor_position = len(self.value)

    def paste(self, text: str) -> None:
        """Insert pasted text; its lines stay lines."""
        super().paste(f" {self.LINE_END} ".join(text.strip("\r\n").splitlines()))

    def _new_line(self) -> bool:
        """Begin a line, unless the cursor stands at the beginning of one."""
        before = self.value[: self.cursor_position].rstrip()
        if before and not before.endswith(self.LINE_END):
            super().paste(f" {self.LINE_END} ")
        return True


class ReportTextScreen(Page):
    """What is typed is kept with the period within a second; F2 keeps also what is only offered."""

    WRITES = True
    HELP = "What does the report say beside its figures? What you do not change is said by the program."
    DEFAULT_CSS = "ReportTextScreen #fields { height: 1fr; scrollbar-size-vertical: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "save", _("Save"), key_display="F2"),
        Binding("f5", "copy", _("As before"), key_display="F5"),
        Binding("shift+tab", "app.focus_previous", _("Step back"), key_display="⇧Tab"),
    ]

    def __init__(self, made: Report) -> None:
        super().__init__()
        self._made = made
        self._texts: Sequence[SectionText] = ()
        self._rows: dict[SectionCode, FieldRow] = {}
        self._shown: dict[SectionCode, str] = {}
        """What each field held when it was last filled or kept"""
        self._typed: dict[SectionCode, str] = {}
        """What was typed before F5 took its place"""
        self._leaves: dict[SectionCode, str] = {}
        """What Esc was pressed on once, though it could not be kept"""

    def body(self) -> ComposeResult:
        title = f"{_('What the report says')}: {self._made.query.period.title}"
        yield Static(Content(title), classes="section")
        self._texts = section_texts(self.store, self._made)
        self._rows = {
            text.section: FieldRow(text.section, text.title, SectionEntry(), hint=_if_empty(text))
            for text in self._texts
        }
        yield FormFields(*self._rows.values(), id="fields")
        yield Static(id="message", classes="line", markup=False)
        yield Static(id="kept", classes="line", markup=False)

    def on_mount(self) -> None:
        for text in self._texts:
            before = text_before(self.store, self._made.query, text.section)
            if before is not None:
                self._say(_("F5 takes the words of {period}.").format(period=before[0]))
            if text.section == "directions" and text.origin == "empty" and before is not None:
                self._fill(text.section, before[1], _as_in(before[0]))
            else:
                self._fill(
                    text.section,
                    text.text,
                    {"written": _("your words"), "proposed": _("proposed")}.get(text.origin, ""),
                )
        self.set_interval(KEEP_EVERY_SECONDS, self.keep)
        next(iter(self._rows.values())).focus_problem()

    def _fill(self, section: SectionCode, text: str, whose: str) -> None:
        self._rows[section].load(text)
        self._shown[section] = self._now(section)
        self._entitle(section, whose)

    def _entitle(self, section: SectionCode, whose: str) -> None:
        title = next(t.title for t in self._texts if t.section == section)
        self._rows[section].show_title(f"{title} · {whose}" if whose else title)

    def _now(self, section: SectionCode) -> str:
        return str(self._rows[section].data or "")

    def keep(self) -> None:
        """Keep what was changed since it was shown."""
        self._keep(self._changed())

    def _changed(self) -> dict[SectionCode, str]:
        return {code: self._now(code) for code in self._rows if self._now(code) != self._shown[code]}

    @property
    def unkept(self) -> bool:
        """What was typed could not be kept."""
        return bool(self._changed())

    def _keep(self, texts: dict[SectionCode, str]) -> bool:
        try:
            if texts:
                proposed = {t.section: t.proposed for t in self._texts}  # as shown; anew would take time at each key
                save_sections(self.store, self._made, texts, proposed)
        except FieldappError as error:
            self._say(f"! {error}")
            return False
        for code, text in texts.items():
            self._shown[code] = text
            self._entitle(code, _("your words"))
        if texts:
            self.query_one("#kept", Static).update(Content(f"✓ {self._kept_words}"))
        return True

    @property
    def _kept_words(self) -> str:
        return _("The text is kept with {period}.").format(period=self._made.query.period.title)

    def action_save(self) -> None:
        """Keep all that stands here, and go back."""
        if self._keep({code: self._now(code) for code in self._rows}):
            self.app.notify(self._kept_words, markup=False)
            self.dismiss(None)

    def action_back(self) -> None:
        """Go back; what was typed is kept."""
        self.keep()
        if (changed := self._changed()) and changed != self._leaves:
            self._leaves = changed
            said = str(self.query_one("#message", Static).content)
            self._say(f"{said} {_('Nothing of this is kept. Esc again leaves.')}")
            return
        self.dismiss(None)

    def action_copy(self) -> None:
        """Put other words into this section: those of the period before, the proposed ones, those that were typed."""
        section = next((code for code, row in self._rows.items() if row.has_focus_within), None)
        if section is None:
            return
        now = self._now(section)
        before = text_before(self.store, self._made.query, section)
        proposed = next(t.proposed for t in self._texts if t.section == section)
        found = [(before[1], _as_in(before[0]))] if before is not None else []
        found.append((proposed, _("proposed")))
        if all(now != text for text, _whose in found):
            self._typed[section] = now
        found.append((self._typed.get(section, ""), _("your words")))
        offered = {text: whose for text, whose in reversed(found) if text}
        others = list(reversed(offered))
        at = others.index(now) if now in others else -1
        after = others[(at + 1) % len(others)] if others else now
        if after == now:
            self._say(_("There is nothing from before and nothing proposed here."))
            return
        self._say("")
        self._rows[section].load(after)
        self._keep({section: self._now(section)})
        self._entitle(section, offered[after])

    def _say(self, line: str) -> None:
        self.query_one("#message", Static).update(Content(line))


def _if_empty(text: SectionText) -> str:
    if text.proposed:
        return _("empty: not in the report")
    return _("empty: dotted lines to write on; “-”: not in the report")


def _as_in(period: str) -> str:
    return _("as in {period}").format(period=period)
