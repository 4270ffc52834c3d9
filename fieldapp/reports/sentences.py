"""What was done, told in sentences: of each kind of activity by its pattern, or by one made from its name and units."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from msgspec import structs

from fieldapp.domain import sentences
from fieldapp.domain.amounts import MONEY
from fieldapp.domain.coordination import MatterType
from fieldapp.domain.sentences import Amount, Told, joined, within
from fieldapp.i18n import _
from fieldapp.reports.evidence import Evidence
from fieldapp.reports.figure_names import CALLED, amount_in_words
from fieldapp.reports.figures import Figure, cells_that_met, sums_by_kind
from fieldapp.reports.joint import JointDeed
from fieldapp.reports.query import Query
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key

WORTH = ("trị giá", "giá trị", "kinh phí", "số tiền")
"""Beginnings of names of measures that say themselves that an amount of money is meant"""


REWORDED = {
    "tổ chức {cuoc} tuần tra chung[ với {luot_tham_gia} người tham gia]":
        "tổ chức {cuoc} tuần tra chung[, có {luot_tham_gia} người tham gia]",
    "khám, chữa bệnh, cấp thuốc miễn phí cho {luot_kham} người[ ({nguoi_kham})][, trị giá {tri_gia_kham}]":
        "khám, chữa bệnh, cấp thuốc miễn phí cho {luot_kham} người[ ({nguoi_kham} được khám)]"
        "[, trị giá {tri_gia_kham}]",
    "{amount} người khám, chữa bệnh": "{amount} người được khám, chữa bệnh",
    "phối hợp quản lý, bảo vệ[ {km} đường biên giới][, {moc} quốc giới]; giao, nhận {ha} đất":  # no land is ceded
        "phối hợp quản lý, bảo vệ[ {km} đường biên giới][, {moc} quốc giới];"
        " giao, nhận quản lý {ha} đất khu vực biên giới",
}  # fmt: skip
"""Shipped patterns that read badly -> how they are told: the shipped log is signed. What headquarters wrote stays"""


@dataclass(frozen=True)
class KindDone:
    """What was done of one kind of activity."""

    section: str
    told: tuple[Told, ...]


def kinds_done(
    store: Store, query: Query, seen: Sequence[Evidence] = (), joint: Sequence[JointDeed] = ()
) -> list[KindDone]:
    """The kinds of activity of which measures are recorded in the period, in their order. ``seen``: of which of them
    it is told how much has its minute. ``joint``: what posts do not agree on is told as provisional."""
    done = sums_by_kind(store, query)
    measures = {row["id"]: row for row in store.rows("SELECT * FROM measure")}
    counted: dict[str, list[Row]] = {}
    for pair in store.rows("SELECT activity_kind_id, measure_id FROM kind_measure ORDER BY id") if done else ():
        counted.setdefault(pair["activity_kind_id"], []).append(measures[pair["measure_id"]])
    kinds = store.rows("SELECT * FROM activity_kind ORDER BY position, id")
    of_kind = {one.kind_id: one for one in seen}
    found = []
    for kind in (kind for kind in kinds if kind["id"] in done):
        of_it = [deed.disputed for deed in joint if deed.kind_id == kind["id"]]
        doubted = {name: what for disputed in of_it for name, (what, _said) in disputed.items()}
        its = [
            (measures[str(f.measure_id)], _without_zero(f))
            for f in done[kind["id"]]
            if not _is_nothing(f) or f.measure_id in doubted
        ]
        if not its:
            continue
        told = tell_kind(kind, [(measure, _number_of(figure)) for measure, figure in its], counted.get(kind["id"], []))
        for measure, figure in its:
            if _number_of(figure) != figure:
                in_words = tell_measure(measure, replace(figure, value=None, approximate=False))
                note = _("not counting {what} of which no number is known").format(what=in_words)
                told = _noted(told, measure["id"], note)
        for measure, figure in its:
            if measure["id"] in doubted:
                told = _provisional(told, measure["id"], doubted[measure["id"]], amount_of(_number_of(figure)))
        if kind["id"] in of_kind:
            told = _with_evidence(told, of_kind[kind["id"]])
        found.append(KindDone(kind["section"], tuple(told)))
    return found


def _provisional(told: list[Told], name: str, what: str, amount: Amount) -> list[Told]:
    """“có 40 lượt người (tạm tính) tham gia”; where the unit does not stand behind the number, behind the clause, which
    says what is so if other amounts stand there."""
    at = _clause_of(told, name)
    before, found, after = told[at].text.rpartition(amount.text)
    if found and amount.text != amount.bare:
        people = " người" if after.startswith(" người") else ""
        text = f"{before}{found}{people} ({_('provisional')}){after.removeprefix(people)}"
        return [*told[:at], structs.replace(told[at], text=text), *told[at + 1 :]]
    _before, found, after = told[at].text.rpartition(amount.bare)
    text = _("{what} provisional") if not found or re.search(r"\d", after) else _("provisional")
    return _noted(told, name, text.format(what=what))


def _is_nothing(figure: Figure) -> bool:
    """Whether all that is recorded of a figure is zero: the table has it, a sentence does not tell it."""
    return figure.value == 0 and not figure.in_words


def _without_zero(figure: Figure) -> Figure:
    """A figure of zero and words: the words."""
    return replace(figure, value=None, approximate=False) if figure.value == 0 and figure.in_words else figure


def _number_of(figure: Figure) -> Figure:
    """What a sentence tells of a figure with a number and words: the number; the words are noted behind it."""
    return replace(figure, in_words=[]) if figure.value is not None and figure.unit else figure


def _clause_of(told: Sequence[Told], name: str | None) -> int:
    """Which clause tells an amount; the last one where it is told otherwise."""
    return next((n for n, clause in enumerate(told) if name in clause.names), len(told) - 1)


def _noted(told: Sequence[Told], name: str | None, note: str) -> list[Told]:
    """The clauses with a note in brackets behind that which tells an amount; two notes share their brackets."""
    at = _clause_of(told, name)
    text = told[at].text
    noted = f"{text.removesuffix(')')}; {note})" if text.endswith(")") else f"{text} ({note})"
    return [*told[:at], structs.replace(told[at], text=noted), *told[at + 1 :]]


def _with_evidence(told: list[Told], seen: Evidence) -> list[Told]:
    """How much has its minute, behind the clause that tells the works, else behind the last one."""
    text = seen.told()
    if not text or not told:
        return told
    return _noted(told, seen.measure_id, text)


def tell_kind(kind: Row, figures: Sequence[tuple[Row, Figure]], counted: Sequence[Row] = ()) -> list[Told]:
    """A kind's clauses; each figure, with its measure, is in one of them. ``counted``: all measures of the kind."""
    recorded = {_identity(measure): amount_of(figure) for measure, figure in figures}
    measures = sorted((measure for measure, _figure in figures), key=lambda measure: bool(measure.get("voided_at")))
    measures += [measure for measure in counted if _identity(measure) not in recorded]
    pattern = _parsed(REWORDED.get(kind["sentence"], kind["sentence"]))
    meant = {place.written: _meant(place, measures) for place in sentences.names(pattern)}
    pattern = sentences.renamed(pattern, meant)
    told = sentences.tell(pattern, recorded)
    names = {name for clause in told for name in clause.names}
    left = [(m, f) for m, f in figures if _identity(m) not in names]
    if not left:
        return told
    works = next((pair for pair in left if pair[0]["nature"] == "works"), None)
    if told or works is None:
        clauses = ", ".join(tell_measure(measure, figure) for measure, figure in left)
        if told and not any(_identity(measure) in meant.values() for measure, _figure in left):  # added later
            return [*told[:-1], structs.replace(told[-1], text=f"{told[-1].text}, {clauses}")]
        return [*told, Told(f"{within(CALLED.get(kind['name'], kind['name']))}: {clauses}", "", frozenset())]
    others = [tell_measure(measure, figure) for measure, figure in left if measure is not works[0]]
    lead = _("handed over") + " "
    text = ", ".join([lead + of_unit(amount_of(works[1]).text, works[1].unit, kind["name"]), *others])
    return [Told(text, lead, frozenset())]


def _identity(measure: Row) -> str:
    """The id; a measure that is being typed has none yet."""
    return str(measure.get("id") or measure["code"])


def _meant(place: sentences.Place, measures: Sequence[Row]) -> str:
    """Which of a kind's measures a place names: written as it is before one that is so without its marks, for
    “Bàn” is not “Bản”; of several the first. Empty where there is none."""
    exact = place.written.casefold()
    ways: tuple[Callable[[Row], bool], ...] = (
        lambda measure: measure["name"].casefold() == exact,
        lambda measure: measure["code"].casefold() == exact,
        lambda measure: sentences.key(measure["name"]) == place.name,
        lambda measure: sentences.key(measure["code"]) == place.name,
    )
    return next((_identity(measure) for names in ways for measure in measures if names(measure)), "")


def tell_measure(measure: Row, figure: Figure) -> str:
    """A figure by the pattern of its measure: “1.250 lượt người nghe”, “trị giá 70 triệu đồng”; without one, made from
    its name, unit and nature: “500 cây giống”, “25 đơn vị máu”."""
    amount = amount_of(figure)
    places = {sentences.AMOUNT: amount, sentences.NUMBER: Amount(amount.bare, amount.bare)}
    told = sentences.tell(_parsed(REWORDED.get(measure["sentence"], measure["sentence"])), places)
    if told:
        return joined(told)
    name = within(measure["name"])
    if measure["nature"] == "text":
        return f"{name} {amount.bare}"
    if figure.unit == MONEY:
        if measure["nature"] == "cash" and not name.startswith(WORTH):
            return f"{amount.text} {name}"
        return f"{name if name.startswith(WORTH) else _('{what} worth').format(what=name)} {amount.text}"
    return of_unit(amount.text, figure.unit, measure["name"])


def phrases(store: Store, figures: Sequence[Figure]) -> Mapping[tuple[str, str], str]:
    """(section, code) of a measure's figure -> the figure in words: “14 giếng khoan”, “280 lượt cán bộ, chiến sĩ”."""
    measures = {row["id"]: row for row in store.rows("SELECT * FROM measure")}
    return {
        (f.section, f.code): of_unit(amount_of(f).text, f.unit, f.title)
        if f.kind_id is not None
        else tell_measure(measures[f.measure_id], f)
        for f in figures
        if f.measure_id is not None
    }


def of_unit(amount: str, unit: str, name: str) -> str:
    """An amount with what a name adds to its unit: “12 hộ” of “Số hộ được hỗ trợ” is “12 hộ được hỗ trợ”; turns stay
    turns, and an abbreviated unit gives way to the name: “3 lượt cán bộ, chiến sĩ”."""
    words, own = within(name).split(), search_key(unit).split()
    plain = [" ".join(search_key(word).split()) for word in words]
    for at in range(len(words) - len(own) + 1 if own else 0):
        if plain[at : at + len(own)] == own:
            if at and plain[at - 1] == _TURNS:
                return f"{amount.removesuffix(unit)}{' '.join(words[at - 1 :])}"
            return " ".join([amount, *words[at + len(own) :]])
    if len(own) > 1 and own[0] == plain[0]:
        return f"{amount.removesuffix(unit)}{' '.join(words)}"
    for shared in range(min(len(own), len(words)), 0, -1):  # “lượt biểu dương” and “biểu dương, khen thưởng”
        if own[-shared:] == plain[:shared]:
            return " ".join([*amount.split(" ")[:-shared], *words])
    whole = " ".join(words)
    if f"{whole} " in _SIZES:  # “dung tích 22 m³”
        return f"{whole} {amount}"
    size = next((size for size in _SIZES if whole.startswith(size)), "")
    return f"{amount} {whole.removeprefix(size)}"


_TURNS = "luot"
_SIZES = ("chiều dài ", "diện tích ", "dung tích ", "thể tích ", "khối lượng ", "trọng lượng ", "mét ")
"""Beginnings of names that only say what the unit says already"""


def amount_of(figure: Figure) -> Amount:
    """“2.385 lượt” and “2.385”; words of records as they are, with the unit where they do not say it themselves."""
    texts, bare = [], []
    if figure.value is not None:
        number = amount_in_words(figure.value, figure.decimals, figure.unit)
        alone = number if figure.unit == MONEY else amount_in_words(figure.value, figure.decimals, "")
        about = _("about {amount}") if figure.approximate else "{amount}"
        texts.append(about.format(amount=number))
        bare.append(about.format(amount=alone))
    for said in map(within, figure.in_words):
        alone = _without(said, figure.unit)
        texts.append(said if alone != said else f"{said} {figure.unit}".rstrip())
        bare.append(alone)
    return Amount(_(" and ").join(texts), _(" and ").join(bare))


def _without(words: str, unit: str) -> str:
    """Words without the unit at their end."""
    short = words[: -len(unit)].rstrip() if unit else words
    return short if short and search_key(f"{short} {unit}") == search_key(words) else words


def _parsed(pattern: str | None) -> list[sentences.Clause]:
    """The clauses of a stored pattern; none of one that another version wrote and this one cannot read."""
    try:
        return sentences.parse(pattern or "")
    except ValueError:
        return []


EXAMPLE, EXAMPLE_MONEY = 12, 5_000_000
"""Amounts of an example: in the measure's unit, and in đồng"""


def example_of_kind(name: str, sentence: str | None, measures: Sequence[Row]) -> str:
    """How a report will tell of a kind of activity, on amounts that are made up; empty where it counts nothing.

    ``measures``: rows of ``measure``, with ``nature`` and ``sentence``. ValueError says what is wrong with a pattern.
    """
    for pattern in (sentence, *(measure.get("sentence") for measure in measures)):
        sentences.parse(pattern or "")
    figures = []
    for measure in measures:
        value = EXAMPLE_MONEY if measure["unit_name"] == MONEY else EXAMPLE * 10 ** measure["decimals"]
        words = {"sentence": None, "code": measure["name"], **measure}
        figures.append((words, Figure("", "", measure["name"], value, measure["decimals"], measure["unit_name"])))
    told = tell_kind({"name": name, "sentence": sentence}, figures) if figures else []
    return sentences.as_sentence(joined(told)) if told else ""


def section_clauses(
    store: Store,
    query: Query,
    figures: Sequence[Figure],
    seen: Sequence[Evidence] = (),
    joint: Sequence[JointDeed] = (),
    cells: str = "",
) -> Mapping[str, list[Told]]:
    """Section -> the clauses that tell its figures, each in one of them. ``cells``: what ``cells_told`` says."""
    found: dict[str, list[Told]] = {}
    for kind in kinds_done(store, query, seen, joint):
        found.setdefault(kind.section, []).extend(kind.told)
    for section, pattern in INDICATOR_PATTERNS.items():
        amounts = _amounts_of_indicators([f for f in figures if f.section == section and f.measure_id is None])
        if told := sentences.tell(sentences.parse(_(pattern)), amounts):
            if section == "party":
                told = _with_cells(told, cells)
            found.setdefault(section, []).extend(told)
    return found


def _with_cells(told: list[Told], cells: str) -> list[Told]:
    """Of how many cells meetings are recorded, behind the clause that tells the meetings."""
    places = {sentences.key(code) for code in OF_MEETINGS}
    of_meetings = next((place for clause in told for place in clause.names & places), None)
    return _noted(told, of_meetings, cells) if cells and of_meetings else told


OF_MEETINGS = ("meetings_held", "meetings_attended")
"""The indicators that count meetings of cells"""


def cells_told(store: Store, query: Query, figures: Sequence[Figure]) -> str:
    """Of how many cells meetings are recorded, where it is not of all with members of the posts; else empty. Thirty
    members beside one meeting would be wondered at."""
    by_code = {f.code: f.value or 0 for f in figures if f.section == "party"}
    every = by_code.get("cells_with_members", 0)
    met = cells_that_met(store, query) if every and not by_code.keys().isdisjoint(OF_MEETINGS) else 0
    return _("so far recorded of {met}/{all} cells").format(met=met, all=every) if 0 < met < every else ""


def _amounts_of_indicators(figures: Sequence[Figure]) -> dict[str, Amount]:
    """Key of an indicator's code -> its amount. Where all communes are on the border, they are told as such; of
    meetings it is told how many of them members of the post attended, where that is known."""
    by_code = {f.code: f for f in figures}
    amounts = {sentences.key(code): amount_of(figure) for code, figure in by_code.items() if not _is_nothing(figure)}
    for matter_type in get_args(MatterType):
        if states := _states_of(by_code, matter_type):
            amounts[sentences.key(f"{matter_type}_states")] = Amount(states, states)
    communes, border = by_code.get("communes_strengthened"), by_code.get("border_communes_strengthened")
    if communes and border and communes.value == border.value:
        bare = amounts.pop(sentences.key(border.code)).bare
        text = _("{n} communes on the border").format(n=bare)
        amounts[sentences.key(communes.code)] = Amount(text, bare)
    held, attended = by_code.get("meetings_held"), by_code.get("meetings_attended")
    if held and attended:
        all_of_them = amounts.pop(sentences.key(held.code))
        if attended.value != held.value:
            part = amounts[sentences.key(attended.code)].bare
            amounts[sentences.key(attended.code)] = Amount(f"{part}/{all_of_them.text}", part)
    return amounts


def _states_of(by_code: Mapping[str, Figure], matter_type: MatterType) -> str:
    """What became of the matters of a type: “trong đó 1 việc đúng hạn, 2 việc chậm …”, “đều đúng hạn”."""
    words = {
        "_on_time": _("in time"),
        "_late": _("later than due"),
        "_overdue": _("overdue and not done"),
        "_open": _("going on"),
    }
    numbers = {words[end]: by_code[matter_type + end].value or 0 for end in words if matter_type + end in by_code}
    if len(numbers) == 1:
        ((state, number),) = numbers.items()
        if number == by_code[matter_type].value:
            return state if number == 1 else _("all {state}").format(state=state)
    parts = ", ".join(_("{n} {state}").format(n=number, state=state) for state, number in numbers.items())
    return _("of these {parts}").format(parts=parts) if parts else ""


INDICATOR_PATTERNS: Mapping[str, str] = {
    "political_base": "advised on the political base of {communes_strengthened}"
    "[ ({border_communes_strengthened:n} of them on the border)];"
    " strengthened[ {cells_strengthened}][, {police_strengthened}]"
    "[, {militia_strengthened}][, {women_unions_strengthened}][, {farmers_unions_strengthened}]"
    "[, {hamlets_strengthened}]; helped {household_groups_helped:n} groups of households",
    "party": "introduced {members_introduced} to[ {cells_with_members:n}] party cells of hamlets;"
    " members of the post attended {meetings_attended} of cells[, with {attendance_missed:n} absences];"
    " the cells met in {meetings_held}[, with {attendance_missed:n} absences of members of the post];"
    " gave[ {members_in_charge}][ {households_in_charge} to look after];"
    "[ {candidacies} stood for election][, {candidates_elected} were elected];"
    " rated[ {cells_excellent:n} excellent][, {cells_good:n} good][, {cells_completed:n} as having done their task]"
    "[, {cells_not_completed:n} as not having done it];"
    " rated[ {members_excellent:n} excellent][, {members_good:n} good]"
    "[, {members_completed:n} as having done their task][, {members_not_completed:n} as not having done it]",
    "coordination": "exchanged information in {information_exchange}[, {information_exchange_states}];"
    " advised committees in {advice_to_committee}[, {advice_to_committee_states}];"
    " took up {problem_on_the_spot} on the spot[, {problem_on_the_spot_states}];"
    " took up {support_request:n} requests for support[, {support_request_states}]",
    "self_management": "kept up {self_management_groups:n} self-management groups[ with {group_households}]"
    "[, {group_markers}][, {group_length} of border line]",
    "reviews": "held[ {periodic_reviews:n} periodic reviews][ and {final_reviews:n} final reviews]",
    "commendations": "commended {commendations:n} times[, {commendations_collective}][, {commendations_individual:n}"
    " individuals]",
}


"""Section -> English message of the pattern that tells its figures that are no measures (``domain/indicators.py``)"""
