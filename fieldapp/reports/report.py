"""A report: the figures of a period, what they leave out, the same period before, and the plan."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any

from msgspec import Struct, to_builtins

from fieldapp.domain.dates import read_instant
from fieldapp.domain.indicators import BY_CODE, INDICATORS
from fieldapp.domain.model import Record
from fieldapp.domain.records import BY_KIND, PARENTS, RECORDS
from fieldapp.domain.sentences import Told, within
from fieldapp.i18n import _
from fieldapp.records import reviews, words
from fieldapp.reports.coordination import LateWith, TaskDone, late_with, tasks
from fieldapp.reports.coverage import Reported, heard_instants, reported
from fieldapp.reports.evidence import Evidence, evidence
from fieldapp.reports.figure_names import amount_in_words, once
from fieldapp.reports.figures import (
    Figure,
    behind,
    figures,
    left_out,
    of_other_kinds,
    outside,
    unassigned,
    without_figure,
)
from fieldapp.reports.joint import Disputed, JointDeed, joint_deeds_done, joint_records, kinds_named
from fieldapp.reports.query import Period, Query, find_post
from fieldapp.reports.sentences import cells_told, section_clauses
from fieldapp.reports.units import find_unit
from fieldapp.store.log import Change
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import status
from fieldapp.sync.format import segment
from fieldapp.sync.merge import forks, segment_state, voids
from fieldapp.sync.peers import peers
from fieldapp.vietnamese.text import sort_key


class ReturnedRecord(Struct, frozen=True):
    """A record that headquarters returned and that would count otherwise, as a letter names it."""

    what: str
    """“buổi tuyên truyền, phổ biến pháp luật”, “giới thiệu sinh hoạt”"""
    day: str | None
    """the last one of its days; None where its kind has none"""
    post: str
    """empty where the report is of one post"""


class Completeness(Struct, frozen=True):
    """What the figures leave out, and as of when."""

    voided: int
    returned: int
    """returned by headquarters, and nothing was done about them yet; both would count in some figure otherwise"""
    returned_records: list[ReturnedRecord]
    """these by the alphabet of their posts and by day"""
    undecided: int
    """records of the period of which something was voided by somebody who did not know what others did to it"""
    drafts: int
    conflicts: int
    waiting: int
    """segments that are held or in quarantine"""
    waiting_posts: Mapping[str, str]
    """id -> name of the posts that wrote these, by the alphabet"""
    waiting_elsewhere: list[str]
    """ids of posts that wrote others of these, all about other periods"""
    waiting_others: int
    """of these, what no such post wrote"""
    set_aside: int
    """rejected changes"""
    joint: int
    """records of the period with a joint reference"""
    joint_deeds: int
    """how many joint activities these are"""
    disputed: list[Disputed]
    """of these: the measures of which posts give different amounts"""
    unassigned: int
    """records in a unit that was divided, or is made of several, where the record does not say which part is meant"""
    unassigned_kinds: dict[str, int]
    """the same by kind of record"""
    without_figure: int
    """activities that do not say how much was done"""
    of_other_kinds: int
    """figures that the kind of their activity never had, left by a merge or an older version: they count nowhere"""
    outside: int
    """figures with a day outside of the days of their activity: they count on that day"""
    posts: list[tuple[str, str | None]]
    """(post's laptop, instant of its newest applied change, or of a later bundle that had nothing new)"""


class PlanProgress(Struct, frozen=True):
    """A plan's target, and how much of it was done."""

    title: str
    post: str | None
    query: Query
    """over the plan's own period"""
    figure: Figure
    """the amount done, as a figure of the query: ``behind`` lists its records"""
    target: int

    @property
    def period(self) -> Period:
        """The plan's own period."""
        return self.query.period

    @property
    def done(self) -> int:
        """The amount done, in units of 10^-decimals."""
        return self.figure.value or 0

    @property
    def percent(self) -> int:
        """Percent of the target, rounded down: 99 is not done."""
        return self.done * 100 // self.target

    @property
    def text(self) -> str:
        """“722 / 800 ngày công (90%)”, “khoảng 700 và hàng chục / 800 ngày công (87%)”"""
        decimals, unit = self.figure.decimals, self.figure.unit
        value = self.figure.value if self.figure.in_words else self.done
        done = replace(self.figure, value=value, unit=unit if unit == "đồng" else "").text
        return f"{done} / {amount_in_words(self.target, decimals, unit)} ({self.percent}%)"


class Report(Struct, frozen=True):
    """All figures of a query."""

    query: Query
    unit: str | None
    post: str | None
    figures: list[Figure]
    before: list[Figure]
    """figures of the preceding period"""
    plan: list[PlanProgress]
    tasks: list[TaskDone]
    late: list[LateWith]
    clauses: Mapping[str, list[Told]]
    """section -> what tells its figures"""
    reported: Reported
    joint: list[JointDeed]
    completeness: Completeness
    evidence: list[Evidence]
    """of the kinds that want photographs and minutes, what has them"""
    cells: str
    """of which cells meetings are recorded, in words; empty: of all"""

    def is_disputed(self, figure: Figure) -> bool:
        """Whether a joint activity is in a figure on whose amount posts do not agree."""
        return any(deed.is_in(figure) and figure.measure_id in deed.disputed for deed in self.joint)

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``--json`` and ``--format json``."""
        before = {(f.section, f.code): f.value for f in self.before}
        return {
            "from": self.query.period.first.isoformat(),
            "to": self.query.period.last.isoformat(),
            "units": self.query.view,
            "unit": self.unit,
            "post": self.post,
            "figures": [
                {**to_builtins(f), "text": f.text, "before": before.get((f.section, f.code))} for f in self.figures
            ],
            "plan": [
                {"title": p.title, "post": p.post, "from": p.period.first.isoformat(), "to": p.period.last.isoformat(),
                 "target": p.target, "done": p.done, "decimals": p.figure.decimals, "unit": p.figure.unit,
                 "percent": p.percent, "text": p.text}
                for p in self.plan
            ],
            "tasks": [to_builtins(task) for task in self.tasks],
            "late_with": [to_builtins(late) for late in self.late],
            "completeness": to_builtins(self.completeness),
            "evidence": [to_builtins(one) for one in self.evidence],
        }  # fmt: skip


def report(store: Store, query: Query) -> Report:
    """The full report for a query."""
    unit, post = find_unit(store, query), find_post(store, query)
    found = figures(store, query)
    seen = evidence(store, query, found)
    joint = joint_deeds_done(store, query)
    cells = cells_told(store, query, found)
    return Report(
        query,
        unit["name"] if unit else None,
        words.post_names(store)[post["id"]] if post else None,
        found,
        figures(store, query.over(query.period.before())),
        plan_progress(store, query, _plans_within(store, query, post)),
        tasks(store, query),
        late_with(store, query),
        section_clauses(store, query, found, seen, joint, cells),
        reported(store, query.period, query.today, post["id"] if post else None),
        joint,
        _completeness(store, query, joint),
        seen,
        cells,
    )


def plan_progress(store: Store, query: Query, plans: Sequence[Row]) -> list[PlanProgress]:
    """How much of each plan was done, over the plan's own period."""
    counted: dict[tuple[str, str, str | None], list[Figure]] = {}
    found = []
    for plan in plans:
        period = Period(date.fromisoformat(plan["date_from"]), date.fromisoformat(plan["date_to"]))
        own = Query(period, None, plan["for_post_id"], "then", query.today)
        key = (plan["date_from"], plan["date_to"], plan["for_post_id"])
        if plan["measure_id"] is None and key not in counted:
            counted[key] = figures(store, own)
        found.append(_progress(store, plan, own, counted.get(key, [])))
    return found


def _progress(store: Store, plan: Row, query: Query, counted: Sequence[Figure]) -> PlanProgress:
    post = words.post_names(store).get(plan["for_post_id"])
    if plan["measure_id"] is None:
        indicator = BY_CODE[plan["indicator"]]
        found = next((f for f in counted if f.code == indicator.code), None)
        figure = found or Figure(indicator.section, indicator.code, _(indicator.title), 0, 0, _(indicator.unit))
        return PlanProgress(_(indicator.title), post, query, figure, plan["target"])
    measure = store.row("SELECT * FROM measure WHERE id = ?", [plan["measure_id"]])
    assert measure is not None
    title, kind = measure["name"], plan["activity_kind_id"]
    if kind is not None:
        title = f"{title} · {store.value('SELECT name FROM activity_kind WHERE id = ?', [kind])}"
    empty = Figure(
        "", measure["code"], title, None, measure["decimals"], measure["unit_name"],
        measure_id=plan["measure_id"], kind_id=kind,
    )  # fmt: skip
    lines = behind(store, query, empty)
    amounts = [x for x in lines if x.amount is not None]
    in_words = once(x.words for x in lines if x.amount is None)
    figure = replace(
        empty,
        value=sum(x.amount or 0 for x in lines) if amounts or not in_words else None,
        count=len({x.record for x in lines}),
        approximate=any(x.approximate for x in amounts),
        in_words=in_words,
    )
    return PlanProgress(title, post, query, figure, plan["target"])


def _plans_within(store: Store, query: Query, post: Row | None) -> list[Row]:
    """The plans whose whole period is within the report's; where the report is on one post, only that post's."""
    mine = store.identity.post_id
    if query.unit is not None:
        return []
    return store.rows(
        "SELECT * FROM plan WHERE voided_at IS NULL AND date_from >= ? AND date_to <= ?"
        " AND (? IS NULL OR for_post_id = ?) ORDER BY for_post_id IS NOT NULL,"
        " (SELECT name FROM post WHERE post.id = for_post_id) COLLATE vietnamese, for_post_id, date_from, id",
        [query.period.first.isoformat(), query.period.last.isoformat(), *[post["id"] if post else mine] * 2],
    )


def _completeness(store: Store, query: Query, joint_done: Sequence[JointDeed]) -> Completeness:
    state = status.exchange_status(store)
    joint, joint_deeds = joint_records(store, query)
    not_assigned, gone = unassigned(store, query), left_out(store, query)
    waiting = len(state.held) + len(state.quarantined)
    of_posts = _waiting(store, query)
    return Completeness(
        voided=len(gone["voided"]),
        returned=len(gone["returned"]),
        returned_records=_returned_records(store, query, gone["returned"]),
        undecided=_undecided(store, query),
        drafts=len(store.drafts()),
        conflicts=state.conflicts,
        waiting=waiting,
        waiting_posts=of_posts.posts,
        waiting_elsewhere=of_posts.elsewhere,
        waiting_others=waiting - of_posts.number,
        set_aside=len(state.set_aside),
        joint=joint,
        joint_deeds=joint_deeds,
        disputed=[said for deed in joint_done for _what, said in deed.disputed.values()],
        unassigned=sum(not_assigned.values()),
        unassigned_kinds=not_assigned,
        without_figure=without_figure(store, query),
        of_other_kinds=of_other_kinds(store, query),
        outside=outside(store, query),
        posts=_posts(store),
    )


def _returned_records(store: Store, query: Query, posts: Mapping[str, str]) -> list[ReturnedRecord]:
    """``posts``: the returned record -> its post."""
    if not posts:
        return []
    names = words.post_names(store) if query.post is None and store.identity.role == "hq" else {}
    kinds, found = kinds_named(store), []
    for review in reviews.returned_records(store):
        if review.record in posts:
            model = BY_KIND[review.kind]
            row = store.row(f"SELECT *, {_day(model)} AS day FROM {model.KIND} WHERE id = ?", [review.record]) or {}
            kind = kinds.get(str(row.get("activity_kind_id")))
            what = kind[2] if kind is not None and model.KIND == "activity" else within(_(model.TITLE))
            found.append(ReturnedRecord(what, row.get("day"), names.get(posts[review.record], "")))
    return sorted(found, key=lambda one: (sort_key(one.post), one.day or "", one.what))


class _Waiting(Struct, frozen=True):
    """Deliveries that wait."""

    posts: dict[str, str]
    """id -> name of the posts of the report of which something waits that may be of the period"""
    elsewhere: list[str]
    """ids of those of which all that waits is of other periods, and waits for nothing that may be of this one"""
    number: int
    """deliveries of any post"""


def _waiting(store: Store, query: Query) -> _Waiting:
    if store.identity.role != "hq":
        return _Waiting({}, [], 0)
    names, post = words.post_names(store), find_post(store, query)
    rows = store.rows(
        "SELECT scope, bytes, reason FROM local_segment WHERE state = 'held' OR state = 'quarantined' AND reason <> ?",
        [forks.FORK_SETTLED],
    )
    rows = [row for row in rows if row["scope"] in names]
    of_it = [row for row in rows if post is None or post["id"] == row["scope"]]
    here = {row["scope"] for row in of_it if _may_be_of(row["bytes"], query.period)}
    found = sorted(((post_id, names[post_id]) for post_id in here), key=lambda one: sort_key(one[1]))
    gaps = {row["scope"] for row in of_it if row["reason"] == segment_state.WAITS}  # what comes before has not come
    return _Waiting(dict(found), sorted({row["scope"] for row in of_it} - here - gaps), len(rows))


_LASTING = frozenset(indicator.source for indicator in INDICATORS if indicator.when == "in_force")
_DAYS = frozenset(filter(None, (model.DATE for model in RECORDS))) | {"date_to", "closed_on", "measured_on"}
"""Columns that say when something was done"""


def _may_be_of(data: bytes, period: Period) -> bool:
    """Whether the changes of a segment may be of a period, by their days; also where these are not known."""
    try:
        _header, changes = segment.decode(data)
    except segment.BadSegment:
        return True
    made = {change.row_id for change in changes if "created_at" in change.cols}
    if not all(_is_of(change, made) for change in changes):  # the days of what was there before are not told again
        return True
    days = [str(value) for change in changes for name, value in change.cols.items() if name in _DAYS and value]
    if not days or min(days) > period.last.isoformat():
        return not days
    return max(days) >= period.first.isoformat() or any(change.table in _LASTING for change in changes)


def _is_of(change: Change, made: Collection[str]) -> bool:
    """Whether a change is of one of these rows, and of a record among them if it is a line of one."""
    child = PARENTS.get(change.table) if "created_at" in change.cols else None
    return change.row_id in made and (child is None or change.cols.get(child[1].parent) in made)


def _undecided(store: Store, query: Query) -> int:
    """The number of records whose voids, or those of their lines, wait for a decision; of kinds with a day, those of
    the period; of a report of one post, its own."""
    post = find_post(store, query)
    bounds = [query.period.first.isoformat(), query.period.last.isoformat()]
    return sum(
        store.value(
            f"SELECT count(*) FROM {model.KIND} WHERE id IN (SELECT value FROM json_each(?))"
            f" AND ({_day(model)} IS NULL OR {_day(model)} BETWEEN ? AND ?)"
            f" AND (? IS NULL OR {'NULL' if model.REFERENCE else 'post_id'} = ?)",
            [json.dumps(sorted(ids)), *bounds, *[post["id"] if post else None] * 2],
        )
        for model, ids in ((BY_KIND[kind], ids) for kind, ids in voids.undecided_records(store).items())
    )


def _day(model: type[Record]) -> str:
    """SQL for the day on which a record counts; NULL if its kind has none."""
    return "coalesce(date_to, date_from)" if model.KIND == "activity" else model.DATE or "NULL"


def _posts(store: Store) -> list[tuple[str, str | None]]:
    rows = store.rows(
        "SELECT l.replica_id, max(s.last_at) AS at FROM local_log l"
        " JOIN local_segment s ON s.log_id = l.id AND s.last = l.seq AND s.state = 'applied' GROUP BY l.replica_id"
    )
    until = {r["replica_id"]: r["at"] for r in rows}
    for replica_id, moment in heard_instants(store).items():  # a bundle with nothing new says that there is no more
        change = read_instant(until.get(replica_id) or "")
        if replica_id in until and change is not None and moment - change > timedelta(minutes=1):
            until[replica_id] = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    found = []
    for peer in (peers.own(store), *peers.others(store)):
        if peer.role == "post" and (peer.trust != "revoked" or peer.id in until):
            name = f"{peer.title}, {_(peer.trust)}" if peer.trust == "revoked" else peer.title
            found.append((name, until.get(peer.id)))
    return sorted(found, key=lambda post: sort_key(post[0]))
