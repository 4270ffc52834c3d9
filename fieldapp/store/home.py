"""What a post's people must do next: the question that the first screen answers."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from fieldapp.i18n import _
from fieldapp.store import lists, records, words
from fieldapp.store.store import Draft, Store

SOON_DAYS = 30
MOST = 50
"""More of one sort are not listed one by one: nobody reads on."""


@dataclass(frozen=True)
class Todo:
    """One thing to do."""

    sign: Literal["!", "·"]
    """``!`` late, ``·`` open"""
    when: str
    text: str
    kind: str
    target: str
    """id of the record, or of the draft where ``draft``"""
    draft: bool = False


def todo(store: Store, today: date) -> list[Todo]:
    """Late first, then what ends soon, then drafts."""
    ending = _introductions(store, today)
    return [t for t in ending if t.sign == "!"] + [t for t in ending if t.sign != "!"] + _drafts(store)


def _introductions(store: Store, today: date) -> list[Todo]:
    """Introductions that end within 30 days, or ended lately without a reason and without a new one."""
    rows = store.rows(
        "SELECT i.id, i.date_to FROM introduction i WHERE i.voided_at IS NULL AND i.end_reason IS NULL"
        " AND i.date_to BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM introduction n WHERE n.member_id = i.member_id"
        " AND n.voided_at IS NULL AND n.date_from > i.date_to) ORDER BY i.date_to LIMIT ?",
        [(today - timedelta(days=365)).isoformat(), (today + timedelta(days=SOON_DAYS)).isoformat(), MOST],
    )
    named = words.labels(store, "introduction", [r["id"] for r in rows])
    found = []
    for row in rows:
        left = (date.fromisoformat(row["date_to"]) - today).days
        when = _("{n} days left").format(n=left) if left >= 0 else _("{n} days over").format(n=-left)
        text = _("Introduction ends: {name}").format(name=named[row["id"]])
        found.append(Todo("·" if left >= 0 else "!", when, text, "introduction", row["id"]))
    return found


def _drafts(store: Store) -> list[Todo]:
    return [
        Todo(
            "·",
            _("draft"),
            " · ".join((_(records.model_of(d.kind).TITLE), words.instant(d.saved_at), *_beginning(d))),
            d.kind,
            d.id,
            draft=True,
        )
        for d in store.drafts()[:MOST]
    ]


def _beginning(draft: Draft) -> list[str]:
    """The first things that were typed, by which a person knows a draft."""
    typed = [v.get("text") if isinstance(v, dict) else v for v in draft.data.values()]
    return [v for v in typed if isinstance(v, str) and v.strip()][:3]


def counts(store: Store, today: date) -> list[tuple[str, int, int]]:
    """(kind, records of this month, records in all) of each kind that the replica's people enter."""
    first = today.replace(day=1).isoformat()
    found = []
    for kind in ("activity", "meeting", "introduction", "member", "event"):
        model = records.model_of(kind)
        column = model.DATE or "created_at"
        month = store.value(f"SELECT count(*) FROM {kind} WHERE voided_at IS NULL AND {column} >= ?", [first])
        found.append((kind, month, lists.count(store, kind)))
    return found
