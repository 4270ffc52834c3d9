"""Templates, which are forms kept under a name: take one, or keep the current form as one."""

from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType

from fieldapp.i18n import _
from fieldapp.records import form_memory
from fieldapp.store.store import Store
from fieldapp.tui.screens.finder import Finder, Group
from fieldapp.tui.second_press import SecondPress
from fieldapp.vietnamese.text import tidy


class Choice(NamedTuple):
    """The template that was chosen."""

    name: str
    keep: bool
    """True: keep the current form under the name; False: take the form that is kept under it"""


class TemplateMenu(Finder):
    """Dismisses with a ``Choice``, or None. A name that is not in use yet keeps the form under it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("delete", "forget", _("Forget"), key_display="Del", priority=True)]

    def __init__(self, store: Store, kind: str) -> None:
        self._store = store
        self._kind = kind
        self._second = SecondPress()
        super().__init__(_("Templates"), [])

    def groups(self, typed: str) -> list[Group]:
        """The templates, and the typed text as a new name."""
        names = list(form_memory.templates(self._store, self._kind))
        taken = [(Choice(name, keep=False), name) for name in names]
        name = tidy(typed)
        new = [(Choice(name, keep=True), _("keep this form as “{name}”").format(name=name))] if name else []
        return [("", taken), ("", new if name not in names else [])]

    def action_forget(self) -> None:
        """Forget the chosen template on the second press."""
        chosen = self.chosen
        if not isinstance(chosen, Choice) or chosen.keep:
            return

        def forget() -> None:
            form_memory.delete_template(self._store, self._kind, chosen.name)
            self.refilter()

        question = _("Del again forgets “{name}”.").format(name=chosen.name)
        self._second.press(chosen.name, lambda: self.notify(question, markup=False), forget)
