"""What the merge of two laptops broke: rules that each kept on entry, and that their rows break together.

Nothing here stops an import; a person mends it. The log is read once: how far, and which rows broke a rule then, is a
local setting. What a change touched is compared with all that is there, through indexes, so a look costs what has come
since the last one. A row that broke a rule is looked at again until it is mended.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

from fieldapp.domain import rules
from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Child, Record, fields_of
from fieldapp.domain.records import BY_KIND, RECORDS
from fieldapp.domain.review import Review
from fieldapp.i18n import _
from fieldapp.records import view, words
from fieldapp.store import log
from fieldapp.store.migrations import BASELINE_LOG, SEGMENT_SCHEMA
from fieldapp.store.store import Row, Store

CHECKED_UNTIL = "checked"
"""Local setting: JSON of the shape of the logged tables, how far each log was read, and the rows to look at again."""

PARENTS: Mapping[str, tuple[type[Record], Child]] = {
    child.model.KIND: (model, child) for model in RECORDS for child in model.CHILDREN.values()
}
"""Kind of a row that belongs to a record -> the record's model, and how it belongs."""

CHECKED_KINDS = [m.KIND for m in RECORDS if m.KIND in PARENTS or m.ORDERED or rules.compared_by(m) or m is Review]
"""Kinds whose rows can break a rule"""

MAX_LISTED = 200
"""More that break one rule are not told at once"""

_STANDS = "a.id IN (SELECT value FROM json_each(?)) AND a.voided_at IS NULL"


@dataclass(frozen=True)
class Violation:
    """A rule that stored records break."""

    kind: str
    target: str
    """the record to open, of this kind"""
    ids: tuple[str, ...]
    """the rows that break the rule: one, or two together"""
    post_id: str | None
    sentence: str
    """which records, what is wrong with them and what to do"""


def violations(store: Store) -> list[Violation]:
    """Every rule that rows break, alone or with others; the same wherever the same segments were applied.

    The order is that of the models, then of the ids, which is that of recording.
    """
    state = json.loads(store.setting(CHECKED_UNTIL) or "{}")
    if state.get("schema") != SEGMENT_SCHEMA:
        state = {"seen": {}, "rows": {}}
    reached = {r["id"]: r["seq"] for r in store.rows("SELECT id, seq FROM local_log WHERE id <> ?", [BASELINE_LOG])}
    suspects = {kind: set(ids) for kind, ids in state["rows"].items()}
    for kind, ids in _rows_since(store, reached, state["seen"]):
        suspects.setdefault(kind, set()).update(ids)
    found: dict[tuple[int, tuple[str, ...], str], Violation] = {}
    look_again: dict[str, set[str]] = {}
    for kind, ids in suspects.items():
        for rule in _rules(kind):
            breaking = [row["id"] for row in store.rows(f"SELECT DISTINCT a.id {rule.rows}", [json.dumps(sorted(ids))])]
            if breaking:
                look_again.setdefault(kind, set()).update(breaking)
                told = rule.told(store, rule.rows, json.dumps(breaking))
                found |= {(CHECKED_KINDS.index(kind), b.ids, b.sentence): b for b in told}
    if reached != state["seen"]:
        for row in _waiting(store):
            look_again.setdefault(row["table_name"], set()).add(row["row_id"])
        rows = {kind: sorted(ids) for kind, ids in look_again.items()}
        with store.transaction(derived=True):
            store.set_setting(CHECKED_UNTIL, json.dumps({"schema": SEGMENT_SCHEMA, "seen": reached, "rows": rows}))
    return [found[place] for place in sorted(found)]


def _rows_since(
    store: Store, reached: Mapping[str, int], seen: Mapping[str, int]
) -> Iterator[tuple[str, Iterable[str]]]:
    """The rows that came since the last look: of each log and kind, their ids."""
    for log_id, last in reached.items():
        if last > seen.get(log_id, 0):
            rows: dict[str, set[str]] = {}
            for change in log.changes_after(store, log_id, seen.get(log_id, 0)):
                if change.table in CHECKED_KINDS:
                    rows.setdefault(change.table, set()).add(change.row_id)
            yield from rows.items()


def _waiting(store: Store) -> list[Row]:
    """Rows of which a change does not count: it may later, when what it names has come."""
    places = [(r["log_id"], r["seq"]) for r in store.rows("SELECT log_id, seq FROM local_set_aside")]
    found = {(c.table, c.row_id) for c in log.changes_at(store, places).values() if c.table in CHECKED_KINDS}
    return [{"table_name": table, "row_id": row_id} for table, row_id in sorted(found)]


class _Rule(NamedTuple):
    """What rows of one kind may not be."""

    rows: str
    """SQL from FROM on: the rows ``a`` of a JSON list of ids that break it, where it takes two each with its ``b``"""
    told: Callable[[Store, str, str], Iterator[Violation]]
    """takes a store, ``rows`` and the list: a sentence for each of the first ``MAX_LISTED``"""


def _rules(kind: str) -> Iterator[_Rule]:
    """Each rule that rows of a kind can break, in the order of the model."""
    model = BY_KIND[kind]
    for first, last in model.ORDERED:
        yield _Rule(_single_row_rules(model, f"a.{last} < a.{first}"), partial(_wrong_order, model, first, last))
    if model.UNIQUE:
        yield _Rule(_pair_rules(model, model.UNIQUE), partial(_duplicates, model))
    elif rules.compared_by(model):  # ``rules.overlap``, in SQL
        overlap = "a.date_from <= coalesce(b.date_to, '9999') AND b.date_from <= coalesce(a.date_to, '9999')"
        yield _Rule(_pair_rules(model, rules.compared_by(model), overlap), partial(_overlapping, model))
    if kind in PARENTS:  # ``rules.within``
        parent, child = PARENTS[kind]
        about, stands = child.about, f"EXISTS (SELECT 1 FROM {parent.KIND} p WHERE p.id = a.{child.parent}"
        stands += " AND p.voided_at IS NULL)"
        if child.editor == "measures":
            about = ("measure_id",)
            stands += " AND (a.measured_on IS b.measured_on OR a.measured_on IS NULL OR b.measured_on IS NULL)"
        yield _Rule(_pair_rules(child.model, (child.parent, *about), stands), partial(_child_rules, parent, child))
    if model is Review:
        apart = "a.outcome <> b.outcome AND NOT EXISTS (SELECT 1 FROM review n WHERE n.replaces IN (a.id, b.id))"
        apart += " AND coalesce(CASE WHEN a.id > b.id THEN a.replaces ELSE b.replaces END, '') < min(a.id, b.id)"
        yield _Rule(_pair_rules(model, ("record_id", "seen"), apart), _opposed_reviews)


def _single_row_rules(model: type[Record], wrong: str) -> str:
    """Standing rows of which a condition in SQL is true."""
    return f"FROM {model.KIND} a WHERE {_STANDS} AND {wrong}"


def _pair_rules(model: type[Record], fields: Sequence[str], wrong: str = "1") -> str:
    """Standing rows with another of their scope that agrees in ``fields``, a condition over both being true."""
    same = " AND ".join(f"b.{f} IS a.{f}" for f in (fields if model.REFERENCE else (*fields, "post_id")))
    both = f"{model.KIND} a JOIN {model.KIND} b ON {same} AND b.id <> a.id AND b.voided_at IS NULL"
    return f"FROM {both} WHERE {_STANDS} AND {wrong}"


def _wrong_order(
    model: type[Record], first: str, last: str, store: Store, breaking: str, among: str
) -> Iterator[Violation]:
    """One day before another that it follows."""
    rows = store.rows(f"SELECT a.* {breaking} ORDER BY a.id LIMIT {MAX_LISTED}", [among])
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
        yield Violation(model.KIND, row["id"], (row["id"],), row.get("post_id"), sentence)


def _duplicates(model: type[Record], store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """Two records that agree in what makes them one."""
    for first, second, named in _pairs(store, model, breaking, among):
        sentence = _("{what} twice: {name}, by {first} and by {second}. Void one of them.").format(
            what=_(model.TITLE), name=named[first["id"]], first=_origin(first), second=_origin(second)
        )
        yield Violation(model.KIND, first["id"], (first["id"], second["id"]), first.get("post_id"), sentence)


def _overlapping(model: type[Record], store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """Two records of which only one may be in force on a day."""
    for first, second, named in _pairs(store, model, breaking, among):
        sentence = _("At one time: {first} and {second}. End one of them, or void the one that is wrong.").format(
            first=f"{named[first['id']]} ({_period(first)})", second=f"{named[second['id']]} ({_period(second)})"
        )
        yield Violation(model.KIND, first["id"], (first["id"], second["id"]), first["post_id"], sentence)


def _child_rules(model: type[Record], child: Child, store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """Two rows of one record about the same; a figure as a whole beside its parts."""
    pairs = _pairs(store, child.model, breaking, among)
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
        yield Violation(model.KIND, parent, (first["id"], second["id"]), first["post_id"], told)


def _opposed_reviews(store: Store, breaking: str, among: str) -> Iterator[Violation]:
    """Two officers decided otherwise about one state of a record, neither knowing of the other."""
    for first, second, _named in _pairs(store, Review, breaking, among):
        back, well = sorted((first, second), key=lambda row: row["outcome"] == "accepted")
        kind, record = first["record_kind"], first["record_id"]
        if kind in BY_KIND and (label := words.labels(store, kind, [record]).get(record)):
            sentence = _(
                "{record}: returned by {a} (“{comment}”) and accepted by {b}, who did not know of each other."
                " Headquarters looks at it again."
            ).format(record=label, a=back["created_by"], comment=back["comment"], b=well["created_by"])
            yield Violation(kind, record, (first["id"], second["id"]), first["post_id"], sentence)


def _pairs(store: Store, model: type[Record], breaking: str, among: str) -> list[tuple[Row, Row, Mapping[str, str]]]:
    """The two rows that break a rule together, the older first, with the labels of all."""
    kind = model.KIND
    pairs = store.rows(
        f"SELECT DISTINCT min(a.id, b.id) AS first, max(a.id, b.id) AS second {breaking}"
        f" ORDER BY 1, 2 LIMIT {MAX_LISTED}",
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
    return f"{row['created_by']}, {words.local_instant(row['created_at'])}"


def _day(text: str) -> str:
    return format_date(date.fromisoformat(text))
