"""The facts that figures are counted from: one SELECT for each source.

The columns of each: ``record`` and ``kind`` (what to open); ``first`` and ``last``, as days; ``post_id``; ``unit_id``
and ``unit_now_id`` (the successor that is meant, where the record says); ``activity_kind_id``, ``event_id``,
``ethnic_group_id``; and the columns that indicators name. ``member_id`` is the person: of two
members that were merged, the one who stays. ``last`` is NULL where the fact is still in force; this
occurs only where all indicators of the source count what is in force. ``left_out`` says why the record does not count:
``voided`` (it, or the member it is about), ``returned`` by headquarters, or NULL where it counts. Voided lines of a
record, as its single figures, are in none of them.
"""

from collections.abc import Mapping

from fieldapp.domain.indicators import Source
from fieldapp.records.dated_figures import OUTSIDE
from fieldapp.records.parts import of_kind

_PLAIN = "NULL AS activity_kind_id, NULL AS event_id, NULL AS ethnic_group_id"
_ACTIVITY = "a.activity_kind_id, a.event_id, a.ethnic_group_id"
_NOWHERE = "NULL AS unit_id, NULL AS unit_now_id"

RETURNED = "(SELECT value FROM json_each(:returned))"
"""Ids of the records that headquarters returned, and about which nothing was done yet"""


def left_out(row: str, member: str | None = None) -> str:
    """SQL for ``left_out`` of the record ``row``, which counts only together with ``member``."""
    voided = f"{row}.voided_at IS NOT NULL" + (f" OR {member}.voided_at IS NOT NULL" if member else "")
    return f"CASE WHEN {voided} THEN 'voided' WHEN {row}.id IN {RETURNED} THEN 'returned' END AS left_out"


def _rated_once(ratings: str, of: str) -> str:
    """SQL for the ``ratings``; of those that a post gave one ``of`` in one year and that count, only the newest.

    A merge of laptops, or of two members, may have left several.
    """
    newest = f"max(n.record) OVER (PARTITION BY n.post_id, n.{of}, n.first, n.left_out)"
    return f"""
        SELECT * FROM (SELECT n.*, {newest} AS newest FROM ({ratings}) n) o
        WHERE o.left_out IS NOT NULL OR o.record = o.newest"""


_BODY_UNIT = """coalesce(CASE WHEN t.unit_id = a.unit_id AND a.unit_now_id IS NOT NULL
                    AND bt.unit_id IS NOT NULL AND (:view = 'now' OR bt.today_id IS NULL)
                THEN CASE WHEN bn.unit_id IS NULL THEN a.unit_now_id ELSE bn.today_id END END,
                bt.today_id, t.unit_id)"""
"""The unit of a body on the day of the view"""

SOURCES: Mapping[Source, str] = {
    # A body is a party cell, else a unit with a name: by its name alone, two hamlets would be one. A unit under its old
    # and its new name is one body: what it became by the day of the view, where that is one unit.
    "target": f"""
        SELECT a.id AS record, 'activity' AS kind, a.date_from AS first, coalesce(a.date_to, a.date_from) AS last,
            a.post_id, a.unit_id, a.unit_now_id, {_ACTIVITY}, {left_out("a")}, t.target_type,
            coalesce(t.party_cell_id, {_BODY_UNIT}, '') || '|' || coalesce(plain(t.name), '') AS body, ut.border
        FROM activity a JOIN activity_target t ON t.activity_id = a.id
            LEFT JOIN bodies bt ON bt.unit_id = t.unit_id LEFT JOIN bodies bn ON bn.unit_id = a.unit_now_id
            LEFT JOIN unit ut ON ut.id = {_BODY_UNIT}
        WHERE t.voided_at IS NULL""",
    "introduction": f"""
        SELECT i.id AS record, 'introduction' AS kind, i.date_from AS first, i.date_to AS last, i.post_id,
            p.unit_id, NULL AS unit_now_id, {_PLAIN}, {left_out("i", "m")}, m.id AS member_id, i.party_cell_id
        FROM introduction i JOIN party_cell p ON p.id = i.party_cell_id JOIN person m ON m.member_id = i.member_id""",
    "meeting": f"""
        SELECT g.id AS record, 'meeting' AS kind, g.held_on AS first, g.held_on AS last, g.post_id,
            p.unit_id, NULL AS unit_now_id, {_PLAIN}, {left_out("g")}, g.meeting_type, g.party_cell_id
        FROM meeting g JOIN party_cell p ON p.id = g.party_cell_id""",
    # A merge of laptops, or of two members, may have left two rows of one person at one meeting: the newer counts.
    "attendance": f"""
        SELECT g.id AS record, 'meeting' AS kind, g.held_on AS first, g.held_on AS last, g.post_id,
            p.unit_id, NULL AS unit_now_id, {_PLAIN}, {left_out("g")}, t.id AS attendance_id, t.meeting_id,
            m.id AS member_id, t.status,
            CASE WHEN m.party_cell_id IS NULL THEN '1' ELSE '0' END AS own
        FROM meeting g JOIN party_cell p ON p.id = g.party_cell_id JOIN attendance t ON t.meeting_id = g.id
            JOIN person m ON m.member_id = t.member_id
        WHERE t.voided_at IS NULL AND NOT EXISTS (SELECT 1 FROM attendance o
            WHERE o.meeting_id = t.meeting_id AND o.member_id = t.member_id AND o.voided_at IS NULL AND o.id > t.id)
        AND NOT EXISTS (SELECT 1 FROM same_person s CROSS JOIN attendance o WHERE s.one_id = t.member_id
            AND o.meeting_id = t.meeting_id AND o.member_id = s.other_id AND o.voided_at IS NULL AND o.id > t.id)""",
    "household_charge": f"""
        SELECT h.id AS record, 'household_charge' AS kind, h.date_from AS first, h.date_to AS last, h.post_id,
            h.unit_id, NULL AS unit_now_id, {_PLAIN}, {left_out("h", "m")}, m.id AS member_id,
            coalesce(b.today_id, h.unit_id) || '|' || coalesce(plain(h.hamlet), '') || '|' || plain(h.household)
                AS household
        FROM household_charge h JOIN person m ON m.member_id = h.member_id
            LEFT JOIN bodies b ON b.unit_id = h.unit_id""",
    "candidacy": f"""
        SELECT c.id AS record, 'candidacy' AS kind, c.nominated_on AS first, c.nominated_on AS last, c.post_id,
            c.unit_id, NULL AS unit_now_id, {_PLAIN}, {left_out("c", "m")}, m.id AS member_id
        FROM candidacy c JOIN person m ON m.member_id = c.member_id""",
    "election": f"""
        SELECT c.id AS record, 'candidacy' AS kind, coalesce(c.decided_on, c.nominated_on) AS first,
            coalesce(c.decided_on, c.nominated_on) AS last, c.post_id,
            c.unit_id, NULL AS unit_now_id, {_PLAIN}, {left_out("c", "m")}, m.id AS member_id
        FROM candidacy c JOIN person m ON m.member_id = c.member_id WHERE c.outcome = 'elected'""",
    "cell_rating": _rated_once(
        f"""
        SELECT r.id AS record, 'cell_rating' AS kind, r.year || '-01-01' AS first, r.year || '-12-31' AS last,
            r.post_id, p.unit_id, NULL AS unit_now_id, {_PLAIN}, {left_out("r")}, r.party_cell_id, r.rating
        FROM cell_rating r JOIN party_cell p ON p.id = r.party_cell_id""",
        "party_cell_id",
    ),
    "member_rating": _rated_once(
        f"""
        SELECT r.id AS record, 'member_rating' AS kind, r.year || '-01-01' AS first, r.year || '-12-31' AS last,
            r.post_id, {_NOWHERE}, {_PLAIN}, {left_out("r", "m")}, m.id AS member_id, r.rating
        FROM member_rating r JOIN person m ON m.member_id = r.member_id""",
        "member_id",
    ),
    # The state is what was known at the end of the period, or today where it goes on: a past report does not change.
    "matter": f"""
        SELECT x.id AS record, 'matter' AS kind, x.opened_on AS first, x.closed_on AS last, x.post_id,
            x.unit_id, NULL AS unit_now_id, {_PLAIN}, {left_out("x")}, x.matter_type,
            CASE WHEN x.closed_on <= :last AND x.closed_on <= :today THEN
                CASE WHEN x.closed_on > x.due_on THEN 'late' ELSE 'on_time' END
                WHEN x.due_on < :last AND x.due_on < :today THEN 'overdue' ELSE 'open' END AS state
        FROM matter x""",
    "self_management_group": f"""
        SELECT g.id AS record, 'self_management_group' AS kind, g.date_from AS first, g.date_to AS last, g.post_id,
            g.unit_id, NULL AS unit_now_id, {_PLAIN}, {left_out("g")}, g.households, g.markers, g.length_m
        FROM self_management_group g""",
    "review_meeting": f"""
        SELECT v.id AS record, 'review_meeting' AS kind, v.held_on AS first, v.held_on AS last, v.post_id,
            {_NOWHERE}, {_PLAIN}, {left_out("v")}, v.review_type
        FROM review_meeting v""",
    "commendation": f"""
        SELECT c.id AS record, 'commendation' AS kind, c.awarded_on AS first, c.awarded_on AS last, c.post_id,
            {_NOWHERE}, {_PLAIN}, {left_out("c")}, c.recipient_type
        FROM commendation c""",
}

_WITHIN = """
    SELECT e.id FROM activity e WHERE coalesce(e.date_to, e.date_from) BETWEEN :first AND :last
    UNION SELECT d.activity_id FROM activity_measure d WHERE d.measured_on BETWEEN :first AND :last"""
"""The activities that may count in the period"""

NEWEST_LINE = """NOT EXISTS (SELECT 1 FROM activity_measure o WHERE o.activity_id = v.activity_id
            AND o.measure_id = v.measure_id AND o.measured_on IS NOT DISTINCT FROM v.measured_on
            AND o.voided_at IS NULL AND o.id > v.id)"""
"""Of two figures ``v`` of one measure that a merge left in an activity, the newer one"""

ACTIVITIES = f"""
    SELECT a.id AS record, 'activity' AS kind, a.date_from AS first, coalesce(a.date_to, a.date_from) AS last,
        a.post_id, a.unit_id, a.unit_now_id, {_ACTIVITY}, {left_out("a")} FROM activity a"""
"""Activities themselves, whatever figures they have"""

ACTIVITIES_OF_PERIOD = f"""{ACTIVITIES} WHERE a.id IN (
        SELECT e.id FROM activity e WHERE coalesce(e.date_to, e.date_from) BETWEEN :first AND :last
        UNION SELECT d.activity_id FROM activity_measure d
            WHERE d.measured_on BETWEEN :first AND :last AND d.voided_at IS NULL)"""
"""The activities of the period, whatever figures they have"""

MEASURES = f"""
    SELECT v.id AS fact, a.id AS record, 'activity' AS kind,
        coalesce(v.measured_on, a.date_to, a.date_from) AS day, a.post_id, a.unit_id, a.unit_now_id, {_ACTIVITY},
        {left_out("a")}, v.measure_id, v.amount, v.approximate, v.note,
        coalesce(nullif(plain(v.note), ''), v.note) AS folded, coalesce(joint.shared, 0) AS shared
    FROM activity a CROSS JOIN activity_measure v LEFT JOIN joint ON joint.fact = v.id
    WHERE v.activity_id = a.id AND a.id IN ({_WITHIN})
        AND v.voided_at IS NULL AND (v.amount IS NOT NULL OR v.note IS NOT NULL)
        AND coalesce(v.measured_on, a.date_to, a.date_from) BETWEEN :first AND :last
        AND (a.joint_reference IS NULL OR a.voided_at IS NOT NULL OR a.id IN {RETURNED} OR joint.fact IS NOT NULL)
        AND {NEWEST_LINE} AND {of_kind("v", "a")}
"""
"""The figures of activities; asks for ``joint``. A merge may have left two rows about the same: the newer counts; and
figures of a kind that the activity had before: they count nowhere. Of joint activities that are left out, all figures
are here: they speak for nobody."""

OUTSIDE_FIGURES = f"""
    SELECT v.id AS fact, a.id AS record, a.post_id, a.unit_id, a.unit_now_id, {left_out("a")}
    FROM activity_measure v CROSS JOIN activity a ON a.id = v.activity_id
    WHERE v.measured_on BETWEEN :first AND :last AND {OUTSIDE} AND v.voided_at IS NULL
        AND (v.amount IS NOT NULL OR v.note IS NOT NULL) AND {NEWEST_LINE} AND {of_kind("v", "a")}
"""
"""The figures of the period on a day of their own that lies outside of their activity"""

FIGURES_OF_OTHER_KINDS = f"""
    SELECT v.id AS fact, a.id AS record, a.post_id, a.unit_id, a.unit_now_id, {left_out("a")}
    FROM activity a CROSS JOIN activity_measure v ON v.activity_id = a.id
    WHERE a.id IN ({_WITHIN}) AND coalesce(v.measured_on, a.date_to, a.date_from) BETWEEN :first AND :last
        AND v.voided_at IS NULL AND (v.amount IS NOT NULL OR v.note IS NOT NULL) AND NOT {of_kind("v", "a")}
"""
"""The figures of the period that the kind of their activity never had: they count nowhere"""

DEEDS_NOW = """
    SELECT record, post_id, unit_id, unit_now_id, activity_kind_id, last,
        reference || '|' || activity_kind_id || '|' || sum(begins) OVER (
        PARTITION BY reference, activity_kind_id ORDER BY first, record ROWS UNBOUNDED PRECEDING) AS deed
    FROM (
        SELECT dated.*, CASE WHEN first > max(date(last, '+1 day')) OVER (
            PARTITION BY reference, activity_kind_id ORDER BY first, record
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) THEN 1 ELSE 0 END AS begins
        FROM (
            SELECT a.id AS record, a.post_id, a.unit_id, a.unit_now_id, a.activity_kind_id, a.date_from AS first,
                coalesce(a.date_to, a.date_from) AS last,
                coalesce(nullif(plain(a.joint_reference), ''), a.id) AS reference
            FROM activity a WHERE a.joint_reference IS NOT NULL AND a.voided_at IS NULL
                AND a.id NOT IN (SELECT value FROM json_each(:returned))
        ) dated
    ) told"""
"""The records with a joint reference, each with its joint deed (rule 5).

Records of one reference and kind are one deed while their days overlap or touch: a number of a plan that is used again
next month or next year is another deed. The records of all posts make the deeds, whatever the query is narrowed to."""

DEEDS = "SELECT key AS record, value AS deed FROM json_each(:deeds)"
"""``DEEDS_NOW``, computed once for all queries of a report"""

JOINT_RECORDS = """
    SELECT deed.record, deed.deed, a.post_id, a.unit_id, a.unit_now_id, a.activity_kind_id,
        a.date_from AS first, coalesce(a.date_to, a.date_from) AS last, NULL AS left_out
    FROM deed CROSS JOIN activity a WHERE a.id = deed.record"""
"""The records of the deeds as facts, as ``DEEDS_NOW`` gives them; asks for ``deed``"""


def joint(part: str, narrow: str) -> str:
    """The query for the figures of joint deeds that count: of each measure, those of the one post that speaks.

    It is the post of the first record with a number, else of the first with words, within what ``narrow`` leaves and
    within each ``part``; the query asks for ``deed``. The period is cut out later: otherwise two neighbouring periods
    could each count the figures of another post. ``shared``: elsewhere another post speaks, so that the figure is in
    the whole only once.
    """
    whole = "OVER (PARTITION BY deed, measure_id)"
    return f"""
        SELECT fact, CASE WHEN least_speaker <> greatest_speaker THEN 1 ELSE 0 END AS shared FROM (
            SELECT spoken.*, min(speaker) {whole} AS least_speaker, max(speaker) {whole} AS greatest_speaker FROM (
                SELECT said.*, first_value(post_id) OVER (
                    PARTITION BY deed, measure_id, within, part ORDER BY worded, record) AS speaker
                FROM (
                    SELECT v.id AS fact, v.measure_id, CASE WHEN v.amount IS NULL THEN 1 ELSE 0 END AS worded,
                        f.record, f.post_id, f.deed, {part} AS part, CASE WHEN {narrow} THEN 1 ELSE 0 END AS within
                    FROM ({JOINT_RECORDS}) f JOIN activity_measure v ON v.activity_id = f.record
                        {PLACED}
                    WHERE v.voided_at IS NULL AND (v.amount IS NOT NULL OR v.note IS NOT NULL) AND {NEWEST_LINE}
                        AND {of_kind("v", "f")}
                        AND f.deed IN (SELECT deed FROM deed WHERE record IN ({_WITHIN}))
                ) said
            ) spoken
        ) heard WHERE within = 1 AND post_id = speaker"""


MOVED = "SELECT key AS unit_id, min(value) AS today_id FROM json_each(:moved) GROUP BY key"
"""Units that were not there on the day of the view, and those of that day; NULL where there are several.

Grouped, so that SQLite sees one row a unit and makes an index: it read the whole list for each fact."""

BODIES = "SELECT key AS unit_id, min(value) AS today_id FROM json_each(:bodies) GROUP BY key"
"""The same for counting bodies once"""

PLACED = "LEFT JOIN moved ON moved.unit_id = f.unit_id LEFT JOIN moved chosen ON chosen.unit_id = f.unit_now_id"
"""What ``PLACE`` needs, joined to facts ``f``"""

PLACE = """CASE WHEN moved.unit_id IS NULL THEN f.unit_id
    WHEN f.unit_now_id IS NULL OR (:view = 'then' AND moved.today_id IS NOT NULL) THEN moved.today_id
    WHEN chosen.unit_id IS NULL THEN f.unit_now_id ELSE chosen.today_id END"""
"""Where a fact belongs in the view of the report; NULL: not assigned, or nowhere."""
