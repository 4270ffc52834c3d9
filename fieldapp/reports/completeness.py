"""How complete a report is, in words: one line of the letter. ``narrative.left_out`` has what a machine says of it."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

from fieldapp.domain.dates import format_date
from fieldapp.domain.sentences import as_sentence
from fieldapp.i18n import _, counted
from fieldapp.reports.coverage import NotReported
from fieldapp.reports.query import Period
from fieldapp.reports.report import Report

FEW = 3
"""Months that are named one by one"""


MOST = 8
"""Posts that are named with the day up to which they are known"""


def completeness_line(report: Report) -> str:
    """Whose records the figures are from, up to which day, and what they lack; a sentence for each."""
    return " ".join(map(as_sentence, ["; ".join([_whose(report), *_known_until(report)]), *_lacking(report)]))


def _whose(report: Report) -> str:
    day = format_date(min(report.query.today, _alone(report) or report.query.today))
    post = report.post or report.reported.own
    if post is not None:
        return _("the figures are from the records of {post} up to {day}").format(post=post, day=day)
    posts = counted("{n} post", "{n} posts", report.reported.posts)
    if report.reported.complete:
        return _("the figures are from the complete reports of {posts} up to {day}").format(posts=posts, day=day)
    return _("the figures are from the reports of {posts} up to {day}").format(posts=posts, day=day)


def _alone(report: Report) -> date | None:
    """The day up to which the only post of a report is known, where it is before the report's."""
    behind = report.reported.behind
    return behind[0].until if report.post is not None and len(behind) == 1 and not behind[0].part else None


def _known_until(report: Report) -> Iterator[str]:
    """“số liệu của Đồn Bo Heng, một phần Đồn Hòa Hiệp mới nhận đến ngày 18/11/2026”, the newest day first."""
    if _alone(report):
        return
    behind = sorted(report.reported.behind, key=lambda post: post.until or date.min)
    groups: dict[date | None, list[str]] = {}
    for post in sorted(behind[:MOST], key=lambda post: (post.until or date.min, not post.part), reverse=True):
        groups.setdefault(post.until, []).append(
            _("a part of {post}").format(post=post.name) if post.part else post.name
        )
    for day, posts in groups.items():
        named = ", ".join(posts)
        if day is None:
            yield _("nothing was received of {posts}").format(posts=named)
        else:
            yield _("of {posts}, figures were received up to {day} only").format(posts=named, day=format_date(day))
    more = {post.post_id for post in behind[MOST:]} - {post.post_id for post in behind[:MOST]}
    if more:
        yield counted(
            "of {n} more post, not up to that day either", "of {n} more posts, not up to that day either", len(more)
        )


def _lacking(report: Report) -> Iterator[str]:
    c = report.completeness
    if waits := waiting_texts(report):
        yield _("not counted: {what}").format(what=", ".join(waits))
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
    yield from disputed_texts(report)
    if c.joint_deeds:
        yield counted(
            "{n} joint activity of several posts counts once", "{n} joint activities of several posts count once each",
            c.joint_deeds,
        )  # fmt: skip


def waiting_texts(report: Report) -> list[str]:
    """What waits, in the words of the letter and its annex alike; nothing is said of what does not."""
    c = report.completeness
    texts = (
        (c.returned, counted(
            "{n} item returned and not corrected yet", "{n} items returned and not corrected yet", c.returned)),
        (c.undecided, counted("{n} item to be decided", "{n} items to be decided", c.undecided)),
        (c.waiting, counted(
            "{n} delivery that is not read in yet", "{n} deliveries that are not read in yet", c.waiting)),
    )  # fmt: skip
    return [text for number, text in texts if number]


def disputed_texts(report: Report) -> Iterator[str]:
    """“hoạt động phối hợp TTC-11, số lượt: đồn A 40, đồn B 45; tính 40” of each measure on which posts do not agree."""
    for one in report.completeness.disputed:
        text = _("joint activity {reference}, {measure}: posts differ ({said}), it is being checked; {counted} counts")
        yield text.format(
            reference=one.reference,
            measure=one.measure,
            said=", ".join(f"{post} {amount}" for post, amount in one.said),
            counted=_("the {amount} of {post}").format(post=one.said[0][0], amount=one.said[0][1]),
        )


def not_reported_texts(report: Report, post: NotReported) -> Iterator[str]:
    """“Đồn Bo Heng chưa báo cáo tháng 11/2026”; what is earlier first."""
    texts = (
        (post.partly, _("{post} has not reported all of {months}")),
        (post.nothing, _("{post} has not reported {months}")),
    )
    for months, text in sorted((t for t in texts if t[0]), key=lambda t: t[0][0].first):
        yield text.format(post=post.name, months=months_named(report, months))


def months_named(report: Report, months: Sequence[Period]) -> str:
    """“tháng 11/2026”, “tháng 10, tháng 11/2026”, “quý IV/2026” where it is all of the period."""
    if list(months) == report.query.period.months():
        return report.query.period.title
    same_year = {month.first.year for month in months} == {months[-1].first.year}
    end = f"/{months[-1].first.year}" if same_year else ""
    titles = [*(month.title.removesuffix(end) for month in months[:-1]), months[-1].title]
    if len(months) <= FEW:
        return ", ".join(titles)
    if all(one.last + timedelta(days=1) == other.first for one, other in pairwise(months)):
        return _("{first} to {last}").format(first=titles[0], last=titles[-1])
    return _("{n} months, of them {month} the last").format(n=len(months), month=months[-1].title)
