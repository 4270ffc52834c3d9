"""What saves typing in the next form: pinned fields that keep their value, templates, and the record before.

All of it is stored on this laptop, separately for each user.
"""

import json
from collections.abc import Mapping
from typing import Any

from fieldapp.store.store import Store
from fieldapp.vietnamese.text import tidy

TypedForm = dict[str, Any]
"""Field -> what was typed in it, as in a draft"""


def pins(store: Store, kind: str) -> TypedForm:
    """The pinned fields of a kind's form, with their values."""
    return _load(store, f"pins:{kind}")


def save_pins(store: Store, kind: str, typed: Mapping[str, Any]) -> None:
    """Pin these fields, and no others."""
    _store(store, f"pins:{kind}", typed)


def templates(store: Store, kind: str) -> dict[str, TypedForm]:
    """The templates of a kind: name -> form."""
    return dict(sorted(_load(store, f"templates:{kind}").items()))


def save_template(store: Store, kind: str, name: str, typed: Mapping[str, Any]) -> None:
    """Store a form as a template; replaces a template with the same name."""
    _store(store, f"templates:{kind}", {**templates(store, kind), tidy(name)[:60]: dict(typed)})


def delete_template(store: Store, kind: str, name: str) -> None:
    """Delete a template."""
    _store(store, f"templates:{kind}", {k: v for k, v in templates(store, kind).items() if k != name})


def previous_record(store: Store, kind: str, besides: str | None = None) -> str | None:
    """The id of the newest record of a kind by this user, or else by anybody; never ``besides``."""
    found: str | None = store.value(
        f"SELECT id FROM {kind} WHERE voided_at IS NULL AND id IS NOT ?"
        " ORDER BY created_by = ? DESC, created_at DESC, id DESC LIMIT 1",
        [besides, store.user],
    )
    return found


def _load(store: Store, what: str) -> TypedForm:
    found = json.loads(store.setting(f"{what}:{store.user}") or "{}")
    return found if isinstance(found, dict) else {}


def _store(store: Store, what: str, typed: Mapping[str, Any]) -> None:
    store.set_setting(f"{what}:{store.user}", json.dumps(typed, ensure_ascii=False))
