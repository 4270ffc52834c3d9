"""How much of what was done has the photographs and minutes that its kind of activity wants.

The rules are in ``docs/counting-rules.md``. No figure depends on it: what lacks a file counts like everything else.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from fieldapp.domain.attachment import FileSort
from fieldapp.i18n import _, counted
from fieldapp.records import attachments, wanted_files
from fieldapp.records.wanted_files import Files
from fieldapp.reports.figure_names import amount_in_words
from fieldapp.reports.figure_sql import FROM, NARROW, narrowed, with_facts, with_measures
from fieldapp.reports.figures import Figure
from fieldapp.reports.query import Query
from fieldapp.reports.sources import ACTIVITIES
from fieldapp.store import blobs
from fieldapp.store.store import Row, Store


class Evidence(Struct, frozen=True):
    """One kind of activity that wants files, in the period."""

    kind_id: str
    kind: str
    section: str
    photographs_wanted: int
    minutes_wanted: int
    activities: int
    """of the period; a joint deed is one"""
    with_photographs: int
    """those that have as many photographs as are wanted"""
    with_minutes: int
    not_arrived: int
    """those that have all that is wanted, but not all of it is on this laptop"""
    explained: int
    """those that do not have all of it, and of which somebody has said why there is none"""
    measure_id: str | None = None
    """the measure of works of which the following are parts; None: the kind has none, or not all of it is a number"""
    decimals: int = 0
    unit: str = ""
    amount: int | None = None
    amount_with_photographs: int | None = None
    amount_with_minutes: int | None = None

    def told(self) -> str:
        """“trong đó 5 giếng có biên bản”; of photographs where no minute is wanted. Empty where none has it."""
        minutes = self.minutes_wanted > 0
        part = self.with_minutes if minutes else self.with_photographs
        whole, text = self.activities, counted("{n} activity", "{n} activities", part)
        if self.amount is not None:
            part = (self.amount_with_minutes if minutes else self.amount_with_photographs) or 0
            whole, text = self.amount, amount_in_words(part, self.decimals, self.unit)
        if not part:
            return ""
        if part == whole == (1 if self.amount is None else 10**self.decimals):  # “all” is not said of one
            return _("with a minute") if minutes else _("with photographs")
        if part == whole:
            return _("all with a minute") if minutes else _("all with photographs")
        some = _("{amount} of them with a minute") if minutes else _("{amount} of them with photographs")
        return some.format(amount=text)


def evidence(store: Store, query: Query, figures: Sequence[Figure]) -> list[Evidence]:
    """Of each kind that wants files and of which there are activities in the period, in the order of kinds."""
    kinds = store.rows(f"SELECT k.* FROM activity_kind k WHERE {wanted_files.WANTING} ORDER BY k.position, k.id")
    if not kinds:
        return []
    params = narrowed(store, query)
    params["wanting"] = json.dumps([kind["id"] for kind in kinds])
    of_kinds = "f.activity_kind_id IN (SELECT value FROM json_each(:wanting))"
    records = store.rows(
        f"{with_facts(ACTIVITIES)} SELECT f.record, f.activity_kind_id {FROM}"
        f" WHERE {NARROW} AND {of_kinds} AND f.last BETWEEN :first AND :last",
        params,
    )
    amounts: list[Row] = []
    if attachments.any_of_kind(store, "activity"):
        amounts = store.rows(
            f"{with_measures('NULL')} SELECT f.record, f.activity_kind_id, f.measure_id, f.amount {FROM}"
            f" JOIN measure m ON m.id = f.measure_id WHERE {NARROW} AND {of_kinds}"
            " AND m.nature = 'works' AND f.amount IS NOT NULL",
            params,
        )
    things = _Things(store, json.loads(params["deeds"]), {row["record"] for row in (*records, *amounts)})
    return [*_of_kinds(kinds, records, amounts, figures, things)]


def _of_kinds(
    kinds: Sequence[Row], records: Sequence[Row], amounts: Sequence[Row], figures: Sequence[Figure], things: "_Things"
) -> Iterator[Evidence]:
    works: dict[str, Figure] = {}
    for one in figures:
        if one.kind_id is not None and one.value is not None and not one.in_words:  # “dozens” are no part of a sum
            works.setdefault(one.kind_id, one)
    of_kind: dict[str, set[str]] = {}
    for row in records:
        of_kind.setdefault(row["activity_kind_id"], set()).add(things.of(row["record"]))
    for kind in kinds:
        wanted, its = wanted_files.wanted_by(kind), of_kind.get(kind["id"], set())
        figure = works.get(kind["id"])
        if not its and figure is None:
            continue
        with_photographs = {one for one in its if things.has(one, wanted, "photograph")}
        with_minutes = {one for one in its if things.has(one, wanted, "minute")}
        found = Evidence(
            kind["id"], kind["name"], kind["section"], wanted.photographs, wanted.minutes, len(its),
            len(with_photographs), len(with_minutes),
            sum(not things.is_here(one, wanted) for one in with_photographs & with_minutes),
            sum(map(things.is_settled, its - (with_photographs & with_minutes))),
        )  # fmt: skip
        yield found if figure is None else _of_works(found, figure, wanted, amounts, things)


def _of_works(found: Evidence, figure: Figure, wanted: Files, amounts: Sequence[Row], things: "_Things") -> Evidence:
    """The same, with how much of the works has them."""
    its = [r for r in amounts if (r["activity_kind_id"], r["measure_id"]) == (figure.kind_id, figure.measure_id)]

    def part(sort: FileSort) -> int:
        return sum(row["amount"] for row in its if things.has(things.of(row["record"]), wanted, sort))

    return replace(
        found,
        measure_id=figure.measure_id,
        decimals=figure.decimals,
        unit=figure.unit,
        amount=figure.value,
        amount_with_photographs=part("photograph"),
        amount_with_minutes=part("minute"),
    )


class _Things:
    """What activities have: those of one joint deed have their files together."""

    def __init__(self, store: Store, deeds: Mapping[str, str], records: set[str]) -> None:
        self._deeds = deeds
        asked = {self.of(record) for record in records}
        all_records = records | {one for one, deed in deeds.items() if deed in asked}
        files = wanted_files.contents_at(store, all_records)
        self._settled = {self.of(record) for record in wanted_files.settled(store, all_records)}
        self._contents: dict[str, dict[FileSort, set[str]]] = {}
        for record, sorts in files.items():
            its = self._contents.setdefault(self.of(record), {})
            for sort, contents in sorts.items():
                its.setdefault(sort, set()).update(contents)
        self._store = store
        self._names = blobs.names_here(store.home) if files else set()

    def of(self, record: str) -> str:
        """The joint deed of an activity, else itself."""
        return self._deeds.get(record, record)

    def has(self, thing: str, wanted: Files, sort: FileSort) -> bool:
        """Whether it has as many of a sort as are wanted."""
        return len(self._its(thing, sort)) >= (wanted.minutes if sort == "minute" else wanted.photographs)

    def is_settled(self, thing: str) -> bool:
        """Whether somebody has said why there is no photograph or minute."""
        return thing in self._settled

    def is_here(self, thing: str, wanted: Files) -> bool:
        """Whether as many as are wanted are stored on this laptop."""
        pairs: tuple[tuple[FileSort, int], ...] = (("photograph", wanted.photographs), ("minute", wanted.minutes))
        return all(
            sum(blobs.name_of(self._store, sha256) in self._names for sha256 in self._its(thing, sort)) >= number
            for sort, number in pairs
        )

    def _its(self, thing: str, sort: FileSort) -> set[str]:
        return self._contents.get(thing, {}).get(sort, set())


def evidence_text(found: Sequence[Evidence]) -> str:
    """One line for the report: of how many activities that want files how many have them; empty for none."""
    photographs = [one for one in found if one.photographs_wanted]
    minutes = [one for one in found if one.minutes_wanted]
    if not any(one.activities for one in found):
        return ""
    texts = [
        (photographs, _("photographs: {n} of {all}"), sum(one.with_photographs for one in photographs)),
        (minutes, _("minutes: {n} of {all}"), sum(one.with_minutes for one in minutes)),
    ]
    parts = [text.format(n=n, all=sum(one.activities for one in its)) for its, text, n in texts if its]
    if explained := sum(one.explained for one in found):
        parts.append(counted("of {n} it is said why there is none", "of {n} it is said why there is none", explained))
    if away := sum(one.not_arrived for one in found):
        parts.append(counted("the files of {n} have not all arrived", "the files of {n} have not all arrived", away))
    return _("Activities with what is wanted of them: {parts}.").format(parts="; ".join(parts))
