"""Which form a kind of record has, and opening one."""

from collections.abc import Mapping
from typing import Any

from fieldapp.domain.reference import ActivityKind
from fieldapp.store.store import Draft
from fieldapp.tui.host import Host
from fieldapp.tui.screens.form import FormScreen


def open_form(app: Host, kind: str, initial: Mapping[str, Any] | None = None) -> None:
    """Open the form for a new record; after each record that is saved open the next form, until one is left."""

    def show(form: FormScreen, recorded: str | None = None) -> None:
        form.goes_on = True
        if recorded is not None:
            form.follows(recorded)
        app.push_screen(form, next_one)

    def next_one(row_id: str | None) -> None:
        if row_id is not None:
            app.lead_on(lambda: show(form_of(kind), row_id))

    show(form_of(kind, initial=initial))


def form_of(
    kind: str, row_id: str | None = None, draft: Draft | None = None, initial: Mapping[str, Any] | None = None
) -> FormScreen:
    """The form for a record of a kind; arguments as of ``FormScreen``."""
    if kind == ActivityKind.KIND:
        from fieldapp.tui.screens.kind import KindForm

        return KindForm(row_id, draft, initial)
    return FormScreen(kind, row_id, draft, initial)
