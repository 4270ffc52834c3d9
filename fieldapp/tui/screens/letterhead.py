"""The letter around a report: who it comes from and goes to, its number and its day, with a preview."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.reports.files.document import about, up_to
from fieldapp.reports.files.letter import LetterDraft, LetterLine, letter
from fieldapp.reports.letterhead import (
    Issue,
    LayoutCode,
    Letterhead,
    issue,
    letterhead,
    save_issue,
    save_letterhead,
)
from fieldapp.reports.query import Query
from fieldapp.store import people, wall
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.form import FormFields
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.date_field import DateField
from fieldapp.tui.widgets.editor import Editor
from fieldapp.tui.widgets.entry import Entry
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.scrolling import cut

BETWEEN = ";"
"""Stands between recipients, as in the letter"""
RULE = "─" * 12
MOST_WIDE = 100
"""Columns of the preview"""


class SignEntry(Entry):
    """A number or a sign, typed as it is."""

    VIETNAMESE = False


class LetterheadScreen(Page):
    """The letter of one report, or without ``query`` what is the same in all; F7 goes to the other layout."""

    WRITES = True
    HELP = "Who does the report come from and go to? Below you see the letter as you type."
    DEFAULT_CSS = """
    LetterheadScreen #fields { height: 1fr; scrollbar-size-vertical: 1; }
    LetterheadScreen #preview { height: auto; max-height: 50%; border-top: solid $secondary; }
    LetterheadScreen #preview > Static { height: auto; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "save", _("Save"), key_display="F2"),
        Binding("f7", "state", _("Office or Party")),
        Binding("shift+tab", "app.focus_previous", _("Step back"), key_display="⇧Tab"),
    ]

    def __init__(self, query: Query | None = None, layout: LayoutCode = "decree30") -> None:
        super().__init__()
        self._query = query
        self._layout: LayoutCode = layout
        self._rows: dict[str, FieldRow] = {}
        self._kept: dict[str, object] = {}
        """What the fields held when they were filled"""
        self._second = SecondPress()

    def body(self) -> ComposeResult:
        yield Static(id="what", classes="section", markup=False)
        if self._query is not None:
            self._rows["number"] = FieldRow("number", _("Letter's number"), SignEntry(), hint=_("empty: by hand"))
            self._rows["dated"] = FieldRow(
                "dated", _("Letter's day"), DateField(), hint=_("empty: the day on which the file is written")
            )
        self._rows |= {
            "sign": FieldRow("sign", _("Sign after the number"), SignEntry()),
            "superior": FieldRow("superior", _("Superior body"), Entry()),
            "addressed": FieldRow(
                "addressed", _("Addressed to"), Entry(), hint=_("empty: the superior body; - nobody; not the Party's")
            ),
            "issuer": FieldRow("issuer", _("Issuing body"), Entry()),
            "place": FieldRow("place", _("Place of signing"), Entry()),
            "authority": FieldRow("authority", _("In whose name"), Entry()),
            "position": FieldRow("position", _("Position of the signer"), Entry()),
            "signer": FieldRow("signer", _("Signer"), Entry()),
            "recipients": FieldRow("recipients", _("Recipients"), Entry(), hint=_("“;” between two")),
        }
        yield FormFields(*self._rows.values(), id="fields")
        with VerticalScroll(id="preview", can_focus=False):
            yield Static(markup=False)
        yield Static(id="message", classes="problem", markup=False)

    def on_mount(self) -> None:
        self._load()
        next(iter(self._rows.values())).focus_problem()

    def _load(self) -> None:
        """Show what is kept for this layout."""
        kept = letterhead(self.store, self._layout).model_dump()
        if self._query is not None:
            own = issue(self.store, self._query, self._layout)
            kept |= {"number": own.number, "dated": own.dated.isoformat() if own.dated else None}
        kept["recipients"] = f"{BETWEEN} ".join(kept["recipients"])
        for name, row in self._rows.items():
            row.load(kept[name] or None)
        self._kept = self._typed
        self._say("")
        self._preview()

    def on_editor_changed(self, _event: Editor.Changed) -> None:
        self._second.forget()
        self._say("")
        self._preview()

    def on_resize(self) -> None:
        self._preview()

    # what is typed ----------------------------------------------------------------------------------------------

    @property
    def _typed(self) -> dict[str, object]:
        return {name: row.typed for name, row in self._rows.items()}

    @property
    def unkept(self) -> bool:
        """Something was typed and is not saved."""
        return self._typed != self._kept

    def _text(self, name: str) -> str:
        row = self._rows.get(name)
        return str(row.data or "") if row is not None else ""

    def _given(self) -> dict[str, str | list[str]]:
        """The parts of the letterhead as ``save_letterhead`` takes them."""
        recipients = [text for part in self._text("recipients").split(BETWEEN) if (text := part.strip())]
        return {name: recipients if name == "recipients" else self._text(name) for name in Letterhead.model_fields}

    @property
    def _day(self) -> date | None:
        entry = self._rows["dated"].entry if "dated" in self._rows else None
        return entry.day if isinstance(entry, DateField) else None

    def _preview(self) -> None:
        title = _("Letter of the Party (Guide 36)") if self._layout == "party" else _("Letter of an office (Decree 30)")
        period = f" · {self._query.period.title}" if self._query is not None else ""
        self.query_one("#what", Static).update(Content(f"{_('Letterhead')}: {title}{period}"))
        head = Letterhead.model_construct(None, **self._given())
        day = self._day or wall.today()
        topic, noted = "…", ""
        if self._query is not None:
            topic, noted = about(self._query.period, layout=self._layout), up_to(self._query)
        made = letter(LetterDraft(head, self._layout, self._text("number"), day, topic, noted))
        width = min(self.size.width - 4, MOST_WIDE)
        lines = [line for sides in made.head for line in _beside(sides, width, made.head_shares)]
        lines += [line for part in made.title for line in _centred([part], width)]
        lines += _beside((made.recipients, made.signature), width, made.foot_shares)
        self.query_one("#preview > Static", Static).update(Content("\n".join(line.rstrip() for line in lines)))

    # keys -------------------------------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Keep the letterhead, and the number and day of this report's letter."""
        if self._save():
            self.dismiss(self._layout)

    def _save(self) -> bool:
        try:
            people.check(self.store, people.Act.REPORT_FILES)
            if "dated" in self._rows and self._rows["dated"].data and self._day is None:
                raise FieldappError(_("The letter's day is not understood."))
            with self.store.transaction():
                save_letterhead(self.store, self._layout, self._given())
                if self._query is not None:
                    save_issue(self.store, self._query, self._layout, Issue(self._text("number"), self._day))
        except FieldappError as error:
            self._say(str(error))
            return False
        return True

    def action_back(self) -> None:
        """Go back; a second press, if something was typed and is not saved."""
        if self.unkept:
            question = _("Not saved. F2 saves; Esc again leaves the old letterhead.")
            self._second.press("back", lambda: self._say(question), lambda: self.dismiss(None))
        else:
            self.dismiss(None)

    def action_state(self) -> None:
        """Keep what is typed, and go to the other layout."""
        if self._save():
            self._layout = "decree30" if self._layout == "party" else "party"
            self._load()

    def _say(self, text: str) -> None:
        self.query_one("#message", Static).update(Content(text))


def _beside(
    sides: tuple[Sequence[LetterLine], Sequence[LetterLine]], width: int, shares: tuple[float, float]
) -> list[str]:
    """Two columns of lines, each centred in its share of the width."""
    first = int(width * shares[0])
    columns = [_centred(lines, room) for lines, room in zip(sides, (first, width - first - 2), strict=True)]
    height = max(map(len, columns))
    left, right = ([*column, *[""] * (height - len(column))] for column in columns)
    return [f"{a:<{first}}  {b}" for a, b in zip(left, right, strict=True)]


def _centred(lines: Sequence[LetterLine], width: int) -> list[str]:
    """Lines as they stand in the letter; a rule below those that have one."""
    texts = [text for line in lines for text in ([line.text, RULE] if line.rule else [line.text])]
    return [cut(text, width).center(width) for text in texts]
