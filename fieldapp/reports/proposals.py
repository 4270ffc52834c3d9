"""What a report's figures say about good and weak points, as sentences that the officer may change.

They are proposals: nothing here counts, and nothing is said of what is not known.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from fieldapp.domain.amounts import MONEY
from fieldapp.domain.coordination import MatterType
from fieldapp.domain.sentences import as_sentence, within
from fieldapp.i18n import _, counted
from fieldapp.records.words import post_names
from fieldapp.reports.comparison import change, is_comparable, is_few, period_named, plan_words
from fieldapp.reports.completeness import Owed, deed_named, not_reported_text, owed, returned_by_post, to_be_sent
from fieldapp.reports.figure_names import amount_in_words, measure_and_kind
from fieldapp.reports.figures import Figure, grouped
from fieldapp.reports.letterhead import LayoutCode
from fieldapp.reports.narrative import HEADINGS
from fieldapp.reports.query import find_post
from fieldapp.reports.report import PlanProgress, Report, plan_progress
from fieldapp.reports.sentences import of_unit, phrases
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import search_key, sort_key

SECTIONS = ("assessment", "shortcomings", "causes", "directions", "proposals")
"""The sections of a report that the officer writes, in their order"""

MOST = 3
"""Sentences of one sort"""

MOST_URGED = 8
"""Posts that are named with what they have to send"""

MOST_PLANS = 8
"""Targets that are named with what is left of them"""

MUCH = 20
"""Percent: a figure that went down by less is not a weak point"""


def proposals(store: Store, report: Report, layout: LayoutCode = "decree30") -> Mapping[str, list[str]]:
    """Section -> sentences, each with its full stop. A section may have none: of causes, and of what to ask of the body
    above, the records say nothing.
    A committee of the Party leads: its tasks are told as such."""
    missing = owed(report)
    return {
        "assessment": [as_sentence(text) for text in _assessment(store, report)],
        "shortcomings": [as_sentence(text) for text in _shortcomings(report, missing)],
        "causes": [],
        "directions": [as_sentence(text) for text in _directions(store, report, missing, layout)],
        "proposals": [],
    }


# what went well -------------------------------------------------------------------------------------------------


def _assessment(store: Store, report: Report) -> Iterator[str]:
    due = [p for p in report.plan if p.done >= p.target or p.period.last <= report.query.today]
    reached = sum(p.done >= p.target for p in due)
    if reached and reached * 2 >= len(due):
        text = _("{reached} of {all} targets of the plan were reached")
        if len(due) < len(report.plan):
            text = _("{reached} of {all} targets of the plan that are due were reached")
        yield text.format(reached=reached, all=len(due))
    yield from _grown(report)
    if report.query.post is None:
        yield from _best_posts(store, report)


def _grown(report: Report) -> Iterator[str]:
    """What grew most in comparison with the period before, of the first figures of the sections."""
    found = [
        (figure.value / earlier.value, words)
        for figure, earlier in _compared(report)
        if (words := change(figure, earlier)) and figure.value and earlier.value and not is_few(earlier)
        and figure.value * 100 >= earlier.value * (100 + MUCH)
    ]  # fmt: skip
    if found:
        best = [text for _ratio, text in sorted(found, key=lambda pair: -pair[0])[:MOST]]
        yield _("compared with {period}, {changes}").format(
            period=period_named(report.query.period.before()), changes="; ".join(best)
        )


def _compared(report: Report) -> Iterator[tuple[Figure, Figure]]:
    """The first figure of each section, with that of the period before; none while that would not be fair."""
    before = {(f.section, f.code): f for f in report.before}
    for figure in first_figures(report) if is_comparable(report) else ():
        earlier = before.get((figure.section, figure.code))
        if earlier is not None:
            yield figure, earlier


def first_figures(report: Report) -> list[Figure]:
    """The first measure of each section: what the posts themselves did. How long their border is they did not do."""
    found: dict[str, Figure] = {}
    for figure in report.figures:
        if figure.measure_id is not None and figure.section not in ("support_received", "border"):
            found.setdefault(figure.section, figure)
    return [*found.values()]


def _best_posts(store: Store, report: Report) -> Iterator[str]:
    """The posts that did most, each with the figures in which it is alone at the head."""
    by_post = {post: figures for post, figures in grouped(store, report.query, "post").items() if post is not None}
    names = post_names(store)
    first: dict[str, list[tuple[str, str, str]]] = {}
    for whole in first_figures(report):
        parts = [
            (f, post) for post, figures in by_post.items() for f in figures
            if (f.section, f.code) == (whole.section, whole.code)
        ]  # fmt: skip
        if len(parts) < 2 or any(f.value is None or f.in_words or f.approximate for f, _post in parts):
            continue
        (most, post), (second, _other) = sorted(parts, key=lambda part: (-(part[0].value or 0), part[1]))[:2]
        if (most.value or 0) > (second.value or 0):
            verb = _verb(report, whole)
            first.setdefault(post, []).append((verb, *_share(store, report, most, whole, verb)))
    leaders = sorted(first.items(), key=lambda found: (-len(found[1]), sort_key(names.get(found[0], ""))))
    if leaders:
        told = "; ".join(f"{names.get(post, '')} {_did(figures[:MOST])}" for post, figures in leaders[:MOST])
        text = _("posts that did much: {posts}") if len(leaders) > 1 else _("the post that did most: {posts}")
        yield text.format(posts=told)


def _did(figures: Sequence[tuple[str, str, str]]) -> str:
    """“tổ chức 6 buổi tuyên truyền (trong tổng số 24 buổi), khám, chữa bệnh cho 396 lượt người”: (verb, amount and of
    what, of how much) of each; a verb is not said twice, nor what it says itself."""
    texts, before = [], ""
    for verb, did, of_all in figures:
        said = verb if verb and not {*search_key(verb).split()} & {*search_key(did).split()} else _("had")
        what = f"{did}{of_all}"
        texts.append(what if said == before else f"{said} {what}")
        before = said
    return ", ".join(texts)


def _verb(report: Report, whole: Figure) -> str:
    """What the report says before a figure: “tổ chức”; empty where there is nothing to be said."""
    amount = amount_in_words(whole.value or 0, whole.decimals, "")
    told = report.clauses.get(whole.section, ())
    mine = (t for t in told if not t.names or whole.measure_id in t.names)
    alone = next((t.lead.strip() for t in mine if t.text.startswith(f"{t.lead}{amount} ")), "")
    return alone or (_VERBS[whole.section]() if whole.section in _VERBS else "")


_VERBS: Mapping[str, Callable[[], str]] = {"gifts": lambda: _("gave"), "education": lambda: _("helped")}
"""Section -> the verb of figures that several kinds share"""


def _share(store: Store, report: Report, most: Figure, whole: Figure, verb: str) -> tuple[str, str]:
    """“6 buổi tuyên truyền, phổ biến pháp luật” and “ (trong tổng số 24 buổi)”: what a post did, and of how much. What
    the verb says already is not said again."""
    text, of_all = phrases(store, [most])[most.section, most.code], ""
    elsewhere = any(f.title == whole.title and f.section != whole.section for f in report.figures)
    if elsewhere or search_key(whole.title) == search_key(whole.unit):  # “18 buổi”: of what?
        text = f"{text} {within(_(HEADINGS[whole.section]))}"
    if most.unit != MONEY and whole.value is not None:
        part = amount_in_words(most.value or 0, most.decimals, "")
        unit = next((u for u in (f"{most.unit} người", most.unit) if text.startswith(f"{part} {u}")), "")
        if not unit and text.startswith(f"{part} lượt "):
            unit = "lượt"
        if unit:
            amount = f"{part} {unit}"
            of_all = f" ({_('of {whole} in all').format(whole=amount_in_words(whole.value, whole.decimals, unit))})"
            if {*search_key(verb).split()} & {*search_key(text.removeprefix(amount)).split()}:
                text = amount
    return text, of_all


# what went badly ------------------------------------------------------------------------------------------------


def _shortcomings(report: Report, missing: Sequence[Owed]) -> Iterator[str]:
    if text := not_reported_text(report, missing):
        yield text
    if returned := _returned(report):
        text = _("{posts} did not send again the figures that were to be corrected")
        text = text.format(posts=_some([post for post, _what in returned]))
        yield f"{text} ({returned[0][1]})" if len(returned) == 1 else text
    for posts, deed in _disputed(report):
        yield _("{posts} reported different figures of the {deed}").format(posts=posts, deed=deed)
    for matter_type, number in _late_matters(report).items():
        yield _late_with(report, matter_type, _LATE[matter_type](number))
    for plan in report.plan:
        if plan.done < plan.target and plan.period.last <= report.query.today:
            yield _of_post(plan.post, plan_words(plan, report.query.today, missed=True))
    fallen = [
        words
        for figure, earlier in _compared(report)
        if (words := change(figure, earlier)) and figure.value is not None and earlier.value
        and figure.value * 100 <= earlier.value * (100 - MUCH)
    ]  # fmt: skip
    if fallen:
        yield _("compared with {period}, {changes}").format(
            period=period_named(report.query.period.before()), changes="; ".join(fallen[:MOST])
        )
    unknown = report.completeness.without_figure
    if unknown:
        yield counted("{n} activity has no amount on record", "{n} activities have no amount on record", unknown)


def _late_matters(report: Report) -> Mapping[MatterType, int]:
    """Type -> number of matters that were done late, or were late at the end of the period."""
    found: dict[MatterType, int] = {}
    for late in report.late:
        found[late.matter_type] = found.get(late.matter_type, 0) + late.number
    return {matter_type: found[matter_type] for matter_type in _LATE if matter_type in found}


def _late_with(report: Report, matter_type: MatterType, text: str) -> str:
    bodies = [late for late in report.late if late.matter_type == matter_type]
    if len(bodies) == 1:
        return _("{what} (with {body})").format(what=text, body=bodies[0].counterpart)
    of_each = _("with {body} {n}")
    named = ", ".join(of_each.format(body=late.counterpart, n=late.number) for late in bodies[:MOST])
    return f"{text} ({named}{', …' if len(bodies) > MOST else ''})"


_LATE: Mapping[MatterType, Callable[[int], str]] = {
    "information_exchange": lambda n: counted(
        "{n} exchange of information was late", "{n} exchanges of information were late", n),
    "advice_to_committee": lambda n: counted(
        "{n} piece of advice to a committee was late", "{n} pieces of advice to committees were late", n),
    "problem_on_the_spot": lambda n: counted(
        "{n} problem on the spot was solved late", "{n} problems on the spot were solved late", n),
    "support_request": lambda n: counted(
        "{n} request for support was answered late", "{n} requests for support were answered late", n),
}  # fmt: skip


def _of_post(post: str | None, text: str) -> str:
    return f"{post}: {text}" if post else text


# what follows from it -------------------------------------------------------------------------------------------


def _directions(store: Store, report: Report, missing: Sequence[Owed], layout: LayoutCode) -> Iterator[str]:
    of_posts = work = "{task}"
    if layout == "party":
        of_posts, work = _("lead the posts: {task}"), _("lead the work: {task}")
    yield from (of_posts.format(task=task) for task in _urged(report, missing))
    yield from _to_be_settled(report)
    if late := _late_matters(report):
        task = _("do these in time: {matters}").format(matters=", ".join(_IN_TIME[kind]() for kind in late))
        yield work.format(task=task)
    for post, task in _planned(store, report):
        if post and not report.reported.own:
            yield of_posts.format(task=_("see to it that {post} does this: {task}").format(post=post, task=task))
        else:
            yield work.format(task=task)


def _urged(report: Report, missing: Sequence[Owed]) -> Iterator[str]:
    urged = [f"{post.post} ({to_be_sent(report, post)})" for post in missing]
    if len(missing) == 1:
        text = _("see to it that {post} reports, and sends {what}")
        yield text.format(post=missing[0].post, what=to_be_sent(report, missing[0]))
    elif urged:
        more = len(urged) - MOST_URGED
        named = "; ".join(urged[:MOST_URGED])
        if more > 0:
            named = f"{named}; {counted('{n} more post', '{n} more posts', more)}"
        yield _("see to it that what is missing is reported: {posts}").format(posts=named)


def _planned(store: Store, report: Report) -> Iterator[tuple[str | None, str]]:
    """(post, what is left of its plans, or to be done by those that follow)"""
    going_on = [p for p in report.plan if p.done < p.target and p.period.last > report.query.today]
    to_do: dict[tuple[str | None, str], list[str]] = {}
    for plan in [p for p in going_on if p.figure.value is not None][:MOST_PLANS]:
        to_do.setdefault((plan.post, plan.period.title), []).append(_left(plan))
    for (post, period), left in to_do.items():
        text = _("go on with the plan for {period}, of which is left: {left}")
        yield post, text.format(period=period, left=", ".join(left))
    following: dict[str, list[str]] = {}
    for plan in _plans_next(store, report):
        following.setdefault(plan.period.title, []).append(_amount(plan, plan.target))
    for period, targets in following.items():
        yield None, _("carry out the plan for {period}: {targets}").format(period=period, targets="; ".join(targets))


def _to_be_settled(report: Report) -> Iterator[str]:
    """What headquarters' note says is not counted yet, or not agreed on: one task of the staff."""
    if tasks := [*_unsettled(report)]:
        yield _("have the staff {do}").format(do="; ".join(tasks))


def _unsettled(report: Report) -> Iterator[str]:
    returned = _returned(report)
    if len(returned) == 1:
        ((post, what),) = returned
        yield _("ask {post} to correct the figures of {what} and send them again").format(post=post, what=what)
    elif returned:
        posts = ", ".join(f"{post} ({what})" for post, what in returned)
        yield _("ask the posts to correct these figures and send them again: {posts}").format(posts=posts)
    for posts, deed in _disputed(report):
        yield _("ask {posts} to agree on the figures of the {deed}").format(posts=posts, deed=deed)
    if waiting := report.completeness.waiting_posts:
        yield _("to check and add the figures that have come of {posts}").format(posts=_some([*waiting.values()]))


def _returned(report: Report) -> list[tuple[str, str]]:
    """(post, what it was asked to send again). A post's own report says nothing of it: it is headquarters that asks."""
    if report.reported.own:
        return []
    return [(post or report.post or "", what) for post, what in returned_by_post(report)]


def _disputed(report: Report) -> Iterator[tuple[str, str]]:
    """(“Đồn A và Đồn B”, “cuộc tuần tra chung ngày …”) of the joint activities on whose figures posts differ"""
    for deed in [deed for deed in report.joint if deed.disputed][:MOST]:
        yield _together(deed.posts), deed_named(deed)


def _together(posts: Sequence[str]) -> str:
    return _(" and ").join(posts) if len(posts) == 2 else _some(posts)


def _some(posts: Sequence[str]) -> str:
    more = len(posts) - MOST_URGED
    named = ", ".join(posts[:MOST_URGED])
    return f"{named}, {counted('{n} more post', '{n} more posts', more)}" if more > 0 else named


def _left(plan: PlanProgress) -> str:
    """“480 ngày công”; “khoảng 480 ngày công” where some of what was done is known so; “không quá 480 ngày công” where
    some of it is told in words, and so is not in the number."""
    sure = _("about {amount}") if plan.figure.approximate else "{amount}"
    most = _("at most {amount}").format(amount=sure) if plan.figure.in_words else sure
    return _amount(plan, plan.target - plan.done, most)


def _amount(plan: PlanProgress, value: int, sure: str = "{amount}") -> str:
    """“480 ngày công”, “2.100 kg gạo”; of a kind: “480 ngày công (giúp dân lao động sản xuất)”"""
    title, kind = measure_and_kind(plan.title)
    amount = sure.format(amount=amount_in_words(value, plan.figure.decimals, plan.figure.unit))
    text = f"{title} {amount}" if plan.figure.unit == MONEY else of_unit(amount, plan.figure.unit, title)
    return f"{text} ({kind})" if kind else text


def _plans_next(store: Store, report: Report) -> list[PlanProgress]:
    """The plans that begin on the day after the period, and are no longer than it."""
    period = report.query.period
    if report.query.unit is not None or period.last == date.max:
        return []
    after = period.last + timedelta(days=1)
    longest = after + (period.last - period.first) + timedelta(days=3)
    plans = store.rows(
        "SELECT * FROM plan WHERE voided_at IS NULL AND date_from = ? AND date_to <= ?"
        " AND for_post_id IS ? ORDER BY date_to, id",
        [after.isoformat(), longest.isoformat(), _post_id(store, report)],
    )
    return plan_progress(store, report.query, plans)


def _post_id(store: Store, report: Report) -> str | None:
    post = find_post(store, report.query)
    return post["id"] if post else store.identity.post_id


_IN_TIME: Mapping[MatterType, Callable[[], str]] = {
    "information_exchange": lambda: _("exchange of information"),
    "advice_to_committee": lambda: _("advice to committees"),
    "problem_on_the_spot": lambda: _("solving problems on the spot"),
    "support_request": lambda: _("answering requests for support"),
}
