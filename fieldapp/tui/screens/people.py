"""Who uses this laptop: a new passphrase for oneself; for the administrator, people and their roles."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static

from fieldapp import replica
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import people, vault
from fieldapp.store.people import Role
from fieldapp.store.store import Store
from fieldapp.sync.peers import recovery
from fieldapp.tui.screens.base import Page
from fieldapp.tui.screens.questions import AnswerField, Question, QuestionsDialog, agreed
from fieldapp.tui.second_press import SecondPress
from fieldapp.tui.widgets.lines import refill


class PassphraseScreen(QuestionsDialog):
    """A new passphrase for the current user. The old one is asked for, because a screen may have been left open."""

    WRITES = True

    def __init__(self, store: Store) -> None:
        asked = [
            Question(_("Current passphrase"), hidden=True, field="current"),
            Question(_("New passphrase"), hidden=True, field="passphrase"),
            Question(_("The same again"), hidden=True),
        ]
        super().__init__(f"{_('New passphrase')} · {store.user}", asked)
        self._store = store

    def finish(self, answers: Sequence[str]) -> str:
        """Check the old passphrase, then take the new one."""
        old, new, again = answers
        agreed(new, again)
        people.check_passphrase(new)
        try:
            vault.unseal(self._store.home, self._store.user, old)
        except FieldappError as error:
            raise FieldappError(str(error), {"current": str(error)}) from None
        people.change_passphrase(self._store, new)
        return _("The new passphrase is valid from now on.")


class NewPersonScreen(QuestionsDialog):
    """Let a further person in, as recorder; their role can be changed in the list."""

    WRITES = True

    def __init__(self, store: Store) -> None:
        asked = [
            Question(_("Name")),
            Question(_("Passphrase"), hidden=True, field="passphrase"),
            Question(_("The same again"), hidden=True),
        ]
        super().__init__(_("Add a person"), asked)
        self._store = store

    def finish(self, answers: Sequence[str]) -> str:
        """Add the person."""
        name, passphrase, again = answers
        with self._store.reopen() as store:
            people.add_person(store, name, agreed(passphrase, again), Role.RECORDER)
        return _("{name} can work on this laptop now.").format(name=name)


class RecoverScreen(QuestionsDialog):
    """Open the laptop again with the code that headquarters reads out; dismisses with the open replica."""

    WRITES = True

    def __init__(self, home: Path, user: str) -> None:
        asked = [
            Question(_("Recovery code, as headquarters reads it out"), field=recovery.CODE),
            Question(_("New passphrase"), hidden=True, field="passphrase"),
            Question(_("The same again"), hidden=True),
        ]
        super().__init__(f"{_('Forgotten passphrase')} · {user}", asked)
        self._home = home
        self._user = user

    def finish(self, answers: Sequence[str]) -> Store:
        """Open the replica with the code."""
        code, passphrase, again = answers
        store = recovery.accept_code(self._home, self._user, code, agreed(passphrase, again))
        replica.bring_up_to_date(store)
        return store

    def refused(self, error: FieldappError) -> None:
        """Where a group was misheard, mark it: what is typed now takes its place."""
        super().refused(error)
        if isinstance(error, recovery.Misheard):
            code = self.query(AnswerField).first()
            code.call_after_refresh(code.mark, *recovery.group_at(code.value, error.groups[0]))


class PersonList(OptionList):
    """Who uses this laptop."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", _("Next role"), key_display="Enter"),
    ]


class PeopleScreen(Page):
    """Who uses this laptop and what they may do; an administrator can change it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "add", _("Add user")),
        Binding("delete", "remove", _("Remove"), key_display="Del"),
        Binding("f8", "app.moved('remove')", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._second = SecondPress()
        self._people: list[people.Person] = []

    def body(self) -> ComposeResult:
        yield Static(Content(_("Who uses this laptop")), classes="section")
        yield PersonList(id="people", markup=False)
        yield Static(id="message", classes="problem", markup=False)

    def renew(self) -> None:
        self._people = people.people(self.store)
        lines = [Content(f" {p.name:<40} {people.role_name(p.role)}") for p in self._people]
        refill(self.query_one("#people", OptionList), lines)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only an administrator can add or remove people."""
        return action not in ("add", "remove") or people.may(self.store, people.Act.USERS)

    def action_add(self) -> None:
        """Let a further person in."""
        self.app.push_screen(NewPersonScreen(self.store), self._done)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        chosen = self._people[event.option_index]
        after = people.ROLES[(people.ROLES.index(chosen.role) + 1) % len(people.ROLES)]
        self._try(lambda: people.set_role(self.store, chosen.name, after))

    def action_remove(self) -> None:
        """Remove the chosen person on the second press: they can no longer open this laptop."""
        at = self.query_one("#people", OptionList).highlighted
        if at is None:
            return
        chosen = self._people[at].name
        question = _("Del again: {name} can no longer open this laptop. What they recorded stays.").format(name=chosen)
        self._second.press(
            chosen,
            lambda: self._say(question),
            lambda: self._try(lambda: people.remove_person(self.store, chosen)),
        )

    def _try(self, act: Callable[[], None]) -> None:
        self._second.forget()
        try:
            act()
        except FieldappError as error:
            self._say(str(error))
        else:
            self._say("")
            self.renew()

    def _done(self, sentence: str | None) -> None:
        if sentence:
            self.app.notify(sentence, markup=False)

    def _say(self, text: str) -> None:
        self.query_one("#message", Static).update(Content(text))
