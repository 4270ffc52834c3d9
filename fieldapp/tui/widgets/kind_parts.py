"""The parts of the form for a kind of activity: its measures and its own fields; and the form that a post will see."""

from collections.abc import Callable, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from fieldapp.domain.assistance import Activity, ActivityExtra, ActivityMeasure
from fieldapp.domain.model import Child, FieldShape, fields_of
from fieldapp.domain.reference import KindField, KindMeasure, Measure
from fieldapp.i18n import _
from fieldapp.records import kind_form, lists, reading, words
from fieldapp.records.kind_form import FIELDS, MEASURES, OWN_FIELD, Item
from fieldapp.store.store import Store
from fieldapp.tui.widgets.editor import Editor, FormContext
from fieldapp.tui.widgets.entries import field_row
from fieldapp.tui.widgets.entry import Entry, EntryReading
from fieldapp.tui.widgets.extras import extra_field
from fieldapp.tui.widgets.field_row import FieldRow
from fieldapp.tui.widgets.measures import figure_row
from fieldapp.tui.widgets.pick_list import LIMIT, Addition, Choice, PickList
from fieldapp.tui.widgets.rows import RowsEditor
from fieldapp.vietnamese.text import tidy

EXISTING = "measure_id"
NEW_MEASURE = ("unit_name", "nature", "decimals", "sentence")
"""What is asked about a measure that does not exist yet, after its name"""


class MeasurePick(PickList):
    """A measure that exists, or the name of a new one: then the form asks what it is."""

    @property
    def is_new(self) -> bool:
        """Whether a name was typed that is no measure yet."""
        return self.lacks and bool(tidy(self.value)) and not self.waits and not self.is_open

    def reading(self) -> EntryReading:
        return EntryReading(_("a new measure: say below what it is")) if self.is_new else super().reading()


class SettlingRows(RowsEditor):
    """Rows whose fields depend on what the others of the same row hold."""

    def on_mount(self) -> None:
        self.settle()

    def follow(self, context: FormContext) -> None:
        super().follow(context)
        self.settle()

    def on_editor_changed(self, event: Editor.Changed) -> None:
        super().on_editor_changed(event)
        self.settle()

    def on_entry_understood(self) -> None:
        self.settle()

    def settle(self) -> None:
        """Show the fields that go with what is typed."""
        raise NotImplementedError


class MeasuresOfKind(SettlingRows):
    """``data`` is the measures of a kind, as ``records/kind_form.py`` takes them."""

    HEADING = "What is counted: measures"

    def __init__(self, store: Store) -> None:
        self._guessed: str | None = None
        """The unit for which a nature was proposed last"""
        super().__init__(store, MEASURES, Child(KindMeasure, "activity_kind_id", "rows", (EXISTING,)))

    def make_fields(self, shapes: Sequence[FieldShape]) -> dict[str, FieldRow]:
        title = next(_(shape.title) for shape in shapes if shape.name == EXISTING)
        self._pick = MeasurePick(
            self._offered,
            lambda value: words.labels(self._store, Measure.KIND, [value]).get(value, value),
            lambda text: [Addition(Measure.KIND, _("A new measure: “{name}”").format(name=text))] if text else [],
        )
        about = {shape.name: shape for shape in fields_of(Measure)}
        rows = {name: field_row(self._store, about[name], indent=1) for name in NEW_MEASURE}
        return {EXISTING: FieldRow(EXISTING, title, self._pick, indent=1), **rows}

    def _offered(self, text: str, context: FormContext) -> list[Choice]:
        there = {item.get(EXISTING) for item in self.data}
        found = lists.choices(self._store, Measure.KIND, text, context.on, LIMIT)
        return [(value, f"{label} · {self._unit(value)}") for value, label in found if value not in there]

    def _unit(self, measure_id: str) -> str:
        return str(self._store.value("SELECT unit_name FROM measure WHERE id = ?", [measure_id]))

    def on_pick_list_missing(self, event: PickList.Missing) -> None:
        """Go on with the name of a new measure: what it is, is asked here."""
        event.stop()
        self.settle()
        self.screen.focus_next()

    def settle(self) -> None:
        """Ask about a new measure only, and propose what measures in its unit count."""
        for name in NEW_MEASURE:
            self._fields[name].display = self._pick.is_new
        unit = self._fields["unit_name"].data
        if unit == self._guessed or not self._pick.is_new:
            return
        self._guessed = unit
        nature = self._fields["nature"]
        if nature.typed == self._proposed["nature"]:
            nature.load(kind_form.usual_nature(self._store, unit) if unit else None)
            self._proposed["nature"] = nature.typed

    def proposal(self, name: str) -> Any:
        return 0 if name == "decimals" else None

    def _add(self) -> bool:
        self._pick.resolve_typed()
        self._pick.action_close()  # a name that is still no measure is that of a new one
        self.settle()
        return super()._add()

    def checked(self, item: Item) -> Item:
        if EXISTING not in item:
            raise reading.refused({EXISTING: _("This field is needed.")})
        if not self._pick.is_new:
            return item
        given = {**item, "name": item[EXISTING]}
        del given[EXISTING]
        read = reading.columns_of(reading.read_record(self._store, Measure, given))
        return {name: read[name] for name in ("name", *NEW_MEASURE) if read[name] is not None}

    def place(self, item: Item) -> tuple[Any, ...]:
        return (item.get(EXISTING) or item["name"],)

    def in_order(self, items: list[Item]) -> None:
        """The measures stay in the order in which they were added: that of the form at the post."""

    def take_up(self, item: Item) -> None:
        super().take_up(item)
        if EXISTING not in item:  # a new one
            self._pick.restore({"text": item["name"]})

    def words(self, item: Item) -> str:
        (measure,) = kind_form.measures_shown(self._store, [item])
        new = "" if item.get(EXISTING) else f" · {_('new')}"
        return f"{measure['name']} · {measure['unit_name']}{new}"


ONLY_FOR = {"choices": "choice", "unit_name": "number", "decimals": "number"}
"""Part of a field -> the type of field that alone has it"""


class FieldsOfKind(SettlingRows):
    """``data`` is the own fields of a kind, as ``records/kind_form.py`` takes them."""

    HEADING = "What is asked besides: own fields"

    def __init__(self, store: Store) -> None:
        super().__init__(store, FIELDS, Child(KindField, "activity_kind_id", "rows", ("name",)))

    def make_fields(self, shapes: Sequence[FieldShape]) -> dict[str, FieldRow]:
        return super().make_fields([next(s for s in shapes if s.name == name) for name in OWN_FIELD])

    def settle(self) -> None:
        """Ask about a field once it has a name, and only what goes with its type."""
        named, chosen = self._fields["name"].data is not None, self._fields["field_type"].data
        for name, row in self._fields.items():
            row.display = name == "name" or (named and ONLY_FOR.get(name, chosen) == chosen)

    def proposal(self, name: str) -> Any:
        return {"field_type": "text", "decimals": 0, "needed": False}.get(name)

    def checked(self, item: Item) -> Item:
        kept = super().checked(item)
        return {name: kept[name] for name in item if name in kept}

    def in_order(self, items: list[Item]) -> None:
        """The fields stay in the order in which they were added: that of the form at the post."""

    def words(self, item: Item) -> str:
        about = item.get("choices") or item.get("unit_name") or _(words.choice_title(item["field_type"]))
        return " · ".join([item["name"], about, *([_("needed")] if item.get("needed") else [])])


class SentenceEntry(Entry):
    """How a report tells of the kind; below it an example, also of the sentence that the program makes by itself."""

    def __init__(self, example: Callable[[], str]) -> None:
        """``example``: makes it; ValueError says what is wrong with the sentence."""
        super().__init__()
        self._example = example

    def reading(self) -> EntryReading:
        try:
            told = self._example()
        except ValueError as error:
            return EntryReading(str(error), understood=False)
        return EntryReading(f"→ {told}" if told else "")


class KindPreview(VerticalScroll, can_focus=False):
    """What a post's form asks about an activity of the kind, drawn with the fields of that form; nothing is typed."""

    DEFAULT_CSS = """
    KindPreview { height: 1fr; scrollbar-size-vertical: 1; }
    KindPreview .title { text-style: bold; padding: 0 1; margin: 1 0 0 0; }
    """

    def __init__(self, store: Store, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._store = store
        self._shown: Any = None
        self._rows: list[FieldRow] = []

    def compose(self) -> ComposeResult:
        yield Static(Content(_("The form at the post")), classes="section")

    def show(self, name: str | None, measures: Sequence[Item], fields: Sequence[Item], told: str = "") -> None:
        """Draw the form for a kind of this name; ``told``: what a report will say of it."""
        asked = (name, [dict(item) for item in measures], [dict(item) for item in fields], told)
        if asked == self._shown:
            return
        self._shown = asked
        kind = FieldRow("kind", self._title_of_kind(), NameShown(name or ""), required=True)
        rest = Static(Content(f"   {_('… day, place and the rest, as for every activity')}"), classes="line")
        figures = [figure_row(measure, {}) for measure in kind_form.measures_shown(self._store, measures)]
        own = [extra_field(field) for field in kind_form.fields_shown(fields)]
        with self.app.batch_update():
            self.query("FieldRow, Static.title, Static.line").remove()
            self.mount(kind, rest, *_section(ActivityMeasure.PLURAL, figures), *_section(ActivityExtra.PLURAL, own))
            if told:
                report = Static(Content(_("In the report, as an example")), classes="title")
                self.mount(report, Static(Content(f"  {told}"), classes="line"))
        for row in (kind, *figures, *own):
            row.entry.can_focus = False

    def _title_of_kind(self) -> str:
        return next(_(shape.title) for shape in fields_of(Activity) if shape.name == "activity_kind_id")


class NameShown(PickList):
    """A name in a field, as it is when it was chosen."""

    def __init__(self, name: str) -> None:
        super().__init__(lambda _text, _context: [], lambda value: value)
        self.load(name)


def _section(title: str, rows: Sequence[FieldRow]) -> list[Static | FieldRow]:
    return [Static(Content(_(title)), classes="title"), *rows] if rows else []
