"""Figures of a period, computed by SQL over the store, each with the records behind it.

An activity counts in the period in which it ended (rule 6); a joint activity of several posts, which each recorded
under one joint reference, counts once (rule 5); voided records never count and are told apart (rule 8); unknown is not
zero (rule 9).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from fieldapp.domain.amounts import format_amount, format_money
from fieldapp.domain.indicators import DISTINCT, Distinct
from fieldapp.domain.text import clean
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store.store import Row, Store
from fieldapp.sync import exchange


@dataclass(frozen=True)
class Period:
    """Two days, both inside."""

    first: date
    last: date


@dataclass(frozen=True)
class Figure:
    """One number of the report."""

    section: str
    code: str
    title: str
    value: int | None
    """in units of 10^-decimals; None where no record says a number"""
    decimals: int
    unit: str
    approximate: bool
    in_words: list[str]
    """what records say instead of a number, such as “hàng chục”"""
    records: list[str]
    """ids of the records behind it"""

    @property
    def text(self) -> str:
        """“2.385 lượt”, “khoảng 70 triệu đồng”, “hàng chục phương tiện”, “12 phương tiện và hàng chục phương tiện”"""
        parts = []
        if self.value is not None:
            number = (
                format_money(self.value)
                if self.unit == "đồng"
                else f"{format_amount(self.value, self.decimals)} {self.unit}"
            )
            parts.append(_("about {amount}").format(amount=number) if self.approximate else number)
        parts += [f"{words} {self.unit}" for words in self.in_words]
        return _(" and ").join(parts)


@dataclass(frozen=True)
class Completeness:
    """What the figures leave out, and as of when."""

    voided: int
    drafts: int
    conflicts: int
    waiting: int
    """segments that are held or in quarantine"""
    set_aside: int
    posts: list[tuple[str, str | None]]
    """(post's laptop, instant of its newest change that is in)"""


@dataclass(frozen=True)
class Report:
    """All figures of a period."""

    period: Period
    unit: str | None
    figures: list[Figure]
    completeness: Completeness

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``--json`` and ``--format json``."""
        return {
            "from": self.period.first.isoformat(),
            "to": self.period.last.isoformat(),
            "unit": self.unit,
            "figures": [{**asdict(f), "text": f.text} for f in self.figures],
            "completeness": asdict(self.completeness),
        }


def report(store: Store, period: Period, unit: str | None = None) -> Report:
    """All that the records of a period say; ``unit`` (id or code) narrows it to a unit and what belongs to it."""
    units, name = _units(store, unit)
    params = {"first": period.first.isoformat(), "last": period.last.isoformat(), "units": json.dumps(units)}
    figures = _sums(store, params, narrowed=unit is not None)
    for indicator in DISTINCT:
        figures += _distinct(store, indicator, params, narrowed=unit is not None)
    return Report(period, name, figures, _completeness(store, params))


HIGH = 10**9
"""Amounts are summed in two parts, so that no sum leaves 64 bits."""

_COUNTED = """
    WITH counted AS (
        SELECT a.id, a.activity_kind_id, row_number() OVER (
            PARTITION BY coalesce('j' || a.joint_reference || '|' || a.activity_kind_id, a.id)
            ORDER BY NOT EXISTS (SELECT 1 FROM activity_measure v WHERE v.activity_id = a.id AND v.voided_at IS NULL
                AND v.amount IS NOT NULL), a.id) AS turn
        FROM activity a
        WHERE a.voided_at IS NULL AND {when} {narrow}
    )
"""
_ENDED = "coalesce(a.date_to, a.date_from) BETWEEN :first AND :last"
_TOUCHED = "coalesce(a.date_to, a.date_from) >= :first AND a.date_from <= :last"


def _narrow(column: str, narrowed: bool) -> str:
    return f"AND {column} IN (SELECT value FROM json_each(:units))" if narrowed else ""


def _sums(store: Store, params: dict[str, str], narrowed: bool) -> list[Figure]:
    rows = store.rows(
        _COUNTED.format(when=_TOUCHED, narrow=_narrow("a.unit_id", narrowed))
        + f"""
        SELECT k.section, m.code, m.name, m.unit_name, m.decimals,
            sum(v.amount / {HIGH}) AS high, sum(v.amount % {HIGH}) AS low,
            max(CASE WHEN v.amount IS NOT NULL THEN v.approximate ELSE 0 END) AS approximate,
            json_group_array(DISTINCT CASE WHEN v.amount IS NULL THEN v.note END) AS words,
            json_group_array(DISTINCT c.id) AS records,
            min(k.position * 1000 + coalesce((SELECT min(km.position) FROM kind_measure km WHERE
                km.activity_kind_id = k.id AND km.measure_id = m.id AND km.voided_at IS NULL), 999)) AS place
        FROM counted c JOIN activity_kind k ON k.id = c.activity_kind_id
            JOIN activity_measure v ON v.activity_id = c.id AND v.voided_at IS NULL
            JOIN measure m ON m.id = v.measure_id JOIN activity a ON a.id = c.id
        WHERE c.turn = 1 AND coalesce(v.measured_on, a.date_to, a.date_from) BETWEEN :first AND :last
            AND (v.amount IS NOT NULL OR v.note IS NOT NULL)
        GROUP BY k.section, m.id ORDER BY place, m.code
        """,
        params if narrowed else {k: v for k, v in params.items() if k != "units"},
    )
    return [
        Figure(
            section=r["section"],
            code=r["code"],
            title=r["name"],
            value=None if r["high"] is None else r["high"] * HIGH + r["low"],
            decimals=r["decimals"],
            unit=r["unit_name"],
            approximate=bool(r["approximate"]),
            in_words=[w for w in json.loads(r["words"]) if w],
            records=json.loads(r["records"]),
        )
        for r in rows
    ]


def _distinct(store: Store, indicator: Distinct, params: dict[str, str], narrowed: bool) -> list[Figure]:
    """A figure that counts distinct; none where nothing is recorded."""
    own = {k: v for k, v in params.items() if k != "units" or narrowed}
    if indicator.over == "targets":
        own["type"] = indicator.target_type or ""
        sql = (
            _COUNTED.format(when=_ENDED, narrow=_narrow("a.unit_id", narrowed))
            + """
            SELECT count(DISTINCT
                    coalesce(t.party_cell_id, t.unit_id, '') || '|' || lower(coalesce(t.name, ''))) AS value,
                json_group_array(DISTINCT c.id) AS records
            FROM counted c JOIN activity_target t ON t.activity_id = c.id AND t.voided_at IS NULL
            WHERE t.target_type = :type
            """
        )
    else:
        sql = f"""
            SELECT count(DISTINCT i.member_id) AS value, json_group_array(DISTINCT i.id) AS records
            FROM introduction i JOIN party_cell p ON p.id = i.party_cell_id JOIN member m ON m.id = i.member_id
            WHERE i.voided_at IS NULL AND m.voided_at IS NULL
                AND i.date_from <= :last AND :first <= coalesce(i.date_to, '9999') {_narrow("p.unit_id", narrowed)}
            """
    row = store.row(sql, own)
    if row is None or not row["value"]:
        return []
    return [
        Figure(
            section=indicator.section,
            code=indicator.code,
            title=_(indicator.title),
            value=row["value"],
            decimals=0,
            unit=_(indicator.unit),
            approximate=False,
            in_words=[],
            records=json.loads(row["records"]),
        )
    ]


def _units(store: Store, text: str | None) -> tuple[list[str], str | None]:
    """The ids of the units that a report is narrowed to, and how it is called.

    A unit of today stands for itself, what belongs to it, and the old units that became part of it alone.
    """
    if text is None:
        return [], None
    named = store.rows(
        "SELECT id, name FROM unit WHERE (id = :text OR code = :text) AND voided_at IS NULL"
        " ORDER BY valid_to IS NOT NULL",
        {"text": clean(text)},
    )
    if not named:
        raise FieldappError(_("There is no unit with the code {code}.").format(code=clean(text)))
    rows = store.rows(
        """
        WITH RECURSIVE inside (id) AS (
            VALUES (?)
            UNION SELECT u.id FROM unit u JOIN inside i ON u.parent_id = i.id
            UNION SELECT s.old_unit_id FROM unit_succession s JOIN inside i ON s.new_unit_id = i.id
                WHERE (SELECT count(*) FROM unit_succession o WHERE o.old_unit_id = s.old_unit_id) = 1
        ) SELECT id FROM inside
        """,
        [named[0]["id"]],
    )
    return [r["id"] for r in rows], named[0]["name"]


def _completeness(store: Store, params: dict[str, str]) -> Completeness:
    state = exchange.status(store)
    voided = store.value(
        "SELECT count(*) FROM activity WHERE voided_at IS NOT NULL"
        " AND coalesce(date_to, date_from) BETWEEN :first AND :last",
        {k: params[k] for k in ("first", "last")},
    )
    return Completeness(
        voided=voided,
        drafts=len(store.drafts()),
        conflicts=state.conflicts,
        waiting=len(state.held) + len(state.quarantined),
        set_aside=len(state.set_aside),
        posts=_posts(store),
    )


def _posts(store: Store) -> list[tuple[str, str | None]]:
    rows: Sequence[Row] = store.rows(
        "SELECT p.post_name || ' (' || p.name || ')' AS name, max(c.at) AS at FROM local_replica p"
        " LEFT JOIN local_log l ON l.replica_id = p.id LEFT JOIN local_change c ON c.log_id = l.id AND c.seq = l.seq"
        " WHERE p.role = 'post' GROUP BY p.id ORDER BY name"
    )
    return [(r["name"], r["at"]) for r in rows]
