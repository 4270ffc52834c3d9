"""How complete a report is, in words: one line of the letter. ``narrative.left_out`` has what a machine says of it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

from msgspec import Struct

from fieldapp.domain.dates import format_date
from fieldapp.domain.sentences import as_sentence
from fieldapp.i18n import _, counted
from fieldapp.reports.coverage import RECENT, Behind
from fieldapp.reports.figures import Figure
from fieldapp.reports.joint import JointDeed
from fieldapp.reports.query import Period
from fieldapp.reports.report import Report
from fieldapp.vietnamese.text import sort_key

FEW = 3
"""Months that are named one by one"""


MOST = 8
"""Posts that are named with the day up to which they are known"""

MOST_RETURNED = 6
"""Returned records that are named one by one"""


def completeness_line(report: Report) -> str:
    """Whose records the figures are from, up to which day, and what they lack; a sentence for each."""
    return " ".join(completeness_sentences(report))


def completeness_sentences(report: Report, *, disputes: bool = True) -> list[str]:
    """The sentences of ``completeness_line``; without ``disputes`` where the table's mark tells them."""
    said = [_nothing_of(report) or _known(report), *_lacking(report), *(disputed_texts(report) if disputes else ())]
    return [*map(as_sentence, said)]


def _known(report: Report) -> str:
    return "; ".join([_whose(report), *_known_until(report)])


def _nothing_of(report: Report) -> str:
    """“đến ngày 30/11/2026 chưa nhận được số liệu tháng 11/2026 của Đồn Bo Heng”, of the only post of a report."""
    behind, post = report.reported.behind, report.post or report.reported.only
    if post is None or len(behind) != 1 or behind[0].part or _within(report, behind[0].until):
        return ""
    if behind[0].post_id in report.completeness.waiting_posts:
        return ""
    text = _("up to {day} no figures of {period} were received of {post}")
    return text.format(day=format_date(report.query.today), period=report.query.period.title, post=behind[0].name)


def _within(report: Report, until: date | None) -> date | None:
    """The day up to which a post is known; None where that is before the period."""
    return until if until is not None and until >= report.query.period.first else None


def _whose(report: Report) -> str:
    """“số liệu tổng hợp từ báo cáo của 12 đồn, tính đến ngày 30/11/2026”; of a period that is over, the day is that on
    which it was put together."""
    until, own = _alone(report), report.reported.own
    post = report.post or own or report.reported.only
    if post is not None:
        source = (_("the records of {post}") if own else _("the reports of {post}")).format(post=post)
    else:
        posts = counted("{n} post", "{n} posts", report.reported.posts)
        source = _("the complete reports of {posts}") if report.reported.complete else _("the reports of {posts}")
        source = source.format(posts=posts)
    day, period = format_date(until or as_of(report)), report.query.period
    if until is None and report.query.today > period.last:
        text = _("the figures of {period}, put together on {day} from {source}")
        return text.format(period=period.title, day=format_date(report.query.today), source=source)
    return _("the figures are from {source} up to {day}").format(source=source, day=day)


def as_of(report: Report) -> date:
    """The day up to which the figures of a period that is not over are told."""
    return report.reported.as_of or report.query.today


def _alone(report: Report) -> date | None:
    """The day up to which the only post of a report is known, where it is before the report's."""
    behind = report.reported.behind
    alone = (report.post or report.reported.only) is not None and len(behind) == 1 and not behind[0].part
    return behind[0].until if alone else None


def _known_until(report: Report) -> Iterator[str]:
    """“riêng số liệu của Đồn Bo Heng và một phần số liệu của Đồn Hòa Hiệp mới có đến hết ngày 18/11/2026; số liệu của
    Đồn A mới có đến hết ngày 21/10/2026”, the newest day first; then of whom nothing was received."""
    if _alone(report):
        return
    behind = sorted(report.reported.behind, key=lambda post: post.until or date.min)
    groups: dict[date | None, list[Behind]] = {}
    for post in sorted(behind[:MOST], key=lambda post: post.until or date.min, reverse=True):
        groups.setdefault(_within(report, post.until), []).append(post)
    elsewhere = report.completeness.waiting_elsewhere  # what has come of such a laptop is of other periods
    nothing = [post for post in groups.pop(None, []) if not (post.part and post.post_id in elsewhere)]
    text = _("but {whose} were received up to {day} only")
    for day, posts in groups.items():
        yield text.format(whose=_figures_of(posts), day=format_date(day or date.min))
        text = _("{whose} were received up to {day} only")
    here = [post for post in nothing if post.post_id in report.completeness.waiting_posts]
    for posts, text in (
        ([post for post in nothing if post not in here], _("not received: {whose}")),
        (here, _("not put together yet: {whose}")),
    ):
        if posts:
            yield text.format(whose=_figures_of(posts))
    more = {post.post_id for post in behind[MOST:]} - {post.post_id for post in behind[:MOST]}
    if more:
        yield counted(
            "of {n} more post, not up to that day either", "of {n} more posts, not up to that day either", len(more)
        )


def _figures_of(posts: Sequence[Behind]) -> str:
    """“số liệu của Đồn A, Đồn B và một phần số liệu của Đồn C”"""
    wholly = ", ".join(post.name for post in posts if not post.part)
    in_part = ", ".join(post.name for post in posts if post.part)
    texts = [_("the figures of {posts}").format(posts=wholly)] if wholly else []
    texts += [_("a part of the figures of {posts}").format(posts=in_part)] if in_part else []
    return _(" and ").join(texts)


def _lacking(report: Report) -> Iterator[str]:
    c = report.completeness
    yield from uncounted_texts(report, told={post.post_id for post in report.reported.behind})
    if c.without_figure:
        yield counted(
            "{n} activity without a known amount is not added up",
            "{n} activities without a known amount are not added up", c.without_figure,
        )  # fmt: skip
    if c.of_other_kinds:
        yield counted(
            "{n} figure that does not belong to its activity is not counted",
            "{n} figures that do not belong to their activities are not counted", c.of_other_kinds,
        )  # fmt: skip
    if c.unassigned:
        yield counted(
            "{n} record is of an area that is not clear", "{n} records are of areas that are not clear", c.unassigned
        )
    yield from _joint_texts(report)


def uncounted_texts(report: Report, also: Sequence[str] = (), told: Collection[str] = ()) -> Iterator[str]:
    """What waits, in the words of the letter and its annex alike; nothing is said of what is not there. ``also``: what
    else waits. ``told``: posts of which it was said that figures are missing."""
    if waits := [*_waiting(report, told), *also]:
        yield _("not counted: {what}").format(what="; ".join(waits))


def _waiting(report: Report, told: Collection[str]) -> list[str]:
    c = report.completeness
    sent = [name for post_id, name in c.waiting_posts.items() if post_id not in told]
    come = _("figures of {posts} that have come and are not put together yet").format(posts=", ".join(sent))
    others = counted(
        "{n} delivery that is not read in yet", "{n} deliveries that are not read in yet", c.waiting_others
    )
    texts = (
        (c.returned, _returned(report)),
        (c.undecided, counted("{n} item to be decided", "{n} items to be decided", c.undecided)),
        (len(sent), come),
        (c.waiting_others, others),
    )  # fmt: skip
    return [text for number, text in texts if number]


def _returned(report: Report) -> str:
    """“số liệu buổi tuyên truyền ngày 12/11/2026 của Đồn A, … (đã yêu cầu chỉnh sửa, đồn chưa gửi lại)”"""
    c = report.completeness
    named = "; ".join(
        _("{what} of {post}").format(what=what, post=post) if post else what for post, what in returned_by_post(report)
    )
    if more := c.returned - len(c.returned_records[:MOST_RETURNED]):
        named = f"{named}; {counted('{n} more item', '{n} more items', more)}"
    text = _("the figures of {items} (returned, to be corrected and sent again by the post)")
    if c.returned > 1:
        text = _("the figures of {items} (all of these returned, to be corrected and sent again by the post)")
    if report.reported.own:
        text = _("the figures of {items} (asked to be corrected, not sent again yet)")
    return text.format(items=named)


def returned_by_post(report: Report) -> list[tuple[str, str]]:
    """(post, “buổi tuyên truyền ngày 12/11/2026, …”) of what headquarters returned, by the alphabet; the post is empty
    where the report is of one."""
    found: dict[str, list[str]] = {}
    for one in report.completeness.returned_records[:MOST_RETURNED]:
        day = format_date(date.fromisoformat(one.day)) if one.day else ""
        text = _("{deed} on {day}").format(deed=one.what, day=day) if day else one.what
        found.setdefault(one.post, []).append(text)
    return [(post, listed(texts)) for post, texts in found.items()]


def listed(texts: Sequence[str]) -> str:
    """“A, B và C”"""
    return _(" and ").join([text for text in (", ".join(texts[:-1]), *texts[-1:]) if text])


def _joint_texts(report: Report) -> Iterator[str]:
    """“Cuộc tuần tra chung ngày 05/11/2026 do 2 đồn (Đắk Ruê, Xuân Hòa) phối hợp thực hiện, chỉ tính một
    lần”, of each."""
    if any(figure.shared for figure in report.figures):  # the star in the table of a part says it
        return
    for deed in report.joint[:MOST]:
        name = deed_named(deed)
        if len(deed.posts) > 1:
            posts = counted("{n} post", "{n} posts", len(deed.posts))
            text = _("the {deed} was carried out together by {posts} ({names}) and counts once")
            yield text.format(deed=name, posts=posts, names=", ".join(deed.posts))
        else:
            text = _("the {deed} was carried out by {post} together with other posts and counts once")
            yield text.format(deed=name, post=deed.posts[0])
    if more := len(report.joint[MOST:]):
        yield counted("{n} more joint activity counts once", "{n} more joint activities count once each", more)


def deed_named(deed: JointDeed) -> str:
    """“cuộc tuần tra chung ngày 05/11/2026”, “… từ ngày 05/11/2026 đến ngày 06/11/2026”: the period may have others
    that are not joint."""
    first, last = (format_date(date.fromisoformat(day)) for day in (deed.first, deed.last))
    if first == last:
        return _("{deed} on {day}").format(deed=deed.name, day=last)
    return _("{deed} from {first} to {last}").format(deed=deed.name, first=first, last=last)


def disputed_texts(report: Report, figure: Figure | None = None) -> Iterator[str]:
    """“Số lượt người tham gia của cuộc tuần tra chung chưa thống nhất …”: of each measure on which posts differ;
    ``figure``: of those alone that are in it."""
    text = _(
        "{posts} differ about the {what} of the {deed} ({said}); until they agree, the figure of {post} counts, which"
        " reported first"
    )
    for deed in report.joint:
        for measure_id, (what, one) in deed.disputed.items():
            if figure is not None and not (deed.is_in(figure) and measure_id == figure.measure_id):
                continue
            number = counted("{n} post", "{n} posts", len(one.said))
            said = "; ".join(f"{post}: {amount}" for post, amount in one.said)
            yield text.format(what=what, deed=deed_named(deed), said=said, posts=number, post=one.said[0][0])


class Owed(Struct, frozen=True):
    """What a post has to send: the months of the period of which figures are missing."""

    post: str
    nothing: Sequence[Period]
    """months of which there is nothing"""
    rest: Sequence[Period]
    """months of which a part is there; they are before the others"""
    in_part: bool
    """whether what is missing lies between what is there, not behind it"""
    until: date | None = None
    """the last day of which all is known, where what is missing is all that is behind it"""


def owed(report: Report) -> list[Owed]:
    """By the alphabet. Of what is missing since the last days, nobody is reminded: a stick travels so long."""
    today = as_of(report)
    begun = [m for m in report.query.period.months() if m.first + timedelta(days=RECENT) <= today or m.last <= today]
    missing = {post.post_id: post for post in report.reported.missing}
    names = {post_id: post.name for post_id, post in missing.items()}
    months = {post_id: {*post.nothing, *post.partly} for post_id, post in missing.items()}
    until: dict[str, date | None] = {}
    in_part: set[str] = set()
    earliest: dict[str, date | None] = {}
    for post in report.reported.behind:
        until[post.post_id] = max(filter(None, [until.get(post.post_id), post.until]), default=None)
        since = earliest.get(post.post_id, post.until)
        earliest[post.post_id] = min(since, post.until) if since and post.until else None
        new = post.until is None and not post.part and post.post_id not in missing
        c = report.completeness
        new |= post.until is None and post.post_id in {*c.waiting_posts, *c.waiting_elsewhere}  # here: nobody owes it
        if new or (post.until is not None and (today - post.until).days <= RECENT):
            continue
        names[post.post_id] = post.name
        months.setdefault(post.post_id, set()).update(m for m in begun if post.until is None or m.last >= post.until)
        in_part |= {post.post_id} if post.part else set()
    found = []
    for post_id in sorted(months, key=lambda post_id: sort_key(names[post_id])):
        last, partly = until.get(post_id), missing[post_id].partly if post_id in missing else ()
        between = post_id in in_part
        rest = [m for m in months[post_id] if between or m in partly or (last is not None and m.first <= last)]
        nothing = months[post_id].difference(rest)
        since = earliest.get(post_id) if between or len(rest) <= 1 else None
        found.append(Owed(names[post_id], _in_order(nothing), _in_order(rest), between or len(rest) > 1, since))
    return found


def _in_order(months: Iterable[Period]) -> list[Period]:
    return sorted(months, key=lambda month: month.first)


def not_reported_text(report: Report, missing: Sequence[Owed]) -> str:
    """“Đồn A, Đồn B báo cáo tháng 11/2026 chưa đầy đủ; Đồn C chưa báo cáo tháng 11/2026”; empty where none is missing.
    What is told of several posts, or of one post, is told once."""
    told: dict[str, list[str]] = {}
    for post in missing:
        texts = (
            (post.rest, _("{post} has not reported all of {months}")),
            (post.nothing, _("{post} has not reported {months}")),
        )
        said = (
            text.format(post="", months=months_named(report, months)).strip()
            for months, text in sorted((t for t in texts if t[0]), key=lambda t: t[0][0].first)
        )
        told.setdefault(", ".join(said), []).append(post.post)
    text = "; ".join(f"{', '.join(posts)} {said}" for said, posts in told.items())
    if len(missing) <= 1:
        return text
    day = format_date(report.query.today)
    return _("up to {day}, a number of posts have not sent all figures: {what}").format(day=day, what=text)


def to_be_sent(report: Report, post: Owed) -> str:
    """“số liệu từ ngày 22/10 đến ngày 31/10/2026 và toàn bộ tháng 11/2026”"""
    texts = []
    if post.rest:
        last = min(post.rest[-1].last, as_of(report))
        if post.until is None or post.until >= last:
            texts.append(_("the missing figures of {months}").format(months=months_named(report, post.rest)))
        else:
            first = format_date(post.until + timedelta(days=1))
            if post.until.year == last.year:
                first = first.removesuffix(f"/{last.year}")
            text = (
                _("the missing figures from {first} to {last}")
                if post.in_part
                else _("the figures from {first} to {last}")
            )
            texts.append(text.format(first=first, last=format_date(last)))
    if post.nothing:
        text = _("all of {months}") if texts else _("the figures of {months}")
        texts.append(text.format(months=months_named(report, post.nothing)))
    return _(" and ").join(texts)


def months_named(report: Report, months: Sequence[Period]) -> str:
    """“tháng 11/2026”, “tháng 10, tháng 11/2026”, “quý IV/2026” where it is all of the period."""
    if list(months) == report.query.period.months():
        return report.query.period.title
    same_year = {month.first.year for month in months} == {months[-1].first.year}
    end = f"/{months[-1].first.year}" if same_year else ""
    titles = [*(month.title.removesuffix(end) for month in months[:-1]), months[-1].title]
    if len(months) <= FEW:
        return listed(titles)
    if all(one.last + timedelta(days=1) == other.first for one, other in pairwise(months)):
        return _("{first} to {last}").format(first=titles[0], last=titles[-1])
    return _("{n} months, of them {month} the last").format(n=len(months), month=months[-1].title)
