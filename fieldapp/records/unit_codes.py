"""Records whose unit may be wrong, because a code that was shipped was that of another unit.

Until migration 15 some communes had the code of another (``unit_codes_2025.csv``). Who typed or imported the official
code 01558, which is Xã Hạ Lang, got Xã Lý Quốc without a word. The record keeps its unit, and a person looks at it:
chooses another unit, or is asked when saving it, and says that it is right.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec
from msgspec import Struct

from fieldapp.domain.model import Child, Record, fields_of
from fieldapp.domain.records import PARENTS, RECORDS
from fieldapp.i18n import _
from fieldapp.records.soft_limits import Question
from fieldapp.store import log
from fieldapp.store.disk_errors import DiskFull
from fieldapp.store.log import Change
from fieldapp.store.migrations import OFFICIAL_CODES, OFFICIAL_CODES_SINCE
from fieldapp.store.store import Row, Store

FIRST_CODES = "first_codes"
"""Local setting: JSON, [number of the last segment whose author's codes were asked for, whether one had the first]"""


class UnitToCheck(Struct, frozen=True):
    """A record that was given a unit while this had the code of another."""

    kind: str
    record: str
    """The record to open: of a row that belongs to a record, that record"""
    post_id: str | None
    code: str
    """The code that may have been typed"""
    now: str
    """The name of the unit that has this code"""


class _Mistaken(Struct, frozen=True):
    """A unit that was shipped with the code of another."""

    name: str
    code: str
    """The code that it was shipped with"""
    now: str
    """The name of the unit that has this code"""


def units_to_check(store: Store) -> list[UnitToCheck]:
    """The records that may have been given their unit by a code of another one, by kind, until a person has looked.

    A post is shown its own: the lists of headquarters, such as party cells, are looked at there.
    """
    return store.cached_until_changed("units to check", lambda: list(_units_to_check(store)))


def code_questions(
    store: Store, model: type[Record], row: Row, children: Sequence[tuple[Child, str, Row]] = ()
) -> list[Question]:
    """The questions about the units of a stored record, and of its rows in ``children`` with their names as in
    ``CHILDREN``, that may have been given by a code of another unit.

    One that was answered is given too, so that the answer stays, also on a laptop that cannot tell when the unit was
    given.
    """
    mistaken = _mistaken(store)
    fields = [(field, row, row[field], field) for field in _unit_fields(model)]
    for child, name, line in children:
        fields += [(field, line, line[field], name) for field in _unit_fields(child.model)]
    fields = [given for given in fields if given[2] in mistaken]
    history = log.changes_of_rows(store, {of["id"] for _field, of, _unit, _about in fields}) if fields else {}
    answers = (row.get("confirmed") or "").split("\n")
    sentence = _("{unit}: recorded under code {code}, which is {now} now. Is it right?")
    found = []
    for field, of, unit_id, about in fields:
        unit = mistaken[unit_id]
        text = sentence.format(unit=unit.name, code=unit.code, now=unit.now)
        question = Question(about, _answer(of, unit_id, unit), text)
        if question.answer in answers or _by_first_codes(store, field, of, history.get(of["id"], [])):
            found.append(question)
    return found


def _answer(row: Row, unit_id: str, unit: _Mistaken) -> str:
    return f"{row['id']} {unit_id} {unit.code}"


def _unit_fields(model: type[Record]) -> list[str]:
    return [s.name for s in fields_of(model) if s.ref == "unit" and model.KIND != "unit"]


def _mistaken(store: Store) -> dict[str, _Mistaken]:
    """Id of a unit that was shipped with the code of another -> what is known of it."""
    from fieldapp.store.baseline import corrected_codes

    pairs = corrected_codes()
    rows = store.rows(
        "SELECT id, code, name FROM unit WHERE valid_from = '2025-07-01' AND code IN (SELECT value FROM json_each(?))",
        [json.dumps(sorted({code for pair in pairs for code in pair}))],
    )
    standing = {row["code"]: row for row in rows}
    return {
        standing[right]["id"]: _Mistaken(standing[right]["name"], code, standing[code]["name"])
        for code, right in pairs
        if code in standing and right in standing
    }


def _units_to_check(store: Store) -> Iterator[UnitToCheck]:
    mistaken = _mistaken(store) if _first_codes_were_used(store) else {}
    for model in RECORDS if mistaken else ():
        if model.REFERENCE and store.identity.role != "hq":
            continue
        for field in _unit_fields(model):
            for row, answers in _standing_rows(store, model, field, [*mistaken]):
                unit = mistaken[row[field]]
                if not any(line.endswith(f"={_answer(row, row[field], unit)}") for line in answers):
                    record, kind = row["id"], model.KIND
                    if kind in PARENTS:
                        parent, child = PARENTS[kind]
                        record, kind = row[child.parent], parent.KIND
                    yield UnitToCheck(kind, record, row.get("post_id"), unit.code, unit.now)


def _standing_rows(store: Store, model: type[Record], field: str, units: list[str]) -> Iterator[tuple[Row, list[str]]]:
    """The rows with one of some units in a field that their author gave them with the first codes; the answers
    stored with each, or with the record that it belongs to."""
    kind, stands = model.KIND, "a.voided_at IS NULL"
    source, answers = f"{kind} a", "NULL" if model.REFERENCE else "a.confirmed"
    if kind in PARENTS:
        parent, child = PARENTS[kind]
        source += f" JOIN {parent.KIND} p ON p.id = a.{child.parent}"
        answers, stands = "p.confirmed", f"{stands} AND p.voided_at IS NULL"
    rows = store.rows(
        f"SELECT a.*, {answers} AS answers FROM {source} WHERE {stands}"
        f" AND a.{field} IN (SELECT value FROM json_each(?)) ORDER BY a.id",
        [json.dumps(units)],
    )
    history = log.changes_of_rows(store, [row["id"] for row in rows]) if rows else {}
    for row in rows:
        if _by_first_codes(store, field, row, history.get(row["id"], [])):
            yield row, (row["answers"] or "").split("\n")


def _by_first_codes(store: Store, field: str, row: Row, changes: list[Change]) -> bool:
    """Whether the author of the unit in a field had the codes that were shipped first."""
    setting = [c for c in changes if c.cols.get(field) == row[field]]
    if not setting:
        return False
    last = setting[-1]
    if store.value("SELECT own FROM local_log WHERE id = ?", [last.log_id]):
        return last.hlc <= int(store.setting(OFFICIAL_CODES_SINCE, "0") or 0)
    data = store.value(
        "SELECT bytes FROM local_segment WHERE log_id = ? AND first <= ? AND last >= ? AND state = 'applied'",
        [last.log_id, last.seq, last.seq],
    )
    return data is not None and _has_first_codes(data)


def _has_first_codes(segment: bytes) -> bool:
    header = msgspec.json.decode(log.unpack(segment).partition(b"\n")[0])
    return int(header.get("schema", 0)) < OFFICIAL_CODES


def _first_codes_were_used(store: Store) -> bool:
    """Whether any change here may be by an author who had the codes that were shipped first: mostly none is, and no
    record need be looked through."""
    since = int(store.setting(OFFICIAL_CODES_SINCE, "0") or 0)
    own = "SELECT 1 FROM local_log l JOIN local_change c ON c.log_id = l.id AND c.seq = ("
    own += "SELECT min(seq) FROM local_change WHERE log_id = l.id) WHERE l.own = 1 AND c.hlc <= ?"
    # changes of another's old segment are in ``local_change``, those of a copy of this disk are not
    other = "SELECT 1 FROM local_segment s JOIN local_log l ON l.id = s.log_id"
    other += " WHERE s.state = 'applied' AND (s.number IS NULL) = (l.own = 0)"
    if since and (store.value(own, [since]) or store.value(other)):
        return True
    reached, used = json.loads(store.setting(FIRST_CODES) or "[0, false]")
    last = log.last_number(store)
    if used or reached == last:
        return bool(used)
    new = store.rows("SELECT number FROM local_segment WHERE number > ? AND state = 'applied'", [reached])
    bytes_of = "SELECT bytes FROM local_segment WHERE number = ?"
    used = any(_has_first_codes(store.value(bytes_of, [row["number"]])) for row in new)
    with suppress(DiskFull), store.transaction(derived=True):
        store.set_setting(FIRST_CODES, json.dumps([last, used]))
    return bool(used)
