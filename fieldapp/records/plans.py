"""Plans as a sheet: what is planned, by post and by what is counted, in one period; read and saved together.

A plan is of its period: the plan of another year or quarter is another record, and stays as it is.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple, get_args

from fieldapp.domain.indicators import BY_CODE
from fieldapp.domain.reference import PlanIndicator
from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.i18n import _, everywhere
from fieldapp.records import records
from fieldapp.records.reading import resolve_reference
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key, tidy

PLAN = "plan"
ALL_POSTS = "All posts together"
"""English message: the line of the plans that are of no single post"""


class Aim(NamedTuple):
    """What a target is of: a measure, perhaps of one kind of activity only, or another figure."""

    measure_id: str | None = None
    kind_id: str | None = None
    indicator: str | None = None


class PlanCell(NamedTuple):
    """Whose target, and of what; ``post_id`` None: of all posts together."""

    post_id: str | None
    aim: Aim


class AimWords(NamedTuple):
    """An aim in words, and how its amounts are written."""

    title: str
    unit: str
    decimals: int


class PlansRefused(FieldappError):
    """Some targets cannot be saved, and none was; ``cells`` has the sentence of each."""

    def __init__(self, cells: Mapping[PlanCell, str], named: Mapping[PlanCell, str]) -> None:
        lines = [f"{named[cell]}: {sentence}" for cell, sentence in cells.items()]
        super().__init__(f"{_('Nothing was saved.')} {' '.join(lines)}")
        self.cells = dict(cells)


class PlansAsked(NeedsConfirmation):
    """Some targets are unusual. None was saved; ``cells`` has the question of each."""

    def __init__(self, cells: Mapping[PlanCell, str], named: Mapping[PlanCell, str]) -> None:
        super().__init__(" ".join(f"{named[cell]}: {sentence}" for cell, sentence in cells.items()))
        self.cells = dict(cells)


def stored_plans(store: Store, first: date, last: date) -> dict[PlanCell, Row]:
    """The plans of exactly this period. Of two of one cell, which a merge may leave, the older."""
    found: dict[PlanCell, Row] = {}
    for row in store.rows(
        "SELECT * FROM plan WHERE voided_at IS NULL AND date_from = ? AND date_to = ? ORDER BY id",
        [first.isoformat(), last.isoformat()],
    ):
        aim = Aim(row["measure_id"], row["activity_kind_id"], row["indicator"])
        found.setdefault(PlanCell(row["for_post_id"], aim), row)
    return found


def aim_words(store: Store, aim: Aim) -> AimWords:
    """“Giếng” in “giếng”; of one kind only “Ngày công · Khám, chữa bệnh”; of works their kind: “Nhà đại đoàn kết”."""
    if aim.indicator is not None:
        indicator = BY_CODE[aim.indicator]
        return AimWords(_(indicator.title), _(indicator.unit), 0)
    measure = store.row("SELECT name, unit_name, decimals FROM measure WHERE id = ?", [aim.measure_id])
    assert measure is not None
    title = measure["name"]
    if aim.kind_id is not None:
        kind = store.value("SELECT name FROM activity_kind WHERE id = ?", [aim.kind_id])
        title = kind if _works_of_kind(store, aim.kind_id) == [aim.measure_id] else f"{title} · {kind}"
    return AimWords(title, measure["unit_name"], measure["decimals"])


def aims_to_choose(store: Store) -> list[Aim]:
    """All that a plan may be of, in the order in which forms have it: works by their kind, measures, other figures."""
    works = store.rows(
        "SELECT DISTINCT m.id AS measure, k.id AS kind, k.position, k.code FROM kind_measure j"
        " JOIN measure m ON m.id = j.measure_id JOIN activity_kind k ON k.id = j.activity_kind_id"
        " WHERE m.nature = 'works' AND coalesce(m.voided_at, k.voided_at, j.voided_at) IS NULL"
        " ORDER BY k.position, k.code"
    )
    measures = store.rows("SELECT id FROM measure WHERE voided_at IS NULL AND nature <> 'text' ORDER BY id")
    return [
        *(Aim(row["measure"], row["kind"]) for row in works),
        *(Aim(row["id"]) for row in measures),
        *(Aim(indicator=code) for code in get_args(PlanIndicator)),
    ]


_UNIT = re.compile(r"\s*\(([^()]*)\)$")


def aim_named(store: Store, text: str) -> Aim:
    """What the heading of a sheet means: a measure, “measure · kind”, a kind of works, or another figure.

    The unit may follow in brackets. ValueError with a sentence if there is no such thing, or several.
    """
    name = tidy(_UNIT.sub("", tidy(text)))
    key = search_key(name)
    for code in get_args(PlanIndicator):
        if key in {search_key(title) for title in everywhere(BY_CODE[code].title)} | {search_key(code)}:
            return Aim(indicator=code)
    measure, dot, kind = name.partition(" · ")
    if dot:
        return Aim(resolve_reference(store, "measure", measure), resolve_reference(store, "activity_kind", kind))
    try:
        return Aim(resolve_reference(store, "measure", name))
    except ValueError:
        works = _works_of(store, name)
        if works is None:
            raise
        return works


def _works_of(store: Store, name: str) -> Aim | None:
    """“Nhà đại đoàn kết”: the kind of works, counted in its own measure."""
    try:
        kind = resolve_reference(store, "activity_kind", name)
    except ValueError:
        return None
    measures = _works_of_kind(store, kind)
    return Aim(measures[0], kind) if len(measures) == 1 else None


def _works_of_kind(store: Store, kind_id: str) -> list[str]:
    """The measures in which works of this kind are counted: mostly one."""
    rows = store.rows(
        "SELECT m.id FROM kind_measure j JOIN measure m ON m.id = j.measure_id WHERE j.activity_kind_id = ?"
        " AND m.nature = 'works' AND j.voided_at IS NULL AND m.voided_at IS NULL ORDER BY j.position, m.id",
        [kind_id],
    )
    return [row["id"] for row in rows]


def post_named(store: Store, text: str) -> str | None:
    """The id of the post with this code, this name, or “name (code)”; None for all posts together. ValueError with a
    sentence."""
    if search_key(text) in {search_key(words) for words in everywhere(ALL_POSTS)}:
        return None
    name, code = tidy(_UNIT.sub("", tidy(text))), _UNIT.search(tidy(text))
    if code is not None:
        row = store.row("SELECT id, name FROM post WHERE code = ? AND voided_at IS NULL", [code[1]])
        if row is not None and search_key(row["name"]) == search_key(name):
            return str(row["id"])
    return resolve_reference(store, "post", tidy(text))


def cell_words(store: Store, cell: PlanCell) -> str:
    """“Đồn BP Ia Rvê, Giếng”"""
    post = store.value("SELECT name FROM post WHERE id = ?", [cell.post_id]) if cell.post_id else _(ALL_POSTS)
    return f"{post}, {aim_words(store, cell.aim).title}"


def save_plans(
    store: Store, first: date, last: date, targets: Mapping[PlanCell, str | int | None], *, reason: str, confirm: bool
) -> int:
    """Save targets of one period as ordinary records: all of them, or none; returns how many were changed.

    A target is text as people type it, or a whole number of units of 10^-decimals; None or an empty text voids the
    plan that is there, for ``reason``. Raises PlansRefused, or PlansAsked where something is unusual.
    """
    problems: dict[PlanCell, str] = {}
    asked: dict[PlanCell, str] = {}
    changed = 0
    named = {cell: cell_words(store, cell) for cell in targets}
    with store.transaction():
        there = stored_plans(store, first, last)
        for cell, target in targets.items():
            try:
                changed += _save(store, first, last, cell, target, there.get(cell), reason, confirm)
            except NeedsConfirmation as question:
                asked[cell] = " ".join(question.fields.values()) or str(question)
            except FieldappError as error:
                problems[cell] = " ".join(dict.fromkeys(error.fields.values())) or str(error)
        if problems:
            raise PlansRefused(problems, named)
        if asked:
            raise PlansAsked(asked, named)
    return changed


def _save(
    store: Store, first: date, last: date, cell: PlanCell, target: Any, old: Row | None, reason: str, confirm: bool
) -> bool:
    """Save one target; whether anything changed."""
    if target is None or (isinstance(target, str) and not tidy(target)):
        if old is not None:
            records.void(store, old["id"], reason)
        return old is not None
    data = {
        "for_post_id": cell.post_id,
        "date_from": first.isoformat(),
        "date_to": last.isoformat(),
        "measure_id": cell.aim.measure_id,
        "activity_kind_id": cell.aim.kind_id,
        "indicator": cell.aim.indicator,
        "target": target,
    }
    saved = records.save(store, PLAN, data, old["id"] if old else None, confirm=confirm)
    return old is None or store.value("SELECT target FROM plan WHERE id = ?", [saved]) != old["target"]
