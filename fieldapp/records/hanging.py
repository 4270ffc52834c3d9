"""What hangs on a record: its lines, and the records that name it. Voiding says it, and what still hangs is listed."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.party import Member
from fieldapp.domain.records import BY_KIND, PARENTS, RECORDS
from fieldapp.domain.reference import PartyCell
from fieldapp.i18n import _
from fieldapp.records import persons, words
from fieldapp.store import wall
from fieldapp.store.store import Row, Store

ABOUT_A_MEMBER = tuple(kind for kind in persons.ABOUT if kind not in PARENTS)
"""Kinds whose records count only together with their member (``docs/counting-rules.md``, rule 8)"""

_GOES_ON: Mapping[str, str] = {"introduction": "coalesce(r.date_to, '9999') >= :today", "member": "1"}
"""Kind -> SQL for its records ``r`` that go on in a party cell after it was retired; what ended before stays right"""

MAX_OPENED = 50
"""Most records of one kind that are listed, to be opened"""


class Dangling(Struct, frozen=True):
    """A voided record that others still name."""

    kind: str
    row_id: str
    post_id: str | None
    sentence: str


def counts(store: Store, kind: str, ids: Collection[str]) -> dict[str, int]:
    """Kind -> how many standing lines of some records of a kind, and records that name them, are not among them."""
    given = {"ids": json.dumps([*whole(store, kind, ids)])}
    found = {other: store.value(f"SELECT count(DISTINCT id) FROM ({sql})", given) for other, sql in _hanging(kind)}
    return {other: number for other, number in found.items() if number}


def records_naming(store: Store, kind: str, row_id: str) -> list[tuple[str, int, list[tuple[str, str]]]]:
    """(kind, how many, the newest to be opened) of what still names a record; to be opened: (id, text) each.

    A line of another record opens that record.
    """
    found = []
    for other, sql in _hanging(kind, own_lines=False):
        given = {"ids": json.dumps([*whole(store, kind, [row_id])])}
        number = store.value(f"SELECT count(DISTINCT id) FROM ({sql})", given)
        newest = f"SELECT DISTINCT record FROM ({sql}) ORDER BY record DESC LIMIT {MAX_OPENED}"
        ids = [row["record"] for row in store.rows(newest, given)] if number else []
        if ids:
            named = words.labels_with_post(store, PARENTS[other][0].KIND if other in PARENTS else other, ids)
            found.append((other, number, [(each, named[each]) for each in ids]))
    return found


def whole(store: Store, kind: str, ids: Collection[str]) -> dict[str, str]:
    """Some records of a kind, and the members whose records gave way to them -> which of the given ones it is."""
    merged = persons.given_way_to(store, ids) if kind == Member.KIND else {}
    return merged | {row_id: row_id for row_id in ids}


def sentences(store: Store, kind: str, ids: Collection[str]) -> list[str]:
    """What hangs on some records of a kind, before they are voided: what counts no more with them, and what stays."""
    own = {child.model.KIND for child in BY_KIND[kind].CHILDREN.values()}
    gone: list[str] = []
    stays: list[str] = []
    for other, number in counts(store, kind, ids).items():
        along = other in own or (kind == "member" and other in ABOUT_A_MEMBER)
        (gone if along else stays).append(number_of(other, number))
    found = [_("Counts no more with it: {what}.").format(what=", ".join(gone))] if gone else []
    return found + ([_("Names it, and stays: {what}.").format(what=", ".join(stays))] if stays else [])


def number_of(kind: str, number: int) -> str:
    """So many of a kind, in words: “2 giới thiệu sinh hoạt”."""
    model = BY_KIND[kind]
    in_words = persons.ABOUT.get(kind)
    return in_words(number) if in_words else f"{number} {_(model.TITLE if number == 1 else model.PLURAL).lower()}"


def dangling(store: Store) -> list[Dangling]:
    """The voided records that standing ones still name, and the retired cells in which somebody still takes part.

    By kind, then in the order of recording. A person voids or corrects what is left, or takes the void back. At
    headquarters, where tables are long, only what indexes find: the post has the whole list.
    """
    return store.cached_until_changed("dangling", lambda: [*_dangling(store)])


def _dangling(store: Store) -> Iterator[Dangling]:
    indexed = _indexed_columns(store) if store.role == "hq" else None
    for model in RECORDS:
        if not model.TOP or (model.REFERENCE and model is not PartyCell):
            continue
        only = _GOES_ON if model.REFERENCE else None
        naming = [*_hanging(model.KIND, own_lines=False, only=only, indexed=indexed)]
        if not naming:
            continue
        voided = store.rows(f"SELECT * FROM {model.KIND} WHERE voided_at IS NOT NULL ORDER BY id")
        stays = whole(store, model.KIND, [row["id"] for row in voided])
        given = {"ids": json.dumps([*stays]), "today": wall.today().isoformat()}
        left: dict[str, list[str]] = {}
        for other, sql in naming if voided else ():
            numbers = Counter[str]()
            for row in store.rows(f"SELECT named, count(DISTINCT id) AS n FROM ({sql}) GROUP BY named", given):
                numbers[stays[row["named"]]] += row["n"]
            for row_id, number in numbers.items():
                left.setdefault(row_id, []).append(number_of(other, number))
        named = words.labels(store, model.KIND, left)
        for row in voided:
            if row["id"] in left:
                yield Dangling(model.KIND, row["id"], row.get("post_id"), _left_text(model, row, named, left))


def _left_text(model: type[Record], row: Row, named: Mapping[str, str], left: Mapping[str, list[str]]) -> str:
    sentence = (
        _("{record} ({was}) is still named by {what}: end or correct them.")
        if model.REFERENCE
        else _("{record} ({was}) is still named by {what}: correct or void them, or take it back.")
    )
    return sentence.format(record=named[row["id"]], was=words.voided_text(model, row), what=", ".join(left[row["id"]]))


def _indexed_columns(store: Store) -> set[tuple[str, str]]:
    """(table, column) of each column with which an index begins."""
    rows = store.rows(
        "SELECT m.name AS kind, c.name AS column FROM sqlite_schema m, pragma_index_list(m.name) i,"
        " pragma_index_info(i.name) c WHERE m.type = 'table' AND c.seqno = 0"
    )
    return {(row["kind"], row["column"]) for row in rows}


def _hanging(
    kind: str,
    *,
    own_lines: bool = True,
    only: Mapping[str, str] | None = None,
    indexed: Collection[tuple[str, str]] | None = None,
) -> Iterator[tuple[str, str]]:
    """(kind, SQL) for each kind whose standing rows may name records of a kind.

    The SQL gives ``named`` (one of the JSON list ``:ids``), ``id`` of the row that names it, and ``record``, which is
    to be opened: the row itself, or the record whose line it is. ``own_lines``: the lines of the records too. ``only``:
    these kinds, and of them the rows ``r`` that meet this condition in SQL. ``indexed``: only by these columns.
    """
    referred = {child.model.KIND: child.parent for child in BY_KIND[kind].CHILDREN.values() if child.model.REFERRED}
    for model in RECORDS:
        if only is not None and model.KIND not in only:
            continue
        parent, child = PARENTS.get(model.KIND, (None, None))
        columns = [(shape.name, shape.ref) for shape in fields_of(model) if shape.ref in (kind, *referred)]
        line = child if parent is not None and kind == parent.KIND else None
        if line and (not own_lines or line.editor in ("measures", "extras")):  # the figures say what they were
            continue
        parts = []
        for column, ref in columns:
            if indexed is not None and (model.KIND, column) not in indexed:
                continue
            named, through = f"r.{column}", ""
            if ref != kind:  # a line of the record
                named, through = f"t.{referred[ref]}", f" JOIN {ref} t ON t.id = r.{column}"
            opened = f"r.{child.parent}" if child else "r.id"
            if parent:
                through += f" JOIN {parent.KIND} p ON p.id = {opened} AND p.voided_at IS NULL"
            parts.append(
                f"SELECT {named} AS named, r.id, {opened} AS record FROM {model.KIND} r"
                f"{through} WHERE {named} IN (SELECT value FROM json_each(:ids)) AND r.voided_at IS NULL"
                f" AND r.id NOT IN (SELECT value FROM json_each(:ids)) AND {only[model.KIND] if only else '1'}"
            )
        if parts:
            yield model.KIND, " UNION ".join(parts)
