"""Members' records that are about one person: some gave way to another one (``Member.same_as_id``).

Nothing is written anew when two are merged, so taking it back brings back what was. Whatever reads what is about a
member reads it through the view ``person``, or asks here.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping

from fieldapp.domain.party import Member
from fieldapp.i18n import _, counted
from fieldapp.records.soft_limits import Question
from fieldapp.records.words import labels
from fieldapp.store.store import Row, Store

SAME_AS = "same_as_id"

ABOUT: Mapping[str, Callable[[int], str]] = {
    "introduction": lambda n: counted("{n} introduction", "{n} introductions", n),
    "attendance": lambda n: counted("{n} meeting attended", "{n} meetings attended", n),
    "household_charge": lambda n: counted("{n} household", "{n} households", n),
    "candidacy": lambda n: counted("{n} candidacy", "{n} candidacies", n),
    "member_rating": lambda n: counted("{n} rating", "{n} ratings", n),
}
"""Kinds whose records are about a member -> how many, in words"""

GIVEN_WAY = "(SELECT member_id FROM member_merged)"
"""SQL: the members whose record gave way"""

OUT_OF_USE = "(SELECT g.member_id FROM member_merged g JOIN member p ON p.id = g.person_id WHERE p.voided_at NOTNULL)"
"""SQL: the members whose record gave way to one that was voided: they count nowhere, and are not named any more"""


def who_stays(store: Store, kind: str, ids: Iterable[str]) -> list[str]:
    """Ids of records, each member whose record gave way replaced by the one who stays; each once, in the same order."""
    found = list(ids)
    if kind == Member.KIND:
        rows = store.rows(
            "SELECT member_id, person_id FROM member_merged WHERE member_id IN (SELECT value FROM json_each(?))",
            [json.dumps(found)],
        )
        stays = {row["member_id"]: row["person_id"] for row in rows}
        found = [stays.get(row_id, row_id) for row_id in found]
    return list(dict.fromkeys(found))


def given_way_to(store: Store, ids: Collection[str]) -> dict[str, str]:
    """The members whose records gave way to one of these, in the order of recording -> which of them it is."""
    rows = store.rows(
        "SELECT member_id, person_id FROM member_merged WHERE person_id IN (SELECT value FROM json_each(?))"
        " ORDER BY member_id",
        [json.dumps([*ids])],
    )
    return {row["member_id"]: row["person_id"] for row in rows}


def with_all_records(store: Store, ids: Collection[str]) -> list[str]:
    """These members, and all others whose records are about the same persons."""
    given = json.dumps([*ids])
    rows = store.rows(
        "SELECT DISTINCT other_id FROM same_person WHERE one_id IN (SELECT value FROM json_each(?))", [given]
    )
    return list(dict.fromkeys([*ids, *(row["other_id"] for row in rows)]))


def rows_about(store: Store, kinds: Collection[str], members: Collection[str]) -> dict[str, set[str]]:
    """Kind -> its rows about persons of whom one of these members is one of several records."""
    given = json.dumps([*members])
    several = "SELECT one_id FROM same_person WHERE one_id IN (SELECT value FROM json_each(?))"
    found = with_all_records(store, [row["one_id"] for row in store.rows(several, [given])])
    if not found:  # as nearly always: attendance has no index for it
        return {}
    about = "WHERE member_id IN (SELECT value FROM json_each(?))"
    return {
        kind: {row["id"] for row in store.rows(f"SELECT id FROM {kind} {about}", [json.dumps(found)])} for kind in kinds
    }


def merge_question(store: Store, row_id: str, record: Member, old: Row | None) -> list[Question]:
    """What is asked before a member's record gives way to another one: what is about it, and follows."""
    if record.same_as_id in (None, old and old[SAME_AS]):
        return []
    assert record.same_as_id is not None
    named = labels(store, Member.KIND, [record.same_as_id])[record.same_as_id]
    sentence = _("One person with {other}, who alone stays in lists. Right?")
    if what := what_is_about(store, [row_id]):
        sentence = _("One person with {other}, who alone stays in lists, and whose are then {what}. Right?")
    return [Question(SAME_AS, record.same_as_id, sentence.format(other=named, what=what))]


def merge_problem(row_id: str, record: Member) -> dict[str, str]:
    """Field -> sentence, if a member's record would give way to itself."""
    if record.same_as_id != row_id:
        return {}
    return {SAME_AS: _("This is the same record, or one that gave way to it already. Choose another one.")}


def what_is_about(store: Store, members: Collection[str]) -> str:
    """How many records are about some members, in words."""
    among = "member_id IN (SELECT value FROM json_each(?)) AND voided_at IS NULL"
    given = [json.dumps([*members])]
    numbers = {kind: store.value(f"SELECT count(*) FROM {kind} WHERE {among}", given) for kind in ABOUT}
    return ", ".join(ABOUT[kind](n) for kind, n in numbers.items() if n)


def persons_lines(store: Store, row: Row) -> list[tuple[str, str]]:
    """(title, text) for a member's record that gave way, or to which others gave way."""
    (stays,) = who_stays(store, Member.KIND, [row["id"]])
    if stays != row["id"]:
        name = labels(store, Member.KIND, [stays])[stays]
        return [(_("Merged"), _("What is about this record is read as about {name}.").format(name=name))]
    found = []
    for row_id, name in labels(store, Member.KIND, given_way_to(store, [row["id"]])).items():
        what = what_is_about(store, [row_id])
        found.append((_("Includes"), f"{name}: {what}" if what else name))
    return found


def how_to_merge(store: Store, row: Row) -> list[tuple[str, str]]:
    """(title, text): which keys say that two records are one person, where that seems to be so, or take it back."""
    if store.identity.post_id != row["post_id"] or row["voided_at"] is not None:
        return []
    if row[SAME_AS] is not None:
        return [("", _("To take it back: F2, clear “{field}”.").format(field=_("Same person as")))]
    if not _namesakes(store, row):
        return []
    text = _("Another record has this name. If it is the same person: F2, choose it at “{field}”.")
    return [(_("Twice?"), text.format(field=_("Same person as")))]


def _namesakes(store: Store, row: Row) -> bool:
    """Whether another member of the post has the name of this one."""
    return bool(
        store.value(
            "SELECT EXISTS (SELECT 1 FROM member WHERE plain(full_name) = plain(?) AND id <> ? AND post_id = ?"
            f" AND voided_at IS NULL AND id NOT IN {GIVEN_WAY})",
            [row["full_name"], row["id"], row["post_id"]],
        )
    )
