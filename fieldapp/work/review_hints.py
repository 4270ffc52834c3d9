"""Hints for reviewers: checks as data, each with a sentence that says why to look twice.

A check is a SELECT of ``record`` and the columns that its sentence names. A hint does not mean that a record is wrong.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from fieldapp.domain.amounts import format_amount, format_money
from fieldapp.domain.dates import format_date
from fieldapp.i18n import _
from fieldapp.records.dated_figures import OUTSIDE
from fieldapp.store.store import Row, Store

FAR_MORE = 3
"""An amount is far more than usual if it exceeds this many times the greatest that the post recorded before"""
MIN_COMPARED = 5
"""With fewer figures to compare with, nothing is known about what is usual"""


@dataclass(frozen=True)
class ReviewHint:
    """One check of the records of a kind."""

    kind: str
    sentence: str
    """English message; its parameters are columns of ``sql``"""
    sql: str
    """SELECT of ``record`` and the columns that the sentence names; ``:ids`` is a JSON list of records' ids"""


_FIGURES = """
    SELECT a.id AS record, a.post_id, a.activity_kind_id, a.date_from, v.measure_id, v.amount, v.id AS fact,
        m.name AS measure, m.unit_name, m.decimals
    FROM activity a JOIN activity_measure v ON v.activity_id = a.id AND v.voided_at IS NULL
        JOIN measure m ON m.id = v.measure_id
    WHERE a.voided_at IS NULL AND v.amount IS NOT NULL"""

_AMONG = "a.id IN (SELECT value FROM json_each(:ids))"

HINTS: tuple[ReviewHint, ...] = (
    ReviewHint(
        "activity",
        "{measure}: {amount}; the most that the post recorded before was {most}.",
        f"""
        WITH f AS ({_FIGURES} AND {_AMONG})
        SELECT f.record, f.measure, f.amount, f.unit_name, f.decimals, max(o.amount) AS most
        FROM f JOIN activity b ON b.post_id = f.post_id AND b.activity_kind_id = f.activity_kind_id
                AND b.voided_at IS NULL AND b.date_from <= f.date_from AND b.id <> f.record
            JOIN activity_measure o ON o.activity_id = b.id AND o.measure_id = f.measure_id AND o.voided_at IS NULL
        GROUP BY f.fact HAVING count(o.amount) >= {MIN_COMPARED} AND f.amount > {FAR_MORE} * max(o.amount)""",
    ),
    ReviewHint(
        "activity",
        "The same kind, place and day as another record ({other}): recorded twice, or a joint activity?",
        f"""
        SELECT a.id AS record, min(p.name) AS other
        FROM activity a JOIN activity b ON b.date_from = a.date_from AND b.activity_kind_id = a.activity_kind_id
                AND b.unit_id IS a.unit_id AND b.id <> a.id AND b.voided_at IS NULL
                AND coalesce(b.hamlet, '') = coalesce(a.hamlet, '')
                AND (a.joint_reference IS NULL OR a.joint_reference IS NOT b.joint_reference)
            JOIN post p ON p.id = b.post_id
        WHERE {_AMONG} GROUP BY a.id""",
    ),
    ReviewHint(
        "activity",
        "More persons ({persons}) than visits ({visits}).",
        f"""
        WITH f AS ({_FIGURES} AND {_AMONG})
        SELECT p.record, p.amount AS persons, v.amount AS visits
        FROM f p JOIN f v ON v.record = p.record AND v.measure_id IN (SELECT id FROM measure WHERE code = 'luot_kham')
        WHERE p.measure_id IN (SELECT id FROM measure WHERE code = 'nguoi_kham') AND p.amount > v.amount""",
    ),
    ReviewHint(
        "activity",
        "The post was asked about something unusual, and confirmed it.",
        f"""
        SELECT a.id AS record FROM activity a WHERE {_AMONG} AND (a.confirmed IS NOT NULL OR EXISTS (
            SELECT 1 FROM activity_measure v WHERE v.activity_id = a.id AND v.voided_at IS NULL
            AND v.confirmed IS NOT NULL))""",
    ),
    ReviewHint(
        "activity",
        "Figures on days outside of it: {days}.",
        f"""
        SELECT a.id AS record, group_concat(DISTINCT v.measured_on) AS days FROM activity a
            JOIN activity_measure v ON v.activity_id = a.id AND v.voided_at IS NULL
        WHERE {_AMONG} AND {OUTSIDE} GROUP BY a.id""",
    ),
    ReviewHint(
        "activity",
        "It has no figure.",
        f"""
        SELECT a.id AS record FROM activity a WHERE {_AMONG} AND NOT EXISTS (
            SELECT 1 FROM activity_measure v WHERE v.activity_id = a.id AND v.voided_at IS NULL)
            AND EXISTS (SELECT 1 FROM kind_measure k WHERE k.activity_kind_id = a.activity_kind_id
                AND k.voided_at IS NULL)
            AND NOT EXISTS (SELECT 1 FROM activity_target t WHERE t.activity_id = a.id AND t.voided_at IS NULL)""",
    ),
)


def hints_for(store: Store, kind: str, ids: Collection[str]) -> dict[str, list[str]]:
    """Record's id -> sentences of its hints; records without hints are left out."""
    found: dict[str, list[str]] = {}
    params = {"ids": json.dumps([*ids])}
    for hint in HINTS:
        if hint.kind == kind:
            for row in store.rows(hint.sql, params):
                found.setdefault(row["record"], []).append(_(hint.sentence).format_map(_in_words(row)))
    return found


def _in_words(row: Row) -> dict[str, str]:
    """The columns of a row as text; ``days`` is a list of days, parted by commas."""
    money = row.get("unit_name") == "đồng"
    words = {}
    for name, value in row.items():
        if name == "days":
            words[name] = ", ".join(format_date(date.fromisoformat(day)) for day in sorted(value.split(",")))
        elif not isinstance(value, int):
            words[name] = str(value)
        elif money:
            words[name] = format_money(value)
        else:
            words[name] = f"{format_amount(value, row.get('decimals') or 0)} {row.get('unit_name', '')}".strip()
    return words
