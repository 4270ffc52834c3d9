"""What was done for each task of the agreements, and with whom matters are late.

A regulation that was signed above the posts is entered by each post. Tasks with the same number, under agreements with
the same name, are therefore one task.
"""

from msgspec import Struct

from fieldapp.domain.coordination import MatterType
from fieldapp.i18n import _, counted
from fieldapp.records.words import choice_title
from fieldapp.reports.figure_sql import FROM, IN_FORCE, JOINT_DEEDS, NARROW, narrowed, with_facts
from fieldapp.reports.query import Query
from fieldapp.reports.sources import SOURCES, left_out
from fieldapp.store.store import Store


class TaskDone(Struct, frozen=True):
    """One task, and how many records of the period name it."""

    agreement: str
    number: int
    title: str
    activities: int
    """of a joint deed, those of one post"""
    matters: int

    @property
    def text(self) -> str:
        """“3 hoạt động, 1 việc phối hợp”, or that there is nothing yet."""
        parts = [counted("{n} activity", "{n} activities", self.activities)] if self.activities else []
        parts += [counted("{n} matter", "{n} matters", self.matters)] if self.matters else []
        return ", ".join(parts) or _("nothing yet")


class LateWith(Struct, frozen=True):
    """Matters of one type with one body that were done late, or were late and open at the end of the period."""

    counterpart: str
    matter_type: MatterType
    number: int

    @property
    def text(self) -> str:
        """“Đảng ủy xã Ia Lốp: 2 việc (trao đổi thông tin)”"""
        number = counted("{n} matter", "{n} matters", self.number)
        return f"{self.counterpart}: {number} ({_(choice_title(self.matter_type)).lower()})"


_SERVED = f"""
    SELECT a.id AS record, 'activity' AS kind, coalesce(a.date_to, a.date_from) AS first,
        coalesce(a.date_to, a.date_from) AS last, a.post_id, a.unit_id, a.unit_now_id, {left_out("a")},
        a.agreement_task_id, deed.deed
    FROM activity a LEFT JOIN deed ON deed.record = a.id WHERE a.agreement_task_id IS NOT NULL
    UNION ALL
    SELECT x.id, 'matter', x.opened_on, x.closed_on, x.post_id, x.unit_id, NULL, {left_out("x")},
        x.agreement_task_id, NULL
    FROM matter x WHERE x.agreement_task_id IS NOT NULL"""


def tasks(store: Store, query: Query) -> list[TaskDone]:
    """The tasks of the agreements in force in the period, and others that its records name, by number.

    Of a joint deed the post of the first record speaks, as in figures: before the period is cut out.
    """
    rows = store.rows(
        f"""
        {with_facts(_SERVED, JOINT_DEEDS)},
        served AS (SELECT f.* {FROM} WHERE {NARROW} AND (f.deed IS NOT NULL OR {IN_FORCE})),
        named AS (
            SELECT g.name, g.date_from, coalesce(g.date_to, '9999') AS date_to, t.number, t.title, s.kind, s.record,
                {IN_FORCE.replace("f.", "s.")} AS done, s.post_id, first_value(s.post_id) OVER (
                    PARTITION BY plain(g.name), t.number, coalesce(s.deed, s.record) ORDER BY s.record) AS speaker
            FROM agreement g JOIN agreement_task t ON t.agreement_id = g.id
                LEFT JOIN served s ON s.agreement_task_id = t.id
            WHERE g.voided_at IS NULL AND t.voided_at IS NULL AND (:post IS NULL OR g.post_id = :post)
        )
        SELECT min(n.name) AS agreement, n.number, min(n.title) AS title,
            count(DISTINCT CASE WHEN n.done AND n.kind = 'activity' AND n.post_id = n.speaker THEN n.record END)
                AS activities,
            count(DISTINCT CASE WHEN n.done AND n.kind = 'matter' THEN n.record END) AS matters
        FROM named n WHERE n.done OR n.date_from <= :last AND n.date_to >= :first
        GROUP BY plain(n.name), n.number ORDER BY min(n.date_from), plain(n.name), n.number
        """,
        narrowed(store, query),
    )
    return [TaskDone(r["agreement"], r["number"], r["title"], r["activities"], r["matters"]) for r in rows]


def late_with(store: Store, query: Query) -> list[LateWith]:
    """The bodies with which matters open in the period were done late or are late, the most matters first."""
    rows = store.rows(
        f"""
        {with_facts(SOURCES["matter"])} SELECT min(x.counterpart) AS counterpart, f.matter_type, count(*) AS n
        {FROM} JOIN matter x ON x.id = f.record
        WHERE {NARROW} AND {IN_FORCE} AND f.state IN ('late', 'overdue')
        GROUP BY plain(x.counterpart), f.matter_type ORDER BY n DESC, counterpart, f.matter_type
        """,
        narrowed(store, query),
    )
    return [LateWith(r["counterpart"], r["matter_type"], r["n"]) for r in rows]
