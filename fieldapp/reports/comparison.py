"""Figures beside those of the period before and beside a plan, in words: “tăng 12%”, “đạt 78% kế hoạch”.

What is not known is not compared: an amount that is missing is not zero, and words are no number. A period that is not
over, or of which posts still owe figures, is not compared with one that is whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from fieldapp.domain.amounts import MONEY, format_amount
from fieldapp.domain.sentences import as_sentence, within
from fieldapp.i18n import _
from fieldapp.reports.completeness import owed
from fieldapp.reports.figure_names import CALLED, SIZES, amount_in_words, named, whole_unit
from fieldapp.reports.figures import Figure
from fieldapp.reports.query import Period
from fieldapp.reports.report import PlanProgress, Report
from fieldapp.reports.sentences import of_unit

FEW = 20
"""Below this, a difference is told as a number: from 1 to 2 is no “100%”"""

MUCH_BEYOND = 200
"""Percent beyond a plan from which it is told how many times the plan was reached"""

MOST = 4
"""Figures that one sentence compares"""


def is_over(report: Report) -> bool:
    """Whether the last day of the period has come."""
    return report.query.today >= report.query.period.last


def is_comparable(report: Report) -> bool:
    """Whether the period is over, and nothing of it is missing of any post."""
    last = report.query.period.last
    known = all(post.until is not None and post.until >= last for post in report.reported.behind)
    return is_over(report) and known and not owed(report)


def subject(figure: Figure) -> str:
    """What a figure is about, within a sentence: “số ngày công”, “trị giá quà”."""
    if figure.code in _SUBJECTS:
        return _SUBJECTS[figure.code]()
    return named(figure.title, figure.unit)


_SUBJECTS: Mapping[str, Callable[[], str]] = {
    "members_introduced": lambda: _("number of party members introduced"),
    "meetings_held": lambda: _("number of cell meetings"),
    "information_exchange": lambda: _("number of exchanges of information"),
    "advice_to_committee": lambda: _("number of pieces of advice to committees"),
    "problem_on_the_spot": lambda: _("number of problems on the spot"),
    "support_request": lambda: _("number of requests for support"),
    "periodic_reviews": lambda: _("number of periodic reviews"),
    "final_reviews": lambda: _("number of final reviews"),
    "commendations": lambda: _("number of commendations"),
}
_COMPARED = frozenset({*_SUBJECTS, "cells_strengthened", "communes_strengthened", "hamlets_strengthened"})
"""The indicators that are compared: the others are parts of these"""
OF_THE_BORDER = frozenset({("border", "km"), ("border", "moc"), ("border", "ha")})
"""What no post makes longer or shorter: (section, code) of figures that are not compared, nor added up over the tasks
of which each may be on the same stretch"""


_IN_SECTION: Mapping[tuple[str, str], str] = {
    ("labour", "Hộ"): "Hộ được giúp đỡ",
    ("relief", "Hộ"): "Hộ bị ảnh hưởng",
    ("border", "Hộ"): "Hộ tham gia tự quản",
}
"""What a shipped measure is called where its section is not told: (section, name) -> name"""


def change(now: Figure, before: Figure) -> str | None:
    """“số ngày công tăng 12%”, “giảm 3 vụ”, “gạo tăng 5 kg”; None without two numbers, or without a change."""
    if now.value is None or before.value is None or now.in_words or before.in_words:
        return None
    difference = now.value - before.value
    about = now.approximate or before.approximate
    what = subject(now)
    if difference == 0:
        return None
    if is_few(before) or before.value == 0:
        amount = amount_in_words(abs(difference), now.decimals, now.unit)
        if now.unit not in SIZES and now.measure_id is not None:
            named = _IN_SECTION.get((now.section, now.title)) or CALLED.get(now.title, now.title)
            what, amount = "", of_unit(amount, now.unit, named)
    elif now.value >= 3 * before.value:
        times = format_amount(now.value * 10 // before.value, 1)
        text = _("{what} about {times} times as much") if about else _("{what} {times} times as much")
        return text.format(what=what, times=times)
    else:
        percent = (abs(difference) * 200 + before.value) // (2 * before.value)
        amount = f"{percent}%" if percent else _("less than 1%")
    if about:
        amount = _("about {amount}").format(amount=amount)
    words = (_("up by {amount}") if difference > 0 else _("down by {amount}")).format(amount=amount)
    return f"{what} {words}".lstrip()


def is_few(figure: Figure) -> bool:
    """Whether a figure is too small to be told in percent."""
    return figure.unit != MONEY and (figure.value or 0) < FEW * 10**figure.decimals


def changes(report: Report, figures: Sequence[Figure]) -> str:
    """“So với quý III/2026, số ngày công tăng 12%; số buổi giảm 3 buổi.” Empty where nothing can be compared."""
    if not is_comparable(report):
        return ""
    earlier_ones = {(f.section, f.code): f for f in report.before}
    told: list[tuple[str, str]] = []
    leads = [_("up by {amount}").format(amount=""), _("down by {amount}").format(amount="")]
    for figure in figures:
        earlier = earlier_ones.get((figure.section, figure.code))
        if earlier is None or (figure.measure_id is None and figure.code not in _COMPARED):
            continue
        if (figure.section, figure.code) in OF_THE_BORDER:
            continue
        words = change(figure, earlier)
        if words is not None:
            told.append((next((lead for lead in leads if words.startswith(lead)), ""), words))
    if not told:
        return ""
    text, last = "", ""
    for lead, words in told[:MOST]:  # “tăng 7 vụ, 13 đối tượng; số lượt người tham gia tăng 100%”
        more = f", {words.removeprefix(lead)}" if lead and lead == last else f"; {words}" if text else words
        text, last = text + more, lead
    before = report.query.period.before()  # its days stand once, at the head of the table
    named = _("the period before") if before.is_of_days else before.title
    return as_sentence(_("compared with {period}, {changes}").format(period=named, changes=text))


def period_named(period: Period) -> str:
    """“quý III/2026”; days are “kỳ trước (từ ngày 01/11/2026 đến ngày 09/11/2026)”."""
    if period.is_of_days:
        return _("the period before ({title})").format(title=period.title)
    return period.title


def plan_words(plan: PlanProgress, today: date, *, missed: bool = False) -> str:
    """“số ngày công đạt 90% kế hoạch năm 2026 (722/800 ngày công)”; ``missed``: “chỉ đạt 90%”."""
    figure, period, target = plan.figure, plan.period.title, _target(plan)
    about = subject(figure) if figure.code in _SUBJECTS else named(plan.title, figure.unit)
    if figure.value is None:
        sentence = _("{what}: the records say {words}, which cannot be compared with the plan for {period} ({target})")
        return sentence.format(what=about, words=_quoted(figure), period=period, target=target)
    if not figure.count and not plan.done:
        sentence = _("{what}: no result recorded yet against the plan for {period} ({target})")
        return sentence.format(what=about, period=period, target=target)
    beyond = (plan.done - plan.target) * 100 // plan.target
    if plan.done < plan.target or (figure.approximate and not beyond):
        text = _("reached only {percent} of the plan") if missed else _("reached {percent} of the plan")
        words = text.format(percent=_percent(plan))
    elif beyond >= MUCH_BEYOND:
        times = _("{times} times").format(times=format_amount(plan.done * 10 // plan.target, 1))
        words = _("came to {times} the plan").format(times=_doubted(times, figure))
    elif beyond:
        words = _("went {percent} beyond the plan").format(percent=_doubted(f"{beyond}%", figure))
    else:
        words = _("reached the plan")
    if today < plan.period.last:
        words = _("so far {words}").format(words=words)
    return _("{what} {words} for {period} ({done})").format(what=about, words=words, period=period, done=_done(plan))


def plan_result(plan: PlanProgress) -> str:
    """For a table: “722/800 ngày công (90%)”."""
    if plan.figure.value is None:
        return f"{_quoted(plan.figure)}/{_target(plan)}"
    return f"{_done(plan)} ({_percent(plan)})"


def _target(plan: PlanProgress) -> str:
    return amount_in_words(plan.target, plan.figure.decimals, whole_unit(plan.title, plan.figure.unit))


def _done(plan: PlanProgress) -> str:
    """“722/800 ngày công”, “120/2.000 lượt, chưa kể báo cáo ghi “hàng chục””"""
    unit = plan.figure.unit if plan.figure.unit == MONEY else ""
    number = replace(plan.figure, value=plan.done, unit=unit, shared=False, in_words=[]).text
    done = f"{number}/{_target(plan)}"
    if not plan.figure.in_words:
        return done
    return _("{done}, not counting what is recorded as {words}").format(done=done, words=_quoted(plan.figure))


def _percent(plan: PlanProgress) -> str:
    """“90%”; below one percent with a tenth: “0,8%”."""
    tenths = plan.done * 1000 // plan.target
    percent = format_amount(plan.percent) if plan.percent or not tenths else format_amount(tenths, 1)
    return _doubted(f"{percent}%", plan.figure)


def _quoted(figure: Figure) -> str:
    return ", ".join(f"“{within(words)}”" for words in figure.in_words)


def _doubted(percent: str, figure: Figure) -> str:
    """A percentage as sure as its figure: “khoảng 90%”; “ít nhất 90%” where some records give words besides."""
    if figure.approximate:
        percent = _("about {amount}").format(amount=percent)
    return _("at least {amount}").format(amount=percent) if figure.in_words else percent
