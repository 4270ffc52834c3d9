"""Hints for reviewers: checks as data, each with a sentence that says why to look twice.

A check is a SELECT of ``record`` and the columns that its sentence names. A hint does not mean that a record is wrong.
Figures of another kind than their activity are in none, as in no report; ``rule_violations`` lists them.
"""

import json
from collections.abc import Collection
from datetime import date

from msgspec import Struct

from fieldapp.domain.amounts import format_amount, format_money
from fieldapp.domain.dates import format_date
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.records.dated_figures import OUTSIDE
from fieldapp.records.parts import of_kind
from fieldapp.reports.figure_sql import JOINT_DEEDS, joint_deeds, said_of_deeds
from fieldapp.store.store import Row, Store

FAR_MORE = 3
"""An amount is far more than usual if it exceeds this many times the greatest that the post recorded before"""
MIN_COMPARED = 5
"""With fewer figures to compare with, nothing is known about what is usual"""


class ReviewHint(Struct, frozen=True):
    """One check of the records of a kind."""

    kind: str
    sentence: str
    """English message; its parameters are columns of ``sql``"""
    sql: str
    """SELECT of ``record``, the columns that the sentence names, and as ``twin`` the record that it is compared with if
    there is one; ``:ids`` is a JSON list of records' ids"""
    advice: str = ""
    """English message: what the officer does about it, and by which keys of the record's screen"""


class Doubt(Struct, frozen=True):
    """One hint about a record, and the record that it compares it with, if there is one."""

    sentence: str
    twin: str | None
    advice: str = ""
    """What the officer does about it, and by which keys of the record's screen"""


_FIGURES = f"""
    SELECT a.id AS record, a.post_id, a.activity_kind_id, a.date_from, v.measure_id, v.amount, v.id AS fact,
        m.name AS measure, m.unit_name, m.decimals
    FROM activity a JOIN activity_measure v ON v.activity_id = a.id AND v.voided_at IS NULL
        JOIN measure m ON m.id = v.measure_id
    WHERE a.voided_at IS NULL AND v.amount IS NOT NULL AND {of_kind("v", "a")}"""

_UNACCEPTED = """NOT EXISTS (SELECT 1 FROM review_latest l WHERE l.record_id = {record} AND l.outcome = 'accepted')"""
"""SQL, 1 or 0. Of several records that one may be compared with, one that is accepted is told (``nearest``)"""

_AMONG = "a.id IN (SELECT value FROM json_each(:ids))"

_SAID = said_of_deeds("SELECT deed FROM deed WHERE record IN (SELECT value FROM json_each(:ids))")

_OF_OTHER = f"""(SELECT min({_UNACCEPTED.format(record="b.id")} || b.id) FROM deed t JOIN activity b ON b.id = t.record
                AND b.id <> a.id WHERE t.deed = d.deed AND b.post_id = o.post_id)"""

_DIFFERENT = ReviewHint(
    "activity",
    "Joint activity {reference}: {measure} is {amount} here, {told} by {other}. Which is right?"
    " It counts once: the report has the {counted} of {speaker}, who recorded it first.",
    f"""
        WITH {JOINT_DEEDS}, said AS MATERIALIZED ({_SAID})
        SELECT a.id AS record, a.joint_reference AS reference, m.name AS measure, m.unit_name, m.decimals, s.amount,
            o.amount AS told, p.name AS other, d.deed || s.measure_id AS about, speaks.amount AS counted,
            (SELECT name FROM post WHERE id = speaks.post_id) AS speaker,
            substr({_OF_OTHER}, 2) AS twin, min(substr({_OF_OTHER}, 1, 1) || p.name) AS nearest
        FROM activity a JOIN deed d ON d.record = a.id JOIN said s ON s.deed = d.deed AND s.post_id = a.post_id
            JOIN said o ON o.deed = s.deed AND o.measure_id = s.measure_id AND o.amount <> s.amount
            JOIN said speaks ON speaks.deed = s.deed AND speaks.measure_id = s.measure_id
                AND speaks.first = (SELECT min(first) FROM said WHERE deed = s.deed AND measure_id = s.measure_id)
            JOIN measure m ON m.id = s.measure_id JOIN post p ON p.id = o.post_id
        WHERE {_AMONG} GROUP BY a.id, s.measure_id""",
    "Call both posts. Del returns the wrong record: it no longer counts until it is corrected. F2 accepts this one; the"
    " figure that counts stays.",
)

_APART = ReviewHint(
    "activity",
    "Joint reference {reference}: {other} has it in the same month ({day}), on days that do not touch."
    " One activity or two? They count as two.",
    f"""
        WITH {JOINT_DEEDS}, named AS MATERIALIZED (
            SELECT d.record, d.deed, a.post_id, a.activity_kind_id, plain(a.joint_reference) AS reference,
                a.date_from AS day, substr(a.date_from, 1, 7) AS first,
                substr(coalesce(a.date_to, a.date_from), 1, 7) AS last
            FROM deed d CROSS JOIN activity a WHERE a.id = d.record)
        SELECT a.id AS record, a.joint_reference AS reference, p.name AS other, o.day, o.record AS twin,
            min({_UNACCEPTED.format(record="o.record")} || o.day) AS nearest,
            n.reference || n.activity_kind_id || min(n.day, o.day) || max(n.day, o.day) AS about
        FROM activity a JOIN named n ON n.record = a.id
            JOIN named o ON o.reference = n.reference AND o.activity_kind_id = n.activity_kind_id
                AND o.post_id <> n.post_id AND o.deed <> n.deed AND o.first <= n.last AND n.first <= o.last
            JOIN post p ON p.id = o.post_id
        WHERE {_AMONG} AND n.reference <> '' GROUP BY a.id""",
)

_TWICE = ReviewHint(
    "activity",
    "The same kind, place and day as another record ({other}): recorded twice, or a joint activity?",
    f"""
        SELECT a.id AS record, p.name AS other, b.id AS twin,
            min({_UNACCEPTED.format(record="b.id")} || p.name) AS nearest,
            a.activity_kind_id || a.date_from || a.unit_id || coalesce(a.hamlet, '') AS about
        FROM activity a JOIN activity b ON b.date_from = a.date_from AND b.activity_kind_id = a.activity_kind_id
                AND b.unit_id IS a.unit_id AND b.id <> a.id AND b.voided_at IS NULL
                AND coalesce(b.hamlet, '') = coalesce(a.hamlet, '')
                AND (a.joint_reference IS NULL OR a.joint_reference IS NOT b.joint_reference)
            JOIN post p ON p.id = b.post_id
        WHERE {_AMONG} AND a.id NOT IN (SELECT value FROM json_each(:returned))
            AND b.id NOT IN (SELECT value FROM json_each(:returned)) GROUP BY a.id""",
    "Call the post. Del returns the record that is too much, F2 accepts one that is right.",
)

_CONFIRMED = ReviewHint(
    "activity",
    "The post was asked about something unusual, and confirmed it.",
    f"""
        SELECT a.id AS record FROM activity a WHERE {_AMONG} AND (a.confirmed IS NOT NULL OR EXISTS (
            SELECT 1 FROM activity_measure v WHERE v.activity_id = a.id AND v.voided_at IS NULL
            AND v.confirmed IS NOT NULL))""",
)

HINTS: tuple[ReviewHint, ...] = (
    _DIFFERENT,
    _APART,
    ReviewHint(
        "activity",
        "{measure}: {amount}; the most that the post recorded before was {most}.",
        f"""
        WITH f AS ({_FIGURES} AND {_AMONG})
        SELECT f.record, f.measure, f.amount, f.unit_name, f.decimals, max(o.amount) AS most
        FROM f CROSS JOIN activity b ON b.post_id = f.post_id AND b.activity_kind_id = f.activity_kind_id
                AND b.voided_at IS NULL AND b.date_from <= f.date_from AND b.id <> f.record
            CROSS JOIN activity_measure o ON o.activity_id = b.id AND o.measure_id = f.measure_id
                AND o.voided_at IS NULL AND {of_kind("o", "b")}
        GROUP BY f.fact HAVING count(o.amount) >= {MIN_COMPARED} AND f.amount > {FAR_MORE} * max(o.amount)""",
    ),
    _TWICE,
    ReviewHint(
        "activity",
        "More persons ({persons}) than visits ({visits}).",
        f"""
        WITH f AS ({_FIGURES} AND {_AMONG})
        SELECT p.record, p.amount AS persons, v.amount AS visits
        FROM f p JOIN f v ON v.record = p.record AND v.measure_id IN (SELECT id FROM measure WHERE code = 'luot_kham')
        WHERE p.measure_id IN (SELECT id FROM measure WHERE code = 'nguoi_kham') AND p.amount > v.amount""",
    ),
    _CONFIRMED,
    ReviewHint(
        "activity",
        "Figures on days outside of it: {days}.",
        f"""
        SELECT a.id AS record, group_concat(DISTINCT v.measured_on) AS days FROM activity a
            JOIN activity_measure v ON v.activity_id = a.id AND v.voided_at IS NULL
        WHERE {_AMONG} AND {OUTSIDE} AND {of_kind("v", "a")} GROUP BY a.id""",
    ),
    ReviewHint(
        "activity",
        "It has no figure.",
        f"""
        SELECT a.id AS record FROM activity a WHERE {_AMONG} AND NOT EXISTS (
            SELECT 1 FROM activity_measure v WHERE v.activity_id = a.id AND v.voided_at IS NULL
            AND (v.amount IS NOT NULL OR v.note IS NOT NULL) AND {of_kind("v", "a")})
            AND EXISTS (SELECT 1 FROM kind_measure k WHERE k.activity_kind_id = a.activity_kind_id
                AND k.voided_at IS NULL)
            AND NOT EXISTS (SELECT 1 FROM activity_target t WHERE t.activity_id = a.id AND t.voided_at IS NULL)""",
    ),
)


def doubted(store: Store, kind: str, ids: Collection[str]) -> set[str]:
    """The ids of those records that have a hint. To know their number no sentence need be made."""
    params = {"ids": json.dumps([*ids]), **joint_deeds(store)}
    return {row["record"] for hint in HINTS if hint.kind == kind for row in store.rows(hint.sql, params)}


def doubts_about(store: Store, kind: str, ids: Collection[str]) -> dict[str, list[Doubt]]:
    """Record's id -> its hints; records without hints are left out."""
    found: dict[str, list[Doubt]] = {}
    params = {"ids": json.dumps([*ids]), **joint_deeds(store)}
    for hint in HINTS:
        if hint.kind == kind:
            for row in store.rows(hint.sql, params):
                sentences = [_(hint.sentence).format_map(_in_words(row))]
                if hint is _CONFIRMED:  # what was asked says more
                    sentences = records.confirmed_sentences(store, records.get(store, row["record"])) or sentences
                advice = _(hint.advice) if hint.advice else ""
                doubts = [Doubt(sentence, row.get("twin"), advice) for sentence in sentences]
                found.setdefault(row["record"], []).extend(doubts)
    return found


def joint_hints(store: Store, ids: Collection[str]) -> list[tuple[str, str]]:
    """(record, sentence) of the hints about joint references, of all records that are in one hint the first."""
    return _first_of_each(store, (_DIFFERENT, _APART), ids)


def double_hints(store: Store, ids: Collection[str]) -> list[tuple[str, str]]:
    """(record, sentence) of records that may be recorded twice, of all that may be one the first."""
    return _first_of_each(store, (_TWICE,), ids)


def _first_of_each(store: Store, hints: Collection[ReviewHint], ids: Collection[str]) -> list[tuple[str, str]]:
    params = {"ids": json.dumps([*ids]), **joint_deeds(store)}
    found: dict[str, tuple[str, str]] = {}
    for hint in hints:
        for row in store.rows(hint.sql, params):
            found.setdefault(row["about"], (row["record"], _(hint.sentence).format_map(_in_words(row))))
    return [*found.values()]


def _in_words(row: Row) -> dict[str, str]:
    """The columns of a row as text; ``days`` is a list of days, parted by commas."""
    money = row.get("unit_name") == "đồng"
    words = {}
    for name, value in row.items():
        if name == "day":
            words[name] = format_date(date.fromisoformat(value))
        elif name == "days":
            words[name] = ", ".join(format_date(date.fromisoformat(day)) for day in sorted(value.split(",")))
        elif not isinstance(value, int):
            words[name] = str(value)
        elif money:
            words[name] = format_money(value)
        else:
            words[name] = f"{format_amount(value, row.get('decimals') or 0)} {row.get('unit_name', '')}".strip()
    return words
