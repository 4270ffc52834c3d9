"""What the merge of two laptops broke: rules that each kept on entry, and that their rows break together.

Nothing here stops an import; a person mends it. The log is read once: how far, and which rows broke a rule then, is a
local setting. What a change touched is compared with all that is there, through indexes, so a look costs what has come
since the last one. A row that broke a rule is looked at again until it is mended.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from fieldapp.domain import rules
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Child, Record, fields_of
from fieldapp.domain.records import BY_KIND, RECORDS
from fieldapp.i18n import _
from fieldapp.store import log, view, words
from fieldapp.store.migrations import BASELINE_LOG, SCHEMA_VERSION
from fieldapp.store.store import Row, Store

CHECKED = "checked"
"""Local setting: JSON of the schema version, how far each log was read, and the rows to look at again."""

OF: Mapping[str, tuple[type[Record], Child]] = {
    child.model.KIND: (model, child) for model in RECORDS for child in model.CHILDREN.values()
}
"""Kind of a row that belongs to a record -> the record's model, and how it belongs."""

RULED = [m.KIND for m in RECORDS if m.KIND in OF or m.ORDERED or rules.compared_by(m)]
"""Kinds whose rows can break a rule"""

MOST = 200
"""More of one kind are not told at once"""


@dataclass(frozen=True)
class Broken:
    """A rule that stored records break."""

    kind: str
    target: str
    """the record to open, of this kind"""
    ids: tuple[str, ...]
    """the rows that break the rule: one, or two together"""
    post_id: str | None
    sentence: str
    """which records, what is wrong with them and what to do"""


def broken(store: Store) -> list[Broken]:
    """Every rule that rows break, alone or with others; the same wherever the same segments were applied.

    The order is that of the models, then of the ids, which is that of recording.
    """
    state = json.loads(store.setting(CHECKED) or "{}")
    if state.get("schema") != SCHEMA_VERSION:
        state = {"seen": {}, "rows": {}}
    reached = {r["id"]: r["seq"] for r in store.rows("SELECT id, seq FROM local_log WHERE id <> ?", [BASELINE_LOG])}
    suspects = [(kind, json.dumps(ids)) for kind, ids in state["rows"].items()]
    suspects += [(r["table_name"], r["ids"]) for r in _arrived(store, reached, state["seen"])]
    found: dict[tuple[int, tuple[str, ...], str], Broken] = {}
    look_again: dict[str, set[str]] = {}
    all_told = True
    for kind, among in suspects:
        breaches = list(islice(_breaches(store, kind, among), MOST))
        all_told = all_told and len(breaches) < MOST
        found |= {(RULED.index(kind), b.ids, b.sentence): b for b in breaches}
        look_again.setdefault(kind, set()).update(i for b in breaches for i in b.ids)
    if all_told and reached != state["seen"]:
        for row in _waiting(store):
            look_again.setdefault(row["table_name"], set()).add(row["row_id"])
        rows = {kind: sorted(ids) for kind, ids in look_again.items() if ids}
        with store.transaction(derived=True):
            store.set_setting(CHECKED, json.dumps({"schema": SCHEMA_VERSION, "seen": reached, "rows": rows}))
    return [found[place] for place in sorted(found)]


def _arrived(store: Store, reached: Mapping[str, int], seen: Mapping[str, int]) -> Iterator[Row]:
    """The rows that came since the last look: of each log and table a JSON list of ids."""
    for log_id, last in reached.items():
        if last > seen.get(log_id, 0):
            rows: dict[str, dict[str, None]] = {}
            for change in log.since(store, log_id, seen.get(log_id, 0)):
                if change.table in RULED:
                    rows.setdefault(change.table, {})[change.row_id] = None
            yield from ({"table_name": table, "ids": json.dumps(list(ids))} for table, ids in rows.items())


def _waiting(store: Store) -> list[Row]:
    """Rows of which a change does not count: it may later, when what it names has come."""
    places = [(r["log_id"], r["seq"]) for r in store.rows("SELECT log_id, seq FROM local_set_aside")]
    found = {(c.table, c.row_id) for c in log.at_places(store, places).values() if c.table in RULED}
    return [{"table_name": table, "row_id": row_id} for table, row_id in sorted(found)]


def _breaches(store: Store, kind: str, among: str) -> Iterator[Broken]:
    """Each rule that rows of a kind break, those to look at being ``among`` a JSON list of ids."""
    model = BY_KIND[kind]
    for first, last in model.ORDERED:
        yield from _disordered(store, model, first, last, among)
    if model.UNIQUE:
        yield from _twice(store, model, among)
    elif rules.compared_by(model):
        yield from _overlapping(store, model, among)
    if kind in OF:
        yield from _within(store, *OF[kind], among)


def _disordered(store: Store, model: type[Record], first: str, last: str, among: str) -> Iterator[Broken]:
    rows = store.rows(
        f"SELECT * FROM {model.KIND} WHERE id IN (SELECT value FROM json_each(?)) AND voided_at IS NULL"
        f" AND {last} < {first} ORDER BY id LIMIT {MOST}",
        [among],
    )
    named = words.labels(store, model.KIND, [row["id"] for row in rows])
    titles = {shape.name: _(shape.title) for shape in fields_of(model)}
    for row in rows:
        sentence = _("{record}: “{last}” ({end}) lies before “{first}” ({beginning}). Correct one of them.").format(
            record=named[row["id"]],
            last=titles[last],
            end=_day(row[last]),
            first=titles[first],
            beginning=_day(row[first]),
        )
        yield Broken(model.KIND, row["id"], (row["id"],), row.get("post_id"), sentence)


def _twice(store: Store, model: type[Record], among: str) -> Iterator[Broken]:
    """Two records that agree in what makes them one."""
    for first, second, named in _pairs(store, model, model.UNIQUE, among):
        sentence = _("{what} twice: {name}, by {first} and by {second}. Void one of them.").format(
            what=_(model.TITLE), name=named[first["id"]], first=_origin(first), second=_origin(second)
        )
        yield Broken(model.KIND, first["id"], (first["id"], second["id"]), first.get("post_id"), sentence)


def _overlapping(store: Store, model: type[Record], among: str) -> Iterator[Broken]:
    """Two records of which only one may be in force on a day (``rules.overlap``, in SQL)."""
    overlap = "a.date_from <= coalesce(b.date_to, '9999') AND b.date_from <= coalesce(a.date_to, '9999')"
    for first, second, named in _pairs(store, model, rules.compared_by(model), among, overlap):
        sentence = _("At one time: {first} and {second}. End one of them, or void the one that is wrong.").format(
            first=f"{named[first['id']]} ({_period(first)})", second=f"{named[second['id']]} ({_period(second)})"
        )
        yield Broken(model.KIND, first["id"], (first["id"], second["id"]), first["post_id"], sentence)


def _within(store: Store, model: type[Record], child: Child, among: str) -> Iterator[Broken]:
    """Two rows of one record about the same; a figure as a whole beside its parts (``rules.within``)."""
    about, condition = child.about, f"EXISTS (SELECT 1 FROM {model.KIND} p WHERE p.id = a.{child.parent}"
    condition += " AND p.voided_at IS NULL)"
    if child.editor == "measures":
        about = ("measure_id",)
        condition += " AND (a.measured_on IS b.measured_on OR a.measured_on IS NULL OR b.measured_on IS NULL)"
    pairs = _pairs(store, child.model, (child.parent, *about), among, condition)
    parents = words.labels(store, model.KIND, {first[child.parent] for first, _second, _named in pairs})
    twice = _("{record}: {what} twice, {first} and {second}. Open it and keep one of them.")
    parts = _("{record}: {what} as a whole beside its parts, {first} and {second}. Open it and keep one of them.")
    for first, second, _named in pairs:
        parent = first[child.parent]
        sentence = twice if first.get("measured_on") == second.get("measured_on") else parts
        told = sentence.format(
            record=parents[parent],
            what=_(child.model.TITLE),
            first=f"{view.child_text(store, child, first)} ({_origin(first)})",
            second=f"{view.child_text(store, child, second)} ({_origin(second)})",
        )
        yield Broken(model.KIND, parent, (first["id"], second["id"]), first["post_id"], told)


def _pairs(
    store: Store, model: type[Record], fields: Sequence[str], among: str, also: str = "1"
) -> list[tuple[Row, Row, Mapping[str, str]]]:
    """Each two standing rows of one scope that agree in ``fields``, the older first, with the labels of all.

    At least one of the two is ``among`` the ids (a JSON list); ``also`` is a condition in SQL over both (``a``, ``b``).
    """
    kind = model.KIND
    same = " AND ".join(f"b.{f} IS a.{f}" for f in (fields if model.REFERENCE else (*fields, "post_id")))
    pairs = store.rows(
        f"SELECT DISTINCT min(a.id, b.id) AS first, max(a.id, b.id) AS second FROM {kind} a"
        f" JOIN {kind} b ON {same} AND b.id <> a.id AND b.voided_at IS NULL"
        f" WHERE a.id IN (SELECT value FROM json_each(?)) AND a.voided_at IS NULL AND {also}"
        f" ORDER BY 1, 2 LIMIT {MOST}",
        [among],
    )
    ids = sorted({pair[side] for pair in pairs for side in ("first", "second")})
    rows = {
        row["id"]: row
        for row in store.rows(f"SELECT * FROM {kind} WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)])
    }
    named = words.labels(store, kind, ids)
    return [(rows[pair["first"]], rows[pair["second"]], named) for pair in pairs]


def _period(row: Row) -> str:
    return f"{_day(row['date_from'])} – {_day(row['date_to']) if row['date_to'] else '…'}"


def _origin(row: Row) -> str:
    """Who recorded a row, and when: what tells two records apart that say the same."""
    return f"{row['created_by']}, {words.instant(row['created_at'])}"


def _day(text: str) -> str:
    return format_date(date.fromisoformat(text))
