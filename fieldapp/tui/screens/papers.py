"""Papers: Word files made from the chosen records, and the templates that they are made from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fieldapp.domain.records import BY_KIND
from fieldapp.errors import FieldappError
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _, counted
from fieldapp.records import words
from fieldapp.records.records import writable_scope
from fieldapp.reports.files.write import not_installed
from fieldapp.reports.papers.templates import Template, check_word, templates
from fieldapp.store.store import Store
from fieldapp.tui.files import is_file, newest_files, typed_path
from fieldapp.tui.host import Host
from fieldapp.tui.screens.base import Lines, Page
from fieldapp.tui.screens.file_page import FilePage, Made, MadeFile, hand_over
from fieldapp.tui.screens.finder import Finder, Group
from fieldapp.tui.screens.menu import by_use
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.lines import refill
from fieldapp.tui.widgets.text_field import TextField


def open_papers(app: Host, kind: str, ids: Sequence[str]) -> None:
    """Show which papers can be made from records."""
    try:
        check_word()
    except FieldappError as error:
        app.notify(str(error), severity="error", markup=False)
    else:
        app.push_screen(PaperScreen(kind, ids))


class PaperList(Lines):
    """Papers or templates; the footer says that Enter writes one into a file."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", _("Write the file"), key_display="Enter")]


class TemplateList(OptionList):
    """Templates; the footer says that Enter writes one as it is, with nothing filled in."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", _("Write the blank"), key_display="Enter")]


class PaperScreen(FilePage):
    """Choose a paper; Enter makes it."""

    HELP = "Enter writes the chosen paper into the folder. Dots stand where nothing is recorded: fill them in by hand."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "other", _("Paper or folder"), key_display="Tab")]

    def __init__(self, kind: str, ids: Sequence[str]) -> None:
        super().__init__()
        self._kind = kind
        self._ids = ids
        self._choices: list[tuple[Template, bool]] = []
        """(template, a file for each record)"""

    def body(self) -> ComposeResult:
        yield Static(id="about", classes="section", markup=False)
        yield PaperList(id="papers", markup=False)
        yield from self.where()

    def on_mount(self) -> None:
        listed = self.query_one("#papers", OptionList)
        for template, each, text in _choices(self.store, self._kind, len(self._ids)):
            self._choices.append((template, each))
            listed.add_option(Option(Content(f" {text}")))
        if len(self._ids) == 1:
            about = words.labels(self.store, self._kind, self._ids)[self._ids[0]]
        else:
            about = counted("{n} record", "{n} records", len(self._ids))
        self.query_one("#about", Static).update(Content(f"{_('Papers')}: {about}"))
        listed.highlighted = 0
        listed.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._begin(event.option_index)

    def on_input_submitted(self, _event: TextField.Submitted) -> None:
        self._begin(self.query_one("#papers", OptionList).highlighted or 0)

    def _begin(self, at: int) -> None:
        if at < len(self._choices):
            template, each = self._choices[at]
            self.begin(lambda store: _made(store, template, self._ids, each=each))


def _made(store: Store, template: Template, ids: Sequence[str], *, each: bool) -> Made:
    from fieldapp.reports.papers.paper import make_papers

    papers = make_papers(store, template, ids, each=each)
    return Made([MadeFile(stem, "docx", data, private=True) for stem, data in papers.files], papers.note, template.code)


def _choices(store: Store, kind: str, number: int) -> list[tuple[Template, bool, str]]:
    """(template, a file for each record, words) of what can be made of so many records."""
    from fieldapp.reports.papers.paper import check

    found = []
    for template in templates(store, kind):
        name = template.name + (f" ({_('of headquarters')})" if template.id else "")
        try:
            listed = check(store, template)
        except FieldappError:  # said when it is chosen
            listed = True
        if number == 1 or listed:
            found.append((template, True, name))
        else:
            found.append((template, False, f"{name} · {_('all in one file')}"))
            found.append((template, True, f"{name} · {_('a file for each')}"))
    return found


class PaperTemplatesScreen(Page):
    """The templates of all papers: write one out to change it in Word; headquarters takes in its own."""

    HELP = "Enter writes a template into the documents, to be changed in Word. Headquarters takes in its own with F2."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "add", _("Take in a file")),
        Binding("f4", "books", _("Choose records")),
        Binding("f7", "fields", _("Fields")),
        Binding("delete", "retire", _("Retire"), key_display="Del"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._second = SecondPress()
        self._templates: list[Template] = []

    def body(self) -> ComposeResult:
        yield Static(Content(_("Paper templates")), classes="section")
        yield Static(
            Content(_("To make a paper: F4 opens its book; choose a record there, or mark several, and press F8.")),
            classes="line",
        )
        yield TemplateList(id="papers", markup=False)
        yield Static(id="said", classes="line", markup=False)

    def on_mount(self) -> None:
        self.query_one("#papers").focus()

    def renew(self) -> None:
        self._templates = templates(self.store)
        lines = [Content(f" {t.name}  · {_kind_title(t.kind)}{_origin(t)}") for t in self._templates]
        refill(self.query_one("#papers", OptionList), lines)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only headquarters takes templates in, or out of use."""
        return action not in ("add", "retire") or (self.store.role == "hq" and not self.app.read_only)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        chosen = self._templates[event.option_index]
        self._try(lambda: _written_out(self.app, chosen))

    def action_books(self) -> None:
        """Open the book whose records the chosen paper is made of."""
        at = self.query_one("#papers", OptionList).highlighted
        if at is not None and (kind := self._templates[at].kind) in BY_KIND:
            self.app.show_book(kind)

    def action_fields(self) -> None:
        """List what can stand in a template like the chosen one."""
        at = self.query_one("#papers", OptionList).highlighted
        if at is not None and (kind := self._templates[at].kind) in BY_KIND:
            self._try(lambda: self._list_fields(kind))

    def _list_fields(self, kind: str) -> str:
        from fieldapp.reports.papers.fields import common_names, field_names

        named = [*common_names(), *field_names(kind)]
        lines = [(name, f"{{{{{name}}}}}  {title}") for name, title in named]
        self.app.push_screen(
            Finder(_("What can stand in a template: {kind}").format(kind=_kind_title(kind)), [("", lines)])
        )
        return ""

    def action_add(self) -> None:
        """Choose what the file is for, then the file."""
        writable_scope(self.store, BY_KIND["paper_template"])
        kinds = [((m.KIND, ""), _(m.PLURAL)) for m in by_use(m for m in BY_KIND.values() if m.TOP and not m.REFERENCE)]
        kinds += [((m.KIND, ""), _(m.PLURAL)) for m in BY_KIND.values() if m.TOP and m.REFERENCE]
        replaced = [((t.kind, t.code), f"{t.name}{_origin(t)}") for t in self._templates]
        groups: list[Group] = [(_("A new paper about"), kinds), (_("Instead of"), replaced)]
        self.app.push_screen(Finder(_("What is the file for?"), groups), self._choose_file)

    def _choose_file(self, what: tuple[str, str] | None) -> None:
        if what is not None:
            self.app.push_screen(WordFileFinder(), lambda path: self._take_in(what, path))

    def _take_in(self, what: tuple[str, str], path: Path | None) -> None:
        if path is None:
            return
        kind, code = what
        name = next((t.name for t in self._templates if t.code == code), "")

        def take_in() -> str:
            from fieldapp.reports.papers import own

            own.take_in(self.store, path, kind=kind, code=code or path.stem, name=name)
            return _("The template is taken in; posts get it with the next reply.")

        self._try(take_in)

    def action_retire(self) -> None:
        """Take the chosen template of headquarters' own out of use, on the second press."""
        at = self.query_one("#papers", OptionList).highlighted
        if at is None:
            return
        chosen = self._templates[at]

        def retire() -> str:
            from fieldapp.reports.papers import own

            own.retire(self.store, chosen)
            return ""

        if not chosen.id:
            self._try(retire)
            return
        question = _("Del again: “{name}” goes out of use.").format(name=chosen.name)
        self._second.press(chosen.id, lambda: self._say(question), lambda: self._try(retire))

    def _try(self, act: Any) -> None:
        self._second.forget()
        try:
            said = act()
        except FieldappError as error:
            self._say(f"! {error}")
        except ModuleNotFoundError as error:
            self._say(f"! {not_installed('docx', error)}")
        else:
            self._say(f"✓ {said}" if said else "")
            self.renew()

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(Content(text))


class WordFileFinder(Finder):
    """The Word files that lie where people keep them, or the path of another one."""

    ASKS = "a word of the file's name, or its path"
    NOTHING = "No Word file is called so. Type its whole path."

    def __init__(self) -> None:
        self._files = newest_files({".docx"})
        super().__init__(_("Which Word file?"), [])

    def groups(self, typed: str) -> Sequence[Group]:
        """The files found, and what is typed where it is the path of one."""
        found = [(path, f"{brief_text(path.name)}  {display_path(path.parent)}") for path in self._files]
        path = typed_path(typed)
        return [("", found), ("", [(path, typed)] if typed.strip() and is_file(path) else [])]


def _written_out(app: Host, template: Template) -> str:
    """Hand a template over as it is; where it is, and what to do with it."""
    from fieldapp.reports.papers.paper import plain_stem

    where = hand_over(app, MadeFile(plain_stem(template.code), "docx", template.content))
    then = _(
        "It is the template as it is. Change it in Word; headquarters takes it in (paper templates, F2; or “hq paper”)."
    )
    return f"{where}\n  {then}"


def _origin(template: Template) -> str:
    return f" ({_('of headquarters')})" if template.id else ""


def _kind_title(kind: str) -> str:
    return _(BY_KIND[kind].PLURAL) if kind in BY_KIND else kind
