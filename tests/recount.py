"""All figures of a report, told again in plain Python from ``docs/counting-rules.md`` and from rows as they are stored.

It shares no query with the program: rows are read whole, once, and everything else is loops over them. Where the rules
leave something to be decided, the decision stands in a comment here.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from fieldapp.domain.indicators import INDICATORS, Indicator

Row = Mapping[str, Any]
Key = tuple[str, str]
"""Section and code of a figure"""
KINDS_WITH_FIGURES = ("activity", "introduction", "meeting", "household_charge", "cell_rating", "member_rating",
                      "candidacy", "matter", "self_management_group", "review_meeting", "commendation")  # fmt: skip
TABLES = (*KINDS_WITH_FIGURES, "unit", "unit_succession", "post", "activity_kind", "measure", "kind_measure",
          "party_cell", "member", "activity_measure", "activity_target", "attendance", "agreement", "agreement_task",
          "plan", "attachment")  # fmt: skip
FOREVER = "9999-12-31"


@dataclass(frozen=True)
class Asked:
    """What a figure is asked for: days as ISO text."""

    first: str
    last: str
    today: str
    unit: str | None = None
    post: str | None = None
    view: Literal["then", "now"] = "then"


@dataclass
class Told:
    """One figure."""

    value: int | None
    count: int
    records: list[tuple[Any, ...]]
    """what makes it: of a sum (record, day, amount, words), else (record,)"""
    approximate: bool = False
    words: list[str] = field(default_factory=list)
    shared: bool = False
    """it holds a joint deed of which another post speaks elsewhere, in another part or outside of what is asked for"""


@dataclass(frozen=True)
class Fact:
    """One thing that a record says and that may count."""

    source: str
    kind: str
    record: str
    post: str
    first: str
    last: str
    unit: str | None
    chosen: str | None
    """the successor of its unit that the record says"""
    state: Literal["counts", "voided", "returned"]
    values: Row


def folded(text: str | None) -> str:
    """Spellings of one thing are equal: no case, marks, punctuation; đ is d, y is i."""
    plain = unicodedata.normalize("NFD", (text or "").casefold().replace("đ", "d"))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).replace("y", "i")
    return " ".join(re.sub(r"[\W_]", " ", letters).split())


class Units:
    """Where a record belongs: all in the units of one day, the last of the period or today."""

    def __init__(self, units: Iterable[Row], successions: Iterable[Row]) -> None:
        self.rows = {u["id"]: u for u in units if u["voided_at"] is None}
        given: dict[str, dict[str, Row]] = defaultdict(dict)
        for s in successions:
            if s["voided_at"] is None:
                given[s["old_unit_id"]][s["new_unit_id"]] = s
        self.after: dict[str, dict[str, str]] = {}
        self.before: dict[str, dict[str, str]] = defaultdict(dict)
        for old, its in given.items():
            # Where all people of a divided commune went to one successor, its records follow them.
            people = {new: s for new, s in its.items() if s.get("share") == "all_people"}
            self.after[old] = {new: s["effective_on"] for new, s in (people or its).items()}
            for new, on in self.after[old].items():
                self.before[new][old] = on
        self.cached: dict[tuple[str, Asked], set[str]] = {}

    def _in_force(self, unit: str, first: str, last: str) -> bool:
        row = self.rows[unit]
        return (row["valid_from"] or "") <= last and (row["valid_to"] or FOREVER) >= first

    def day(self, asked: Asked) -> str:
        return asked.last if asked.view == "then" else asked.today

    def there(self, unit: str, asked: Asked) -> bool:
        return self._in_force(unit, self.day(asked), self.day(asked))

    def base(self, unit: str) -> str:
        """A hamlet without successions of its own goes with its commune."""
        row = self.rows[unit]
        alone = row["level"] == "hamlet" and unit not in self.after and unit not in self.before
        return str(row["parent_id"]) if alone and row["parent_id"] else unit

    def steps(self, unit: str, asked: Asked) -> set[str]:
        """What a unit became by the day, or what became it since."""
        day = self.day(asked)
        after = {new for new, on in self.after.get(unit, {}).items() if on <= day}
        return after | {old for old, on in self.before.get(unit, {}).items() if on > day}

    def ends(self, unit: str, asked: Asked) -> set[str]:
        """The units of the day that a unit leads to, and others of which nobody knows what became of them."""
        start = self.base(unit)
        found, seen, todo = set(), {start}, [start]
        while todo:
            at = todo.pop()
            following = set() if self.there(at, asked) else self.steps(at, asked)
            if not following:
                found.add(at)
            todo += following - seen
            seen |= following
        return found

    def place(self, unit: str | None, chosen: str | None, asked: Asked) -> str | None:
        """The unit of the day in which something recorded in a unit is; None if nobody knows."""
        if unit is None:
            return None
        unit = self.base(unit)
        if self.there(unit, asked):
            return unit
        if asked.view == "now" and chosen is not None:
            return self.place(chosen, None, asked)
        ends = self.ends(unit, asked)
        sure = next(iter(ends)) if len(ends) == 1 else None
        if asked.view == "now":
            return sure if sure and self.there(sure, asked) else None
        if sure is None and asked.first <= (self.rows[unit]["valid_to"] or FOREVER) < asked.last:
            # In the units of the time, a unit divided within the period goes on in the one with its code.
            sure = min((u for u in ends if self.rows[u]["code"] == self.rows[unit]["code"]), default=None)
        if sure is None and chosen is not None:
            return self.place(chosen, None, asked)
        return sure

    def same(self, unit: str | None, chosen: str | None, asked: Asked) -> str | None:
        """What a unit is, under its old and its new name."""
        if unit is None or self.base(unit) != unit:
            return unit
        return self.place(unit, chosen, asked) or self.place(unit, None, asked) or unit

    def line(self, unit: str) -> set[str]:
        """A unit, its predecessors and successors, and theirs: not its siblings."""
        found = {unit}
        for step in (self.before, self.after):
            todo = [unit]
            while todo:
                more = {*step.get(todo.pop(), {})} - found
                found |= more
                todo += more
        return found

    def anchor(self, asked: Asked) -> str:
        """The unit that is asked for: that of the day with the code, else the latest before it."""
        assert asked.unit is not None
        if asked.unit in self.rows:
            return asked.unit
        named = sorted(u for u, row in self.rows.items() if row["code"] == asked.unit)
        there = [u for u in named if self.there(u, asked)]
        ended = [u for u in named if (self.rows[u]["valid_to"] or FOREVER) < self.day(asked)]
        last = sorted(ended, key=lambda u: str(self.rows[u]["valid_to"]))[-1:]
        first: list[str] = there or last or sorted(named, key=lambda u: str(self.rows[u]["valid_from"]))
        return first[0]

    def inside(self, root: str, asked: Asked) -> set[str]:
        """The units that belong to a unit, or wholly lead into it."""
        if (root, asked) in self.cached:
            return self.cached[root, asked]
        found, one = {root}, self.rows[root]
        if asked.view == "then":
            found |= {u for u in self.line(root) if self.rows[u]["code"] == one["code"]
                      and (self.rows[u]["valid_to"] or FOREVER) >= asked.first
                      and (self.rows[u]["valid_from"] or "") <= (one["valid_from"] or "")}  # fmt: skip
        while True:
            more = {u for u, row in self.rows.items() if row["parent_id"] in found}
            more |= {u for u in self.rows if not self.there(u, asked) and (s := self.steps(u, asked)) and s <= found}
            if not self.there(root, asked):
                both = (*self.after.items(), *self.before.items())
                more |= {u for u, its in both if its and {*its} <= found}
            if more <= found:
                self.cached[root, asked] = found
                return found
            found |= more

    def lies_in(self, unit: str | None, chosen: str | None, asked: Asked) -> bool:
        """Whether what is recorded in a unit is in the unit that is asked for, or in one that wholly belongs to it."""
        if unit is None:
            return False
        root = self.anchor(asked)
        found, place = self.inside(root, asked), self.place(unit, chosen, asked)
        if not self.there(root, asked):  # what was recorded in it, or says that it became it
            return bool({unit, chosen, place} & found)
        if place in found or (unit in found and self.base(root) != root):
            return True
        return place is None and self.ends(chosen or unit, asked) <= found

    def is_doubtful(self, unit: str | None, chosen: str | None, asked: Asked) -> bool:
        """Whether nobody knows the place; of a unit that is asked for: where the place may be in it."""
        if unit is None:
            return False
        place = self.place(unit, chosen, asked)
        if asked.unit is None:
            return place is None
        root, said = self.anchor(asked), self.base(chosen or unit)
        found = self.inside(root, asked)
        if self.there(root, asked):
            return place is None and bool(self.ends(said, asked) & found)
        return bool(self.line(said) & found) and not self.lies_in(unit, chosen, asked)


class Recount:
    """The figures of the rows of one replica."""

    def __init__(self, tables: Mapping[str, Sequence[Row]], returned: Iterable[str]) -> None:
        self.tables = tables
        self.returned = set(returned)
        self.by_id = {table: {r["id"]: r for r in rows} for table, rows in tables.items()}
        self.units = Units(tables["unit"], tables["unit_succession"])
        self.lines: dict[str, dict[str, list[Row]]] = {}
        self.kinds_have: set[tuple[str, str]] = set()
        self.files_of: dict[Any, set[tuple[str, str]]] = defaultdict(set)
        told = [f for kind in KINDS_WITH_FIGURES for row in tables[kind] for f in self._facts(kind, row)]
        self.facts = _rated_once(told)
        self.deed_of = self._deeds()

    # facts

    def _state(self, kind: str, row: Row) -> Literal["counts", "voided", "returned"]:
        about = {row["member_id"], self.person(row["member_id"])} if "member_id" in row else set()
        if any(r["voided_at"] is not None for r in (row, *(self.by_id["member"][member] for member in about))):
            return "voided"
        return "returned" if row["id"] in self.returned else "counts"

    def person(self, member: str) -> str:
        """The member whose record stays, if this one's gave way; of records that give way in a circle, the oldest."""
        way = [member]
        while (further := self.by_id["member"][way[-1]]["same_as_id"]) is not None:
            if further in way:
                return min(way[way.index(further) :])
            way.append(further)
        return way[-1]

    def _about(self, line: Row, field: str) -> Any:
        return self.person(line[field]) if field == "member_id" else line[field]

    def _lines(self, table: str, parent: str, row: Row, *about: str) -> list[Row]:
        """The lines of a record; of two about the same, the newer."""
        if table not in self.lines:
            its = self.lines[table] = defaultdict(list)
            for line in sorted(self.tables[table], key=lambda x: str(x["id"])):
                if line["voided_at"] is None:
                    its[line[parent]].append(line)
        return [*{tuple(self._about(line, a) for a in about): line for line in self.lines[table][row["id"]]}.values()]

    def _facts(self, kind: str, row: Row) -> Iterator[Fact]:
        state, post = self._state(kind, row), row["post_id"]
        unit = row.get("unit_id")
        if "party_cell_id" in row:
            unit = self.by_id["party_cell"][row["party_cell_id"]]["unit_id"]

        def fact(source: str, first: str, last: str | None = None, /, **values: Any) -> Fact:
            last = first if last is None else last
            values |= {"member_id": self.person(row["member_id"])} if "member_id" in row else {}
            return Fact(source, kind, row["id"], post, first, last, unit, row.get("unit_now_id"), state,
                        {**row, **values, "record": row["id"]})  # fmt: skip

        if kind == "activity":
            yield from self._of_activity(row, fact)
        elif kind == "meeting":
            yield fact("meeting", row["held_on"])
            for line in self._lines("attendance", "meeting_id", row, "member_id"):
                # Also where the member was voided since: the record is the meeting, and it stands.
                own = "1" if self.by_id["member"][self.person(line["member_id"])]["party_cell_id"] is None else "0"
                yield fact("attendance", row["held_on"], own=own, status=line["status"], attendance_id=line["id"],
                           meeting_id=row["id"])  # fmt: skip
        elif kind == "candidacy":
            yield fact("candidacy", row["nominated_on"])
            if row["outcome"] == "elected":
                yield fact("election", row["decided_on"] or row["nominated_on"])
        elif kind in ("cell_rating", "member_rating"):
            yield fact(kind, f"{row['year']}-12-31")  # a rating is of a whole year, so it counts at its end
        elif kind == "matter":
            yield fact(kind, row["opened_on"], row["closed_on"] or FOREVER)
        elif kind == "household_charge":
            # One household of one hamlet, in whatever spelling.
            yield fact(kind, row["date_from"], row["date_to"] or FOREVER,
                       household=(unit, None, f"{folded(row['hamlet'])}|{folded(row['household'])}"))  # fmt: skip
        elif kind in ("introduction", "self_management_group"):
            yield fact(kind, row["date_from"], row["date_to"] or FOREVER)
        else:
            yield fact(kind, row["held_on" if kind == "review_meeting" else "awarded_on"])

    def _of_activity(self, row: Row, fact: Callable[..., Fact]) -> Iterator[Fact]:
        end = row["date_to"] or row["date_from"]
        yield fact("activity", end)
        for line in self._lines("activity_measure", "activity_id", row, "measure_id", "measured_on"):
            if not self._has(row["activity_kind_id"], line["measure_id"]):
                continue  # the activity was of another kind when it was recorded: it counts nowhere
            if line["amount"] is not None or line["note"] is not None:
                words = None if line["amount"] is not None else line["note"]
                yield fact("measure", line["measured_on"] or end, measure=line["measure_id"], amount=line["amount"],
                           words=words, approximate=bool(line["approximate"]), line=line["id"])  # fmt: skip
        for line in self._lines("activity_target", "activity_id", row, "id"):
            yield fact("target", end, target_type=line["target_type"], body=self._body(row, line))

    def _has(self, kind: str, measure: str) -> bool:
        """Whether a kind has a measure, or had it."""
        if not self.kinds_have:
            self.kinds_have = {(k["activity_kind_id"], k["measure_id"]) for k in self.tables["kind_measure"]}
        return (kind, measure) in self.kinds_have

    def of_other_kinds(self, asked: Asked) -> set[str]:
        """The lines of the period that the kind of their activity never had."""
        found = set()
        for f in (f for f in self._chosen(asked) if f.source == "activity"):
            for line in self.tables["activity_measure"]:
                if (line["activity_id"] == f.record and line["voided_at"] is None
                        and (line["amount"] is not None or line["note"] is not None)
                        and asked.first <= (line["measured_on"] or f.last) <= asked.last
                        and not self._has(f.values["activity_kind_id"], line["measure_id"])):  # fmt: skip
                    found.add(line["id"])
        return found

    def _body(self, row: Row, line: Row) -> tuple[str | None, str | None, str]:
        """What distinguishes a body: its cell; else its unit, or the successor that the record says, and its name."""
        if line["party_cell_id"] is not None:
            return None, None, "cell " + line["party_cell_id"]
        chosen = row["unit_now_id"] if line["unit_id"] == row["unit_id"] else None
        return line["unit_id"], chosen, folded(line["name"])

    # for people

    def label(self, row_id: str | None) -> str:
        """A unit's code and days, a post's code, or the id."""
        for table in ("unit", "post", "activity_kind"):
            row = self.by_id[table].get(row_id)
            if row is not None:
                days = f" ({row['valid_from'] or ''}–{row['valid_to'] or ''})" if table == "unit" else ""
                return f"{row['code']}{days}"
        return str(row_id)

    def tell(self, record: str) -> str:
        """What makes a record count, in one line."""
        facts = [f for f in self.facts if f.record == record]
        if not facts:
            return ""
        f = facts[0]
        of_it = {k: v for k, v in f.values.items() if k in ("joint_reference", "date_from", "date_to")}
        asked = ("amount", "words", "body", "status", "household", "state")
        lines = [(x.source, x.first, x.last, {k: x.values[k] for k in asked if k in x.values}) for x in facts]
        place = f"in {self.label(f.unit)}, now {self.label(f.chosen)}"
        return f"{record} {f.kind} of {self.label(f.post)}, {f.state}, {place}, {of_it}: {lines}"

    # joint activities

    def _deeds(self) -> dict[str, tuple[str, str, int]]:
        """Activity -> the joint deed that it is a record of."""
        groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.tables["activity"]:
            if row["joint_reference"] is not None and self._state("activity", row) == "counts":
                # A reference of punctuation alone is nobody else's.
                groups[folded(row["joint_reference"]) or row["id"], row["activity_kind_id"]].append(row)
        found = {}
        for (reference, kind), rows in groups.items():
            number, until = 0, ""
            for row in sorted(rows, key=lambda r: str(r["date_from"])):
                if row["date_from"] > until:
                    number += 1
                until = max(until, _next_day(row["date_to"] or row["date_from"]))
                found[row["id"]] = (reference, kind, number)
        return found

    def posts_of(self, deed: tuple[str, str, int]) -> set[str]:
        return {self.by_id["activity"][a]["post_id"] for a, d in self.deed_of.items() if d == deed}

    def _spoken_for(self, lines: Sequence[Fact]) -> list[Fact]:
        """Of the lines of one joint deed and measure those of the post that speaks; all other lines."""
        speaker: dict[tuple[Any, ...], Fact] = {}
        for line in sorted(lines, key=lambda x: (x.values["amount"] is None, x.record)):
            if line.record in self.deed_of:
                speaker.setdefault((self.deed_of[line.record], line.values["measure"]), line)
        return [x for x in lines if x.record not in self.deed_of
                or speaker[self.deed_of[x.record], x.values["measure"]].post == x.post]  # fmt: skip

    # figures

    def _chosen(self, asked: Asked, state: str = "counts", *, doubtful: bool = False) -> list[Fact]:
        """The facts of a query's post and area, whatever their day; or those of which nobody knows the place."""
        posts = {p["id"] for p in self.tables["post"] if asked.post in (None, p["id"], p["code"])}
        chosen = [f for f in self.facts if f.state == state and f.post in posts]
        if asked.unit is None and not doubtful:
            return chosen
        holds = self.units.is_doubtful if doubtful else self.units.lies_in
        places = {(unit, now): holds(unit, now, asked) for unit, now in {(f.unit, f.chosen) for f in chosen}}
        return [f for f in chosen if places[f.unit, f.chosen]]

    def place(self, fact: Fact, asked: Asked) -> str | None:
        """The unit under which a fact stands in a table by communes."""
        return self.units.place(fact.unit, fact.chosen, asked)

    def figures(self, asked: Asked) -> dict[Key, Told]:
        return self.grouped(asked, None)[None]

    def grouped(self, asked: Asked, by: str | None) -> dict[str | None, dict[Key, Told]]:
        """The figures of each part. Of posts and communes, each has its own amount of a joint deed."""
        facts = self._chosen(asked)
        speakers = self._speakers(facts, asked, by if by in ("post", "commune") else None)
        if by not in ("post", "commune"):
            facts = self._measures_spoken(facts)
        parts: dict[str | None, list[Fact]] = defaultdict(list)
        for f in facts:
            parts[self._part(f, asked, by)].append(f)
        told = {part: self._told(self._measures_spoken(its), asked, speakers) for part, its in parts.items()}
        return {part: figures for part, figures in told.items() if figures} or {None: {}}

    def _part(self, fact: Fact, asked: Asked, by: str | None) -> str | None:
        if by is None:
            return None
        if by == "post":
            return fact.post
        if by == "commune" and asked.view == "then":  # as the record names it
            row = self.by_id["unit"].get(fact.unit)
            return None if row is None else str(row["parent_id"] if row["level"] == "hamlet" else row["id"])
        if by == "commune":
            return self.place(fact, asked)
        column = {"kind": "activity_kind_id", "event": "event_id", "ethnic_group": "ethnic_group_id"}[by]
        return fact.values.get(column)

    def _measures_spoken(self, facts: Sequence[Fact]) -> list[Fact]:
        spoken = self._spoken_for([f for f in facts if f.source == "measure"])
        return [*spoken, *(f for f in facts if f.source != "measure")]

    def _speakers(self, within: Sequence[Fact], asked: Asked, by: str | None) -> dict[tuple[Any, ...], set[str]]:
        """Joint deed and measure -> the posts that speak of it, in the parts and outside of what is asked for."""
        inside = {f.values["line"] for f in within if f.source == "measure"}
        parts: dict[tuple[Any, ...], list[Fact]] = defaultdict(list)
        for f in self.facts:
            if f.source == "measure" and f.record in self.deed_of:
                parts[f.values["line"] in inside, self._part(f, asked, by)].append(f)
        found: dict[tuple[Any, ...], set[str]] = defaultdict(set)
        for f in (f for its in parts.values() for f in self._spoken_for(its)):
            found[self.deed_of[f.record], f.values["measure"]].add(f.post)
        return found

    def _told(
        self, facts: Sequence[Fact], asked: Asked, speakers: Mapping[tuple[Any, ...], set[str]]
    ) -> dict[Key, Told]:
        told: dict[Key, Told] = {}
        sums: dict[Key, list[Fact]] = defaultdict(list)
        for f in facts:
            if f.source == "measure" and asked.first <= f.last <= asked.last:
                sums[self._key(f)].append(f)
        for key, its in sums.items():
            told[key] = _summed(its)
            told[key].shared = any(
                len(speakers[self.deed_of[f.record], f.values["measure"]]) > 1 for f in its if f.record in self.deed_of
            )
        for indicator in INDICATORS:
            its = [f for f in facts if _has(f, indicator, asked) and self._on_border(f, indicator, asked)]
            counted = self._counted(indicator, its, asked)
            if counted is not None:
                told[indicator.section, indicator.code] = counted
        return told

    def _key(self, line: Fact) -> Key:
        """Works are a figure for each kind of activity; other measures for each section."""
        kind = self.by_id["activity_kind"][line.values["activity_kind_id"]]
        measure = self.by_id["measure"][line.values["measure"]]
        code = f"{kind['code']}.{measure['code']}" if measure["nature"] == "works" else measure["code"]
        return kind["section"], code

    def _on_border(self, fact: Fact, indicator: Indicator, asked: Asked) -> bool:
        """Whether a body is a commune on the border, where only these count."""
        wanted = dict(indicator.where).get("border")
        if wanted is None:
            return True
        unit, chosen, _name = fact.values["body"]
        row = self.by_id["unit"].get(self.units.same(unit, chosen, asked))
        return row is not None and row["border"] in wanted

    def _counted(self, indicator: Indicator, facts: Sequence[Fact], asked: Asked) -> Told | None:
        if indicator.counts == "sum":
            facts = [f for f in facts if f.values[indicator.of] is not None]
            value = sum(f.values[indicator.of] for f in facts)
        else:
            value = len({self._thing(f.values[indicator.of], asked) for f in facts})
        records = {f.record for f in facts}
        return Told(value, len(records), [(r,) for r in sorted(records)]) if facts else None

    def _thing(self, said: Any, asked: Asked) -> Any:
        """A commune under its old and its new name is one, and so are bodies and households in it."""
        if not isinstance(said, tuple):
            return said
        unit, chosen, name = said
        return self.units.same(unit, chosen, asked), name

    # what a report says besides

    def tasks(self, asked: Asked) -> dict[tuple[str, int], tuple[int, int]]:
        """Agreement and number -> how many activities and matters serve the task; tasks that nothing serves left out.

        Tasks of one number in agreements of one name are one, and of a joint deed the post of the first record counts.
        """
        posts = {p["id"] for p in self.tables["post"] if asked.post in (None, p["id"], p["code"])}
        named: dict[str, tuple[str, int]] = {}
        for task in self.tables["agreement_task"]:
            agreement = self.by_id["agreement"][task["agreement_id"]]
            if task["voided_at"] is None and agreement["voided_at"] is None and agreement["post_id"] in posts:
                named[task["id"]] = folded(agreement["name"]), task["number"]
        served: dict[tuple[str, int], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
        speaker: dict[tuple[Any, ...], str] = {}
        for f in sorted(self._chosen(asked), key=lambda x: x.record):
            of_task = named.get(f.values.get("agreement_task_id") or "")
            if of_task is None or f.source not in ("activity", "matter"):
                continue
            spoken = speaker.setdefault((of_task, self.deed_of.get(f.record, f.record)), f.post)
            last = asked.last if f.source == "matter" else f.last
            if f.post == spoken and f.first <= asked.last and asked.first <= f.last and last <= asked.last:
                served[of_task][f.source == "matter"].add(f.record)
        return {of_task: (len(activities), len(matters)) for of_task, (activities, matters) in served.items()}

    def late(self, asked: Asked) -> dict[tuple[str, str], int]:
        """Body and type -> how many matters were done late, or were late at the end."""
        found: dict[tuple[str, str], int] = defaultdict(int)
        for f in self._chosen(asked):
            in_force = f.source == "matter" and f.first <= asked.last and f.last >= asked.first
            if in_force and _state_of(f.values, asked) in ("late", "overdue"):
                found[folded(f.values["counterpart"]), f.values["matter_type"]] += 1
        return dict(found)

    def plans(self, asked: Asked, own: str | None) -> list[tuple[str | None, int]]:
        """Of the plans of a measure within the period, whose each is and how much of it was done; ``own``: a post."""
        told = []
        posts = {p["id"] for p in self.tables["post"] if (asked.post or own) in (None, p["id"], p["code"])}
        for plan in self.tables["plan"] if asked.unit is None else ():
            within = asked.first <= plan["date_from"] and plan["date_to"] <= asked.last
            if within and (plan["for_post_id"] in posts or (asked.post or own) is None):
                code = self.by_id["measure"][plan["measure_id"]]["code"]
                of_plan = Asked(plan["date_from"], plan["date_to"], asked.today, None, plan["for_post_id"])
                done = sum(t.value or 0 for (_section, c), t in self.figures(of_plan).items() if c == code)
                told.append((plan["for_post_id"], done))
        return sorted(told, key=str)

    def evidence(self, asked: Asked) -> dict[str, tuple[int, int, int, int | None, int | None]]:
        """Kind that wants files -> how many activities of the period there are, a joint deed once; how many have the
        photographs, the minutes; how much of the works has the photographs, the minutes."""
        found: dict[str, tuple[int, int, int, int | None, int | None]] = {}
        chosen = self._chosen(asked)
        of_period = [f for f in chosen if f.source == "activity" and asked.first <= f.last <= asked.last]
        lines = [f for f in self._measures_spoken(chosen)
                 if f.source == "measure" and asked.first <= f.last <= asked.last
                 and self.by_id["measure"][f.values["measure"]]["nature"] == "works"]  # fmt: skip
        for kind in self.tables["activity_kind"]:
            wanted = (kind["photographs_wanted"] or 0, kind["minutes_wanted"] or 0)
            its = {self._thing_of(f.record) for f in of_period if f.values["activity_kind_id"] == kind["id"]}
            done = [f for f in lines if f.values["activity_kind_id"] == kind["id"]]
            if any(wanted) and (its or done):
                has = [sum(self._files(t)[at] >= wanted[at] for t in its) for at in (0, 1)]
                parts: list[int | None] = [None, None]
                for at in (0, 1) if done and all(f.values["amount"] is not None for f in done) else ():
                    with_it = [f for f in done if self._files(self._thing_of(f.record))[at] >= wanted[at]]
                    parts[at] = sum(f.values["amount"] for f in with_it)
                found[kind["code"]] = (len(its), has[0], has[1], parts[0], parts[1])
        return found

    def _thing_of(self, record: str) -> Any:
        return self.deed_of.get(record, record)

    def _files(self, thing: Any) -> tuple[int, int]:
        """How many photographs and minutes are at an activity, or at all records of a joint deed: each content once."""
        if not self.files_of:
            for file in self.tables["attachment"]:
                record = self.by_id["activity"].get(file["record_id"])
                if file["voided_at"] is None and record is not None and file["post_id"] == record["post_id"]:
                    usual = "photograph" if file["media_type"].startswith("image/") else "minute"
                    self.files_of[self._thing_of(record["id"])].add((file["sort"] or usual, file["sha256"]))
        sorts = [sort for sort, _content in self.files_of.get(thing, ())]
        return sorts.count("photograph"), sorts.count("minute")

    # what is left out

    def left_out(self, asked: Asked, state: str) -> set[str]:
        """The records that would count in some figure, were they not voided or returned.

        In a joint deed a record would count where it says a figure, though another post's record may speak for it.
        """
        return {f.record for f in self._chosen(asked, state) if self._counts(f, asked)}

    def unassigned(self, asked: Asked) -> set[str]:
        """The records of the period of which nobody knows where they belong."""
        if asked.view == "then" and asked.unit is None:
            return set()
        found = self._chosen(asked, doubtful=True)
        of_period = {f.record for f in found if f.source == "activity" and asked.first <= f.last <= asked.last}
        return of_period | {f.record for f in found if self._counts(f, asked)}

    def without_figure(self, asked: Asked) -> set[str]:
        """The activities that ended in the period and do not say how much was done.

        Where a kind is of works, how many works; households that benefit from them do not say it.
        """
        wanted: dict[str, set[str]] = defaultdict(set)
        for k in (k for k in self.tables["kind_measure"] if k["voided_at"] is None):
            wanted[k["activity_kind_id"]].add(k["measure_id"])
        works = {m for m, row in self.by_id["measure"].items() if row["nature"] == "works"}
        say: dict[str, set[str]] = defaultdict(set)
        for f in (f for f in self.facts if f.source == "measure"):
            say[f.record].add(f.values["measure"])
        found = set()
        for f in self._chosen(asked):
            if f.source == "activity" and asked.first <= f.last <= asked.last:
                its = wanted[f.values["activity_kind_id"]]
                if its and not (say[f.record] & works if its & works else say[f.record]):
                    found.add(f.record)
        return found

    def joint(self, asked: Asked) -> set[str]:
        """The activities of the period with a joint reference."""
        return {f.record for f in self._chosen(asked) if f.source == "activity" and asked.first <= f.last <= asked.last
                and f.record in self.deed_of}  # fmt: skip

    def joint_deeds(self, asked: Asked) -> set[tuple[str, str, int]]:
        return {self.deed_of[record] for record in self.joint(asked)}

    def outside(self, asked: Asked) -> set[str]:
        """The lines of the period on a day that is none of their activity's, also of those for whom another speaks."""
        return {f.values["line"] for f in self._chosen(asked) if f.source == "measure"
                and asked.first <= f.last <= asked.last
                and not f.values["date_from"] <= f.last <= (f.values["date_to"] or f.values["date_from"])}  # fmt: skip

    def _counts(self, fact: Fact, asked: Asked) -> bool:
        if fact.source == "measure":
            return asked.first <= fact.last <= asked.last
        return any(_has(fact, i, asked) and (i.counts == "distinct" or fact.values[i.of] is not None)
                   for i in INDICATORS)  # fmt: skip


def _summed(lines: Sequence[Fact]) -> Told:
    numbers = [f.values["amount"] for f in lines if f.values["amount"] is not None]
    words: dict[str, str] = {}
    for f in sorted(lines, key=lambda x: (x.last, x.record, x.values["line"])):
        if f.values["words"] is not None:
            words.setdefault(folded(f.values["words"]) or f.values["words"], f.values["words"])
    about = any(f.values["approximate"] for f in lines if f.values["amount"] is not None)
    records = [(f.record, f.last, f.values["amount"], f.values["words"]) for f in lines]
    return Told(sum(numbers) if numbers else None, len({f.record for f in lines}), records, about, [*words.values()])


def _has(fact: Fact, indicator: Indicator, asked: Asked) -> bool:
    """Whether a fact counts in a figure, by its days and its filter."""
    source = "election" if indicator.code == "candidates_elected" else indicator.source
    if fact.source != source or fact.first > asked.last:
        return False
    if fact.last < asked.first or (indicator.when == "day" and source != "matter" and fact.last > asked.last):
        return False
    values = {**fact.values, "state": _state_of(fact.values, asked)} if source == "matter" else fact.values
    return all(column == "border" or str(values[column]) in wanted for column, wanted in indicator.where)


def _state_of(matter: Row, asked: Asked) -> str:
    """What was known of a matter at the period's end."""
    end = min(asked.last, asked.today)
    due = matter["due_on"] or FOREVER
    if matter["closed_on"] is not None and matter["closed_on"] <= end:
        return "on_time" if matter["closed_on"] <= due else "late"
    return "overdue" if due < end else "open"


def _next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(1)).isoformat()


def _rated_once(facts: Iterable[Fact]) -> list[Fact]:
    """Of the ratings of one person or cell in one year, by one post, that count: the newest; all other facts."""
    among = {"cell_rating": "party_cell_id", "member_rating": "member_id"}
    told: dict[tuple[Any, ...], Fact] = {}
    for number, f in enumerate(sorted(facts, key=lambda x: x.record)):
        once = f.source in among and f.state == "counts"
        told[(f.source, f.post, f.values[among[f.source]], f.first) if once else (number,)] = f
    return [*told.values()]
