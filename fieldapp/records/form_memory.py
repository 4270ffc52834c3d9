"""What makes the next form shorter: fields that stay, forms kept as templates, and the record before.

All of it is kept on this laptop, for each of its users.
"""

import json
from collections.abc import Mapping
from typing import Any

from fieldapp.store.store import Store
from fieldapp.vietnamese.text import clean

TypedForm = dict[str, Any]
"""Field -> what was typed in it, as a draft keeps it"""


def pins(store: Store, kind: str) -> TypedForm:
    """The fields of a kind's form that stay as they were, with what stands in them."""
    return _load(store, f"pins:{kind}")


def save_pins(store: Store, kind: str, typed: Mapping[str, Any]) -> None:
    """Let these fields, and no others, stay."""
    _store(store, f"pins:{kind}", typed)


def templates(store: Store, kind: str) -> dict[str, TypedForm]:
    """The forms of a kind that were kept under a name, by name."""
    return dict(sorted(_load(store, f"templates:{kind}").items()))


def save_template(store: Store, kind: str, name: str, typed: Mapping[str, Any]) -> None:
    """Keep a form under a name; the same name replaces what was kept."""
    _store(store, f"templates:{kind}", {**templates(store, kind), clean(name)[:60]: dict(typed)})


def delete_template(store: Store, kind: str, name: str) -> None:
    """Forget a template."""
    _store(store, f"templates:{kind}", {k: v for k, v in templates(store, kind).items() if k != name})


def previous_record(store: Store, kind: str, besides: str | None = None) -> str | None:
    """The id of the record of a kind that this user recorded last, other than ``besides``; else of anybody's."""
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
