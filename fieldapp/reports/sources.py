"""The facts that figures are counted from: one SELECT for each source.

The columns of each: ``record`` and ``kind`` (what to open); ``first`` and ``last``, as days; ``post_id``; ``unit_id``
and ``unit_now_id`` (the successor that is meant, where the record says); ``activity_kind_id``, ``event_id``,
``ethnic_group_id``; and the columns that indicators name. ``last`` is NULL where the fact is still in force; this
occurs only where all indicators of the source count what is in force. Voided records are in none of them.
"""

from collections.abc import Mapping

from fieldapp.domain.indicators import Source

_PLAIN = "NULL AS activity_kind_id, NULL AS event_id, NULL AS ethnic_group_id"
_ACTIVITY = "a.activity_kind_id, a.event_id, a.ethnic_group_id"
_NOWHERE = "NULL AS unit_id, NULL AS unit_now_id"

SOURCES: Mapping[Source, str] = {
    # A body is a party cell, else a unit with a name: by its name alone, two hamlets would be one.
    "target": f"""
        SELECT a.id AS record, 'activity' AS kind, a.date_from AS first, coalesce(a.date_to, a.date_from) AS last,
            a.post_id, a.unit_id, a.unit_now_id, {_ACTIVITY}, t.target_type,
            coalesce(t.party_cell_id, mt.today_id, t.unit_id, '') || '|' || coalesce(plain(t.name), '') AS body,
            ut.border
        FROM activity a JOIN activity_target t ON t.activity_id = a.id
            LEFT JOIN moved mt ON mt.unit_id = t.unit_id
            LEFT JOIN unit ut ON ut.id = coalesce(mt.today_id, t.unit_id)
        WHERE a.voided_at IS NULL AND t.voided_at IS NULL""",
    "introduction": f"""
        SELECT i.id AS record, 'introduction' AS kind, i.date_from AS first, i.date_to AS last, i.post_id,
            p.unit_id, NULL AS unit_now_id, {_PLAIN}, i.member_id, i.party_cell_id
        FROM introduction i JOIN party_cell p ON p.id = i.party_cell_id JOIN member m ON m.id = i.member_id
        WHERE i.voided_at IS NULL AND m.voided_at IS NULL""",
    "meeting": f"""
        SELECT g.id AS record, 'meeting' AS kind, g.held_on AS first, g.held_on AS last, g.post_id,
            p.unit_id, NULL AS unit_now_id, {_PLAIN}, g.meeting_type
        FROM meeting g JOIN party_cell p ON p.id = g.party_cell_id WHERE g.voided_at IS NULL""",
    # A merge may have left two rows of one member at one meeting: the newer counts.
    "attendance": f"""
        SELECT g.id AS record, 'meeting' AS kind, g.held_on AS first, g.held_on AS last, g.post_id,
            p.unit_id, NULL AS unit_now_id, {_PLAIN}, t.id AS attendance_id, t.meeting_id, t.member_id, t.status,
            CASE WHEN m.party_cell_id IS NULL THEN '1' ELSE '0' END AS own
        FROM meeting g JOIN party_cell p ON p.id = g.party_cell_id JOIN attendance t ON t.meeting_id = g.id
            JOIN member m ON m.id = t.member_id
        WHERE g.voided_at IS NULL AND t.voided_at IS NULL AND NOT EXISTS (SELECT 1 FROM attendance o
            WHERE o.meeting_id = t.meeting_id AND o.member_id = t.member_id AND o.voided_at IS NULL AND o.id > t.id)""",
    "household_charge": f"""
        SELECT h.id AS record, 'household_charge' AS kind, h.date_from AS first, h.date_to AS last, h.post_id,
            h.unit_id, NULL AS unit_now_id, {_PLAIN}, h.member_id,
            h.unit_id || '|' || coalesce(plain(h.hamlet), '') || '|' || plain(h.household) AS household
        FROM household_charge h WHERE h.voided_at IS NULL""",
    "candidacy": f"""
        SELECT c.id AS record, 'candidacy' AS kind, c.nominated_on AS first, c.nominated_on AS last, c.post_id,
            c.unit_id, NULL AS unit_now_id, {_PLAIN}, c.member_id, c.outcome
        FROM candidacy c WHERE c.voided_at IS NULL""",
    "cell_rating": f"""
        SELECT r.id AS record, 'cell_rating' AS kind, r.year || '-01-01' AS first, r.year || '-12-31' AS last,
            r.post_id, p.unit_id, NULL AS unit_now_id, {_PLAIN}, r.party_cell_id, r.rating
        FROM cell_rating r JOIN party_cell p ON p.id = r.party_cell_id WHERE r.voided_at IS NULL""",
    "member_rating": f"""
        SELECT r.id AS record, 'member_rating' AS kind, r.year || '-01-01' AS first, r.year || '-12-31' AS last,
            r.post_id, {_NOWHERE}, {_PLAIN}, r.member_id, r.rating
        FROM member_rating r WHERE r.voided_at IS NULL""",
    "matter": f"""
        SELECT x.id AS record, 'matter' AS kind, x.opened_on AS first, x.opened_on AS last, x.post_id,
            x.unit_id, NULL AS unit_now_id, {_PLAIN}, x.matter_type,
            CASE WHEN x.closed_on > x.due_on THEN 'late' WHEN x.closed_on IS NOT NULL THEN 'on_time'
                WHEN x.due_on < :today THEN 'overdue' ELSE 'open' END AS state
        FROM matter x WHERE x.voided_at IS NULL""",
    "self_management_group": f"""
        SELECT g.id AS record, 'self_management_group' AS kind, g.date_from AS first, g.date_to AS last, g.post_id,
            g.unit_id, NULL AS unit_now_id, {_PLAIN}, g.households, g.markers, g.length_m
        FROM self_management_group g WHERE g.voided_at IS NULL""",
    "review_meeting": f"""
        SELECT v.id AS record, 'review_meeting' AS kind, v.held_on AS first, v.held_on AS last, v.post_id,
            {_NOWHERE}, {_PLAIN}, v.review_type
        FROM review_meeting v WHERE v.voided_at IS NULL""",
    "commendation": f"""
        SELECT c.id AS record, 'commendation' AS kind, c.awarded_on AS first, c.awarded_on AS last, c.post_id,
            {_NOWHERE}, {_PLAIN}, c.recipient_type
        FROM commendation c WHERE c.voided_at IS NULL""",
}

MEASURES = f"""
    SELECT v.id AS fact, a.id AS record, 'activity' AS kind,
        coalesce(v.measured_on, a.date_to, a.date_from) AS day, a.post_id, a.unit_id, a.unit_now_id, {_ACTIVITY},
        v.measure_id, v.amount, v.approximate, v.note
    FROM activity a JOIN activity_measure v ON v.activity_id = a.id
    WHERE a.id IN (
            SELECT e.id FROM activity e WHERE coalesce(e.date_to, e.date_from) BETWEEN :first AND :last
            UNION SELECT d.activity_id FROM activity_measure d WHERE d.measured_on BETWEEN :first AND :last)
        AND a.voided_at IS NULL AND v.voided_at IS NULL AND (v.amount IS NOT NULL OR v.note IS NOT NULL)
        AND coalesce(a.date_to, a.date_from) >= :first AND a.date_from <= :last
        AND coalesce(v.measured_on, a.date_to, a.date_from) BETWEEN :first AND :last
        AND (a.joint_reference IS NULL OR v.id IN (SELECT id FROM joint))
        AND NOT EXISTS (SELECT 1 FROM activity_measure o WHERE o.activity_id = v.activity_id
            AND o.measure_id = v.measure_id AND o.measured_on IS NOT DISTINCT FROM v.measured_on
            AND o.voided_at IS NULL AND o.id > v.id)
"""
"""The figures of activities. A merge may have left two rows about the same: the newer counts."""

JOINT = """
    SELECT id FROM (
        SELECT v.id, v.activity_id, first_value(v.activity_id) OVER (
            PARTITION BY plain(a.joint_reference), a.activity_kind_id, v.measure_id
            ORDER BY v.amount IS NULL, v.activity_id) AS speaker
        FROM activity a CROSS JOIN activity_measure v
        WHERE v.activity_id = a.id AND a.joint_reference IS NOT NULL AND a.voided_at IS NULL AND v.voided_at IS NULL
            AND (v.amount IS NOT NULL OR v.note IS NOT NULL) AND (:post IS NULL OR a.post_id = :post)
            AND a.id NOT IN (SELECT value FROM json_each(:returned))
    ) spoken WHERE activity_id = speaker
"""
"""The figures of joint activities that count: for each reference, kind and measure, those of one post (rule 5).

The post is chosen before the period and the area narrow the query. Otherwise two neighbouring periods or areas could
each count the figures of another post. A report on one post uses that post's own."""

MOVED_NOW = """
    SELECT unit_id, today_id FROM unit_today WHERE today_id IS DISTINCT FROM unit_id
        AND unit_id IN (SELECT id FROM unit WHERE valid_to IS NOT NULL)"""
"""Old units and those of today, by the succession table"""

MOVED = "SELECT json_extract(value, '$[0]') AS unit_id, json_extract(value, '$[1]') AS today_id FROM json_each(:moved)"
"""Old units and those of today; empty for a report in the units of the time. NULL where a unit was split."""

PLACE = "CASE WHEN moved.unit_id IS NULL THEN f.unit_id ELSE coalesce(f.unit_now_id, moved.today_id) END"
"""Where a fact belongs in the view of the report; NULL: not assigned, or nowhere."""
