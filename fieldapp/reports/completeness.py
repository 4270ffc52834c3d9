"""How complete a report is, in words: one line of the letter. ``narrative.left_out`` has what a machine says of it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

from fieldapp.domain.dates import format_date
from fieldapp.domain.sentences import as_sentence
from fieldapp.i18n import _, counted
from fieldapp.reports.coverage import NotReported
from fieldapp.reports.query import Period
from fieldapp.reports.report import Report

FEW = 3
"""Posts and months that are named one by one"""


def completeness_line(report: Report) -> str:
    """Whose records the figures are from, up to which day, and what they lack."""
    return as_sentence("; ".join([_whose(report), *_lacking(report)]))


def _whose(report: Report) -> str:
    day = format_date(report.query.today)
    post = report.post or report.reported.own
    if post is not None:
        return _("the figures are from the records of {post} up to {day}").format(post=post, day=day)
    posts = counted("{n} post", "{n} posts", report.reported.posts)
    if report.reported.complete:
        return _("the figures are from the complete reports of {posts} up to {day}").format(posts=posts, day=day)
    return _("the figures are from the reports of {posts} up to {day}").format(posts=posts, day=day)


def _lacking(report: Report) -> Iterator[str]:
    c = report.completeness
    missing = report.reported.missing
    for post in missing[:FEW]:
        yield from not_reported_texts(report, post)
    if len(missing) > FEW:
        more = len(missing) - FEW
        yield counted("{n} more post has not reported all", "{n} more posts have not reported all", more)
    if c.returned + c.undecided:
        yield counted(
            "{n} record that is being corrected is not counted", "{n} records that are being corrected are not counted",
            c.returned + c.undecided,
        )  # fmt: skip
    if c.waiting:
        yield _("what has not arrived completely is not counted")
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
    if c.joint_deeds:
        yield counted(
            "{n} joint activity of several posts counts once", "{n} joint activities of several posts count once each",
            c.joint_deeds,
        )  # fmt: skip


def not_reported_texts(report: Report, post: NotReported) -> Iterator[str]:
    """“Đồn Bo Heng chưa báo cáo tháng 11/2026”"""
    if post.nothing:
        yield _("{post} has not reported {months}").format(post=post.name, months=months_named(report, post.nothing))
    if post.partly:
        yield _("{post} has not reported all of {months}").format(
            post=post.name, months=months_named(report, post.partly)
        )


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
