"""What must be done next: the question that the first screen answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from fieldapp.domain.dates import format_date
from fieldapp.i18n import _, counted
from fieldapp.records import hanging, reviews, rule_violations, unit_codes, wanted_files, words
from fieldapp.records.kinds import model_of
from fieldapp.store.store import Draft, Row, Store
from fieldapp.sync.merge.voids import unknowing_voids

DUE_DAYS = 7
SOON_DAYS = 30
ENDED_DAYS = 365
"""Introductions that ended more days ago are no longer listed"""
MEETING_DAY = 20
"""From this day of a month on, a cell should have met in this month; before it, in the month before"""
TAKES_PART_MONTHS = 3
"""A post takes part in a cell if it recorded one of its meetings in this many months before"""
MAX_LISTED = 50
"""Most things of one sort that are listed: nobody reads a longer list"""
MOST_OF_A_SORT = 3
MANY = "many"
"""``Todo.kind`` of a line that stands for all of a sort, which is its target"""
SENT_BACK = "sent_back"
"""The sort of the records that headquarters returned lately: one line, after all others"""
FILES = "files"
"""The sort of the records that lack photographs or minutes: one line"""
FILES_DAYS = 365
"""Days for which a record is listed that lacks files"""
MAX_COMPARED = 500
"""Most records with a joint reference that are compared with others, the newest of those that were not accepted; and
most records at all, the newest"""


SORTS: Mapping[str, Callable[[int, str | None], str]] = {
    "refused": lambda n, s: counted(
        "{n} bundle was refused: call the post", "{n} bundles were refused: call the posts", n, s
    ),
    "late": lambda n, s: counted("{n} post without news: call it", "{n} posts without news: call them", n, s),
    "drafts": lambda n, s: counted("{n} draft", "{n} drafts", n, s),
    "matters": lambda n, s: counted("{n} matter is late or due soon", "{n} matters are late or due soon", n, s),
    "posts": lambda n, s: counted("{n} post has matters that are late", "{n} posts have matters that are late", n, s),
    "returned": lambda n, s: counted(
        "{n} record was returned by headquarters", "{n} records were returned by headquarters", n, s
    ),
    SENT_BACK: lambda n, s: counted(
        "{n} record was returned lately: the post corrects it",
        "{n} records were returned lately: the posts correct them",
        n,
        s,
    ),
    "violations": lambda n, s: counted("{n} record breaks a rule", "{n} records break a rule", n, s),
    "dangling": lambda n, s: counted(
        "{n} voided record is still named by others", "{n} voided records are still named by others", n, s
    ),
    "joint": lambda n, s: counted("{n} joint activity differs", "{n} joint activities differ", n, s),
    "doubles": lambda n, s: counted("{n} record may be recorded twice", "{n} records may be recorded twice", n, s),
    "units": lambda n, s: counted(
        "{n} record was made under a code that is another unit's", "{n} records were made under such a code", n, s
    ),
    "twice": lambda n, s: counted("{n} unit is in the list twice", "{n} units are in the list twice", n, s),
    "introductions": lambda n, s: counted(
        "{n} introduction is over or ends soon", "{n} introductions are over or end soon", n, s
    ),
    "cells": lambda n, s: counted("{n} cell has no meeting", "{n} cells have no meeting", n, s),
    "absent": lambda n, s: counted(
        "{n} member missed the last two meetings", "{n} members missed the last two meetings", n, s
    ),
    "charges": lambda n, s: counted("{n} household needs another member", "{n} households need another member", n, s),
    "agreements": lambda n, s: counted("{n} agreement ends soon", "{n} agreements end soon", n, s),
    FILES: lambda n, s: counted(
        "{n} activity lacks a photograph or minute", "{n} activities lack photographs or minutes", n, s
    ),
}
"""What can be to do -> the words for a number of it, which may be shown in another way, as “50+”"""


class Todo(Struct, frozen=True):
    """One thing to do."""

    sign: Literal["!", "↩", "·"]
    """``!`` late or wrong, ``↩`` returned by headquarters, ``·`` open"""
    when: str
    text: str
    kind: str
    target: str
    """The id of the record, or of the draft if ``draft``; empty for a new record"""
    draft: bool = False
    initial: Mapping[str, Any] = field(default_factory=dict)
    """The values that a new record of ``kind`` begins with"""
    sort: str = ""
    """A key of ``SORTS``: lines of one sort can be shown as one"""


def todo(store: Store, today: date) -> list[Todo]:
    """All things to do, the most important first; at headquarters for all its posts."""
    if store.identity.role == "hq":
        found: dict[str, Iterable[Todo]] = {
            "posts": _late_by_post(store, today),
            "violations": _violations(store),
            "dangling": _dangling(store),
            "joint": _joint(store),
            "doubles": _doubles(store),
            "units": _units_to_check(store),
            "twice": _units_twice(store),
            "introductions": _introductions(store, today),
            "drafts": _drafts(store),
        }
    else:
        found = {
            "drafts": _drafts(store),  # after a power cut people look for what they had typed
            "matters": _matters(store, today),
            "returned": _returned(store),
            "violations": _violations(store),
            "dangling": _dangling(store),
            "units": _units_to_check(store),
            "introductions": _introductions(store, today),
            "cells": _cells_not_met(store, today),
            "absent": _missing_members(store, today),
            "charges": _charges_left(store, today),
            "agreements": _agreements(store, today),
            FILES: _without_files(store, today),
        }
    return of_sorts(found)


def of_sorts(found: Mapping[str, Iterable[Todo]]) -> list[Todo]:
    """The lines of each sort, with its key."""
    return [replace(line, sort=sort) for sort, lines in found.items() for line in lines]


def in_order(lines: Iterable[Todo]) -> list[Todo]:
    """Drafts first, then what is late or wrong, then what was returned, then the rest; at last what is on its way."""
    return sorted(lines, key=lambda line: (line.sort != "drafts", "!↩·".index(line.sign), _is_on_its_way(line)))


def _is_on_its_way(line: Todo) -> bool:
    return SENT_BACK in (line.sort, line.target)


def in_short(lines: Sequence[Todo], room: int) -> list[Todo]:
    """The same lines in ``room`` rows, if they can be: the sorts with most lines become one line each.

    More than ``MOST_OF_A_SORT`` lines of a sort are always one: whoever reads thirty lines of one sort reads no other.
    So is what headquarters returned lately, and so are records that lack files.
    """
    sorts = {sort: list(alike) for sort, alike in groupby(sorted(lines, key=_sort_of), _sort_of) if sort}
    short: dict[str, Todo] = {}
    for sort, alike in sorted(sorts.items(), key=lambda item: -len(item[1])):
        rows = len(lines) - sum(len(sorts[done]) - 1 for done in short)
        many = len(alike) > 1 and (sort == FILES or rows > room)
        if sort == SENT_BACK or len(alike) > MOST_OF_A_SORT or many:
            short[sort] = _as_one(sort, alike)
    kept: list[Todo] = []
    for line in lines:
        if line.sort not in short:
            kept.append(line)
        elif short[line.sort] not in kept:
            kept.append(short[line.sort])
    return in_order(kept)


def _sort_of(line: Todo) -> str:
    return line.sort


def _as_one(sort: str, alike: Sequence[Todo]) -> Todo:
    """One line for all things of a sort, as urgent as the most urgent; opened, it shows them."""
    first = in_order(alike)[0]
    return Todo(first.sign, first.when, many_text(sort, len(alike)), MANY, sort)


def many_text(sort: str, number: int) -> str:
    """“30 chi bộ chưa có kỳ sinh hoạt”; “50+” where not all were looked for."""
    return SORTS[sort](number, f"{number}+" if number >= MAX_LISTED else None)


def _days_left(day: str, today: date) -> int:
    return (date.fromisoformat(day) - today).days


def _soon(left: int) -> str:
    return counted("{n} day left", "{n} days left", left) if left else _("today")


def _matters(store: Store, today: date) -> Iterator[Todo]:
    """Matters that are late, the most days late first, then those that are due soon."""
    rows = store.rows(
        "SELECT id, matter_type, counterpart, subject, due_on FROM matter"
        " WHERE closed_on IS NULL AND voided_at IS NULL AND due_on <= ? ORDER BY due_on, id LIMIT ?",
        [(today + timedelta(DUE_DAYS)).isoformat(), MAX_LISTED],
    )
    for row in rows:
        left = _days_left(row["due_on"], today)
        when = counted("{n} day late", "{n} days late", -left) if left < 0 else _soon(left)
        about = f"{_(words.choice_title(row['matter_type']))} · {row['counterpart']}: {row['subject']}"
        due = _("due {day}").format(day=format_date(date.fromisoformat(row["due_on"]))[:5])
        yield Todo("!" if left < 0 else "·", when, f"{about} ({due})", "matter", row["id"])


def _returned(store: Store) -> Iterator[Todo]:
    """Records that headquarters returned, with its comments."""
    for review in reviews.returned_records(store)[:MAX_LISTED]:
        title = _(model_of(review.kind).TITLE)
        name = words.labels(store, review.kind, [review.record])[review.record]
        text = _("{title} · {name}: “{comment}”").format(title=title, name=name, comment=review.comment)
        yield Todo("↩", _("returned"), text, review.kind, review.record)


def _late_by_post(store: Store, today: date) -> Iterator[Todo]:
    """One line for each post with late matters; it opens the one that is late by most days.

    The post with the most days comes first.
    """
    rows = store.rows(
        "SELECT m.post_id, m.matter_type, count(*) AS n, min(m.due_on || m.id) AS longest FROM matter m"
        " WHERE m.closed_on IS NULL AND m.voided_at IS NULL AND m.due_on < ? GROUP BY m.post_id, m.matter_type",
        [today.isoformat()],
    )
    names, posts = words.post_names(store), dict[str, list[Row]]()
    for row in rows:
        posts.setdefault(row["post_id"], []).append(row)
    for of_post in sorted(posts.values(), key=lambda of_post: min(r["longest"] for r in of_post))[:MAX_LISTED]:
        longest = min(r["longest"] for r in of_post)
        when = counted("{n} day late", "{n} days late", -_days_left(longest[:10], today))
        types = ", ".join(f"{r['n']} {_(words.choice_title(r['matter_type'])).lower()}" for r in of_post)
        late = counted("{n} matter late", "{n} matters late", sum(r["n"] for r in of_post))
        text = f"{names[of_post[0]['post_id']]}: {late} ({types})"
        yield Todo("!", when, text, "matter", longest[10:])


def _violations(store: Store) -> Iterator[Todo]:
    """Rules that stored records break after the merge of two laptops."""
    found = rule_violations.violations(store)[:MAX_LISTED]
    posts = post_names(store)
    for violation in found:
        of_post = f"{posts[violation.post_id]}: " if violation.post_id in posts else ""
        yield Todo("!", _("to correct"), of_post + violation.sentence, violation.kind, violation.target)


def _dangling(store: Store) -> Iterator[Todo]:
    """Voided records that standing ones still name, except those about whose void a person decides anyway."""
    posts = post_names(store)
    named = hanging.dangling(store)
    undecided = {void.row for void in unknowing_voids(store)} if named else set()
    for found in [one for one in named if one.row_id not in undecided][:MAX_LISTED]:
        of_post = f"{posts[found.post_id]}: " if found.post_id in posts else ""
        yield Todo("!", _("voided"), of_post + found.sentence, found.kind, found.row_id)


def _joint(store: Store) -> list[Todo]:
    """Joint activities of which posts give different amounts, or whose days do not touch; those that headquarters has
    accepted are left out."""

    from fieldapp.work import review_hints

    def find() -> list[Todo]:
        posts = post_names(store)
        rows = store.rows(
            "SELECT a.id, a.post_id FROM activity a WHERE a.joint_reference IS NOT NULL AND a.voided_at IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM review r WHERE r.record_id = a.id AND r.outcome = 'accepted')"
            " ORDER BY +a.id DESC LIMIT ?",
            [MAX_COMPARED],
        )
        of_post = {row["id"]: posts[row["post_id"]] for row in rows}
        found = review_hints.joint_hints(store, [*of_post])[:MAX_LISTED]
        # up to the question: what it means for the report stands beside the records
        asked = ((record, text[: text.find("?") + 1] or text) for record, text in found)
        return [Todo("!", _("joint"), f"{of_post[record]}: {text}", "activity", record) for record, text in asked]

    return store.cached_until_changed("joint", find)


def _doubles(store: Store) -> list[Todo]:
    """Records that may be recorded twice, of the newest that headquarters has not accepted; one line for each set."""

    from fieldapp.work import review_hints

    def find() -> list[Todo]:
        posts = post_names(store)
        rows = store.rows(
            "SELECT newest.id, newest.post_id FROM (SELECT id, post_id FROM activity WHERE id > ''"
            " AND voided_at IS NULL ORDER BY id DESC LIMIT ?) newest WHERE NOT EXISTS ("
            "SELECT 1 FROM review r WHERE r.record_id = newest.id AND r.outcome = 'accepted')",
            [MAX_COMPARED],
        )
        of_post = {row["id"]: posts[row["post_id"]] for row in rows}
        found = review_hints.double_hints(store, [*of_post])[:MAX_LISTED]
        names = words.labels(store, "activity", [record for record, _text in found])
        return [
            Todo("!", _("twice?"), f"{of_post[record]}: {names[record]}. {text}", "activity", record)
            for record, text in found
        ]

    return store.cached_until_changed("doubles", find)


def questions(store: Store) -> list[Todo]:
    """What the review asks about two records: joint activities that differ, and deeds that may be recorded twice."""
    return of_sorts({"joint": _joint(store), "doubles": _doubles(store)}) if store.role == "hq" else []


def _units_to_check(store: Store) -> Iterator[Todo]:
    """Records that may have been given their unit by a code that is another unit's."""
    posts = post_names(store)
    for found in unit_codes.units_to_check(store)[:MAX_LISTED]:
        of_post = f"{posts[found.post_id]}: " if found.post_id in posts else ""
        name = words.labels(store, found.kind, [found.record])[found.record]
        text = of_post + _("{name}: recorded under code {code}, which is {unit} now").format(
            name=name, code=found.code, unit=found.now
        )
        yield Todo("!", _("to check"), text, found.kind, found.record)


def _units_twice(store: Store) -> Iterator[Todo]:
    """Units that headquarters added, and that the program ships now."""
    from fieldapp.work import units_twice

    for found in units_twice.units_twice(store)[:MAX_LISTED]:
        named = words.labels(store, "unit", [found.added, *found.heirs])
        text = _("{unit}: added by {user}, and in the program's list now.").format(
            unit=named[found.added], user=found.by
        )
        if found.heirs:
            heirs = "; ".join(named[heir] for heir in found.heirs)
            text += " " + _("First enter what it became: {units}.").format(units=heirs)
        text += " " + _("Retire the one that was added.")
        if found.records:
            text += " " + counted("{n} record names it, and stays there.", "{n} records name it, and stay there.",
                                  found.records)  # fmt: skip
        yield Todo("!", _("twice"), text, "unit", found.added)


def _introductions(store: Store, today: date) -> Iterator[Todo]:
    """Introductions that ended lately without a reason and without a later introduction; at a post also those that end
    soon."""
    posts = post_names(store)
    last = today - timedelta(1) if posts else today + timedelta(SOON_DAYS)
    rows = store.rows(
        "SELECT i.id, i.date_to, i.post_id, m.full_name, c.name AS cell FROM introduction i"
        " JOIN person m ON m.member_id = i.member_id AND m.voided_at IS NULL"
        " JOIN party_cell c ON c.id = i.party_cell_id"
        " WHERE i.voided_at IS NULL AND i.end_reason IS NULL AND i.date_to BETWEEN ? AND ?"
        " AND NOT EXISTS (SELECT 1 FROM introduction n WHERE n.member_id = i.member_id"
        "  AND n.voided_at IS NULL AND n.date_from > i.date_to)"
        " AND NOT EXISTS (SELECT 1 FROM same_person s CROSS JOIN introduction n WHERE s.one_id = i.member_id"
        "  AND n.member_id = s.other_id AND n.voided_at IS NULL AND n.date_from > i.date_to)"
        " ORDER BY i.date_to, i.id LIMIT ?",
        [(today - timedelta(ENDED_DAYS)).isoformat(), last.isoformat(), MAX_LISTED],
    )
    for row in rows:
        left = _days_left(row["date_to"], today)
        when = counted("{n} day over", "{n} days over", -left) if left < 0 else _soon(left)
        of_post = f"{posts[row['post_id']]}: " if row["post_id"] in posts else ""
        text = of_post + _("Introduction ends: {name}").format(name=f"{row['full_name']}, {row['cell']}")
        yield Todo("!" if left < 0 else "·", when, text, "introduction", row["id"])


def _cells_not_met(store: Store, today: date) -> Iterator[Todo]:
    """Cells that the post takes part in and that have no meeting in the month; each line opens the form for one."""
    month = _month_to_meet(today)
    first, last = month.isoformat(), (_months_after(month, 1) - timedelta(1)).isoformat()
    rows = store.rows(
        "SELECT c.id, c.name, u.name AS unit FROM party_cell c JOIN unit u ON u.id = c.unit_id"
        " WHERE c.voided_at IS NULL AND (EXISTS (SELECT 1 FROM introduction i"
        "   JOIN person b ON b.member_id = i.member_id AND b.voided_at IS NULL"
        "   WHERE i.party_cell_id = c.id AND i.voided_at IS NULL AND i.date_from <= :last"
        "   AND (i.date_to IS NULL OR i.date_to >= :first))"
        "  OR EXISTS (SELECT 1 FROM meeting m WHERE m.party_cell_id = c.id AND m.voided_at IS NULL"
        "   AND m.held_on >= :before AND m.held_on < :first))"
        " AND NOT EXISTS (SELECT 1 FROM meeting m WHERE m.party_cell_id = c.id AND m.voided_at IS NULL"
        "   AND m.held_on BETWEEN :first AND :last)"
        " ORDER BY c.name COLLATE vietnamese, c.id LIMIT :most",
        {
            "first": first,
            "last": last,
            "before": _months_after(month, -TAKES_PART_MONTHS).isoformat(),
            "most": MAX_LISTED,
        },
    )
    when = _("month {month}").format(month=f"{month:%m/%Y}")
    for row in rows:
        text = _("{cell} has no meeting").format(cell=f"{row['name']} ({row['unit']})")
        yield Todo("·", when, text, "meeting", "", initial={"party_cell_id": row["id"]})


def _month_to_meet(today: date) -> date:
    """The first day of the month in which the cells should have met."""
    return today.replace(day=1) if today.day >= MEETING_DAY else _months_after(today, -1)


def _months_after(day: date, months: int) -> date:
    """The first day of the month that is ``months`` months later."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _missing_members(store: Store, today: date) -> Iterator[Todo]:
    """Members of the post, introduced to a cell today, who were absent from both of its last two meetings.

    ``CROSS JOIN`` fixes the order of the join: a cell has few meetings to read, while attendance is a long table.
    """
    newest = (  # of several introductions of one person to the cell, and rows at one meeting, as in reports
        "SELECT m.id, m.full_name, c.id AS cell_id, c.name AS cell, a.status, max(a.id) FROM introduction i"
        " JOIN person m ON m.member_id = i.member_id AND m.voided_at IS NULL AND m.party_cell_id IS NULL"
        " JOIN party_cell c ON c.id = i.party_cell_id"
        " CROSS JOIN meeting t ON t.id IN (SELECT l.id FROM meeting l WHERE l.party_cell_id = i.party_cell_id"
        "   AND l.voided_at IS NULL AND l.held_on BETWEEN i.date_from AND :today"
        "   ORDER BY l.held_on DESC, l.id DESC LIMIT 2)"
        " CROSS JOIN attendance a ON a.meeting_id = t.id AND a.voided_at IS NULL"
        " JOIN person p ON p.member_id = a.member_id AND p.id = m.id"
        " WHERE i.voided_at IS NULL AND i.date_from <= :today AND (i.date_to IS NULL OR i.date_to >= :today)"
        " GROUP BY m.id, c.id, t.id"
    )
    rows = store.rows(
        f"SELECT id, full_name, cell, sum(status = 'excused') AS excused FROM ({newest})"
        " GROUP BY id, cell_id HAVING count(*) = 2 AND sum(status = 'present') = 0"
        " ORDER BY cell COLLATE vietnamese, full_name COLLATE vietnamese, id LIMIT :most",
        {"today": today.isoformat(), "most": MAX_LISTED},
    )
    excuses = (_("without excuse"), _("one of them without excuse"), _("with excuse"))
    for row in rows:
        text = _("{member} missed the last two meetings of {cell}, {excuse}").format(
            member=row["full_name"], cell=row["cell"], excuse=excuses[row["excused"]]
        )
        yield Todo("·", _("absent twice"), text, "member", row["id"])


def _charges_left(store: Store, today: date) -> Iterator[Todo]:
    """Households still in the charge of a member whose last introduction has ended."""
    rows = store.rows(
        "SELECT h.id, h.household, m.full_name, i.ended FROM household_charge h"
        " JOIN person m ON m.member_id = h.member_id AND m.voided_at IS NULL"
        " JOIN (SELECT p.id, max(coalesce(i.date_to, '9999')) AS ended FROM introduction i"
        "   JOIN person p ON p.member_id = i.member_id WHERE i.voided_at IS NULL GROUP BY p.id) i ON i.id = m.id"
        " WHERE h.voided_at IS NULL AND h.date_to IS NULL AND i.ended < ? ORDER BY i.ended, h.id LIMIT ?",
        [today.isoformat(), MAX_LISTED],
    )
    for row in rows:
        text = _("{member} still looks after {household}; the introduction ended on {day}").format(
            member=row["full_name"], household=row["household"], day=format_date(date.fromisoformat(row["ended"]))
        )
        yield Todo("·", _("household"), text, "household_charge", row["id"])


def _agreements(store: Store, today: date) -> Iterator[Todo]:
    """Agreements that end soon."""
    rows = store.rows(
        "SELECT id, name, date_to FROM agreement WHERE voided_at IS NULL AND date_to BETWEEN ? AND ?"
        " ORDER BY date_to, id LIMIT ?",
        [today.isoformat(), (today + timedelta(SOON_DAYS)).isoformat(), MAX_LISTED],
    )
    for row in rows:
        text = _("Agreement ends: {name}").format(name=row["name"])
        yield Todo("·", _soon(_days_left(row["date_to"], today)), text, "agreement", row["id"])


def _without_files(store: Store, today: date) -> Iterator[Todo]:
    """Records of the last year that lack photographs or minutes which their kind wants, the newest first."""
    found = wanted_files.lacking_records(store, today - timedelta(FILES_DAYS), today, MAX_LISTED)
    names = words.labels(store, "activity", [*found])
    for record, lacks in found.items():
        text = _("{name}: no {files} yet").format(name=names[record], files=lacks.words)
        yield Todo("·", _("lacks files"), text, "activity", record)


def _drafts(store: Store) -> Sequence[Todo]:
    return [
        Todo(
            "·",
            _("draft"),
            " · ".join((_(model_of(d.kind).TITLE), words.local_instant(d.saved_at), *_draft_title(d))),
            d.kind,
            d.id,
            draft=True,
        )
        for d in store.drafts()[:MAX_LISTED]
    ]


MOST_OF_A_TEXT = 80
"""Characters of each text of a draft that are shown"""


def _draft_title(draft: Draft) -> list[str]:
    """The first texts that were typed, by which a person recognizes a draft."""
    typed = [v.get("text") if isinstance(v, dict) else v for v in draft.data.values()]
    texts = [v.strip() for v in typed if isinstance(v, str) and v.strip()][:3]
    return [text if len(text) <= MOST_OF_A_TEXT else text[: MOST_OF_A_TEXT - 1] + "…" for text in texts]


def post_names(store: Store) -> dict[str | None, str]:
    """Names of the posts by id at headquarters; empty at a post, where there is only one."""
    if store.identity.role != "hq":
        return {}
    return dict(words.post_names(store).items())
