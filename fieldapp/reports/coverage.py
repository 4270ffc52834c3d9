"""Which posts are missing: for each post and month, what was recorded, received and reviewed; and its laptops.

A month is complete when headquarters has something that the post wrote after the month's end, and nothing from before
it is missing. Times come from the hybrid logical clock, because a laptop whose battery died writes 2010 on its bundles.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from fieldapp.domain.dates import format_date, read_instant
from fieldapp.domain.day_words import last_of_month
from fieldapp.errors import FieldappError
from fieldapp.i18n import _, counted
from fieldapp.records import reviews, wanted_files
from fieldapp.records.kinds import day_sql, model_of
from fieldapp.records.words import local_instant, post_names
from fieldapp.reports.query import Period
from fieldapp.store import wall
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import status
from fieldapp.sync.format import clock
from fieldapp.sync.merge import segment_state
from fieldapp.sync.peers import peers
from fieldapp.vietnamese.text import sort_key

MonthState = Literal["accepted", "received", "partly", "nothing", "late", "awaited", "before"]
"""``accepted``: complete, and every record is accepted. ``received``: complete. ``partly``: some of its records or days
are known. ``nothing``: complete, and nothing was recorded. ``late``: nothing has arrived, and the post is late.
``awaited``: nothing has arrived, and the post is not late. ``before``: headquarters did not have the post yet."""

MARKS: dict[MonthState, str] = {
    "accepted": "accepted",
    "received": "received",
    "partly": "in part",
    "nothing": "nothing recorded",
    "late": "late",
    "awaited": "awaited",
    "before": "not yet a post",
}
"""English message of each state"""

MONTHS = 6
LIMIT = "silent_days"
"""Local setting: the number of days without news after which a post is late"""
LIMIT_DAYS = 30


class Month(Struct, frozen=True):
    """One post's month."""

    month: str
    """2026-11"""
    records: int
    accepted: int
    """how many of them are accepted as they are now"""
    state: MonthState


class Laptop(Struct, frozen=True):
    """What is known of one laptop of a post."""

    replica_id: str
    name: str
    trust: str
    heard: str | None
    """day of its newest change or receipt that is known here; ISO"""
    program: str | None
    """version of the program, from its last receipt"""
    clock: str | None
    """what is wrong with its clock, as a sentence; None where nothing is"""


class PostCoverage(Struct, frozen=True):
    """One line of the grid."""

    post_id: str
    code: str
    name: str
    heard: str | None
    """the newest such day of any of its laptops; ISO"""
    silent_days: int | None
    """days since then, or since headquarters added the post; None where neither is known"""
    late: bool
    waiting: int
    """records that wait for review"""
    missing: list[str]
    """one sentence for each of its bundles and each part of its logs that waits or was refused, with the reason"""
    months: list[Month]
    laptops: list[Laptop]
    without_files: int = 0
    """activities of these months that lack a photograph or minute that their kind wants, and do not say why"""
    explained: int = 0
    """those that lack one, and say why there is none"""


class Coverage(Struct, frozen=True):
    """All posts: the late ones first, then by name."""

    today: str
    limit_days: int
    posts: list[PostCoverage]
    late: int
    """number of late posts"""


def limit_days(store: Store) -> int:
    """The number of days without news after which a post is late."""
    return int(store.setting(LIMIT, str(LIMIT_DAYS)) or LIMIT_DAYS)


def set_limit_days(store: Store, days: int) -> None:
    """Change the limit; FieldappError unless it is 1 to 366 days."""
    if not 1 <= days <= 366:
        raise FieldappError(_("The limit is 1 to 366 days."))
    store.set_setting(LIMIT, str(days))


def coverage(store: Store, today: date, months: int = MONTHS) -> Coverage:
    """The posts of this headquarters over ``months`` months, the current one last. FieldappError at a post."""
    if store.identity.role != "hq":
        raise FieldappError(_("Only headquarters sees all posts."))
    from fieldapp.sync.exchange import refused_bundles

    grid = _months(today, months)
    counts = _counts(store, Period(grid[0].first, grid[-1].last))
    waiting: dict[str, int] = {}
    for post_id, _kind, number in reviews.waiting_counts(store):
        waiting[post_id] = waiting.get(post_id, 0) + number
    limit = limit_days(store)
    laptops, gaps = _laptops(store), _gaps(store)
    refused: dict[str | None, list[str]] = {}
    for found in refused_bundles.open_refusals(store):
        if found.by is not None:
            refused.setdefault(found.by.post_id, []).append(found.sentence)
    without_files = wanted_files.lacking_by_post(store, grid[0].first, min(grid[-1].last, today))
    posts = []
    for row in _posts(store):
        about = laptops.get(row["id"], []), gaps, waiting.get(row["id"], 0), refused.get(row["id"], [])
        made = _post(store, row, grid, counts, *about, limit, today)
        lacking, explained = without_files.get(row["id"], (0, 0))
        posts.append(replace(made, without_files=lacking, explained=explained))
    posts.sort(key=lambda p: not p.late)
    return Coverage(today.isoformat(), limit, posts, sum(p.late for p in posts))


class NotReported(Struct, frozen=True):
    """A post of which months are missing."""

    post_id: str
    name: str
    nothing: list[Period]
    """months of which nothing has arrived"""
    partly: list[Period]
    """months of which some days or records may be missing"""


class Behind(Struct, frozen=True):
    """A post, or laptops of it, whose records are known here only up to a day before the report's."""

    post_id: str
    name: str
    until: date | None
    """the last day of which something is known; None where nothing has arrived"""
    part: bool
    """whether it is so of some of the post's laptops or records only"""


class Reported(Struct, frozen=True):
    """Whose records a report has."""

    posts: int
    """posts of which something has arrived"""
    missing: list[NotReported]
    complete: bool
    """whether the period is over, and nothing of it is missing of any post"""
    own: str | None = None
    """the post whose laptop this is; None at headquarters"""
    behind: Sequence[Behind] = ()
    """posts by name, each with its days; empty where all is known up to the report's day"""
    only: str | None = None
    """the name of the only post that headquarters has"""
    as_of: date | None = None
    """up to which day something of the period is known, where that is not the report's day: the other posts are behind
    this one"""


RECENT = 7
"""Days without news that need no urging: a stick travels so long"""


def reported(store: Store, period: Period, today: date, post_id: str | None = None) -> Reported:
    """The posts that have reported, and those of which headquarters lacks months of a period, by name. A month that
    goes on is missing only where nothing of it has arrived, and the post is late; none is missing that is known up to
    its last day, or of whose last days the stick may still be on its way.

    ``post_id``: of one post only. A post knows of itself alone.
    """
    if store.identity.role != "hq":
        return Reported(1, [], True, store.identity.post_name or store.identity.name)
    grid = [month for month in period.months() if month.first <= today]
    days, gaps, limit = _heard_by_post(store), _gaps(store), limit_days(store)
    heard = {id: max(known) for id, all_days in days.items() if (known := [day for day in all_days if day])}
    found: list[NotReported] = []
    behind: list[Behind] = []
    rows = [row for row in _posts(store) if post_id in (None, row["id"])]
    latest = max((heard[row["id"]] for row in rows if row["id"] in heard), default=today)
    as_of = latest if period.first <= latest < today else today
    recorded: set[tuple[str, str]] | None = None
    complete = period.last < today
    for row in rows:
        newest, added = heard.get(row["id"]), _added_on(row)
        whole = _known_until(newest, gaps.get(row["id"]))
        complete &= whole is not None and whole > period.last
        nothing: list[Period] = []
        partly: list[Period] = []
        behind += _behind(row, days.get(row["id"], []), gaps.get(row["id"]), period, as_of)
        silent = _silent_days(row, newest, today)
        for month in (m for m in grid if whole is None or whole < m.last):
            is_begun = whole is not None and whole >= month.first
            if is_begun and whole is not None and (today - whole).days <= RECENT:
                continue
            goes_on, is_new = month.last >= today, (today - month.first).days < RECENT
            if goes_on and (is_begun or is_new or silent is None or silent <= limit):
                continue
            if recorded is None:  # mostly every post has reported, and nobody asks
                recorded = _recorded(store, Period(grid[0].first, grid[-1].last))
            counted = (int((row["id"], f"{month.first:%Y-%m}") in recorded), 0)
            state = _state(month, counted, newest, whole, late=False, added=added)
            if state in ("awaited", "partly"):
                (nothing if state == "awaited" else partly).append(month)
        if nothing or partly:
            found.append(NotReported(row["id"], row["name"], nothing, partly))
    only = rows[0]["name"] if post_id is None and len(rows) == 1 else None
    posts = sum(row["id"] in heard for row in rows)
    return Reported(posts, found, complete and not behind, behind=behind, only=only, as_of=as_of)


def _behind(post: Row, days: Sequence[date | None], gap: date | None, period: Period, today: date) -> Iterator[Behind]:
    """The days up to which a post is known, where they are before the report's: the newest first, nothing last.

    ``days``: of each of its laptops. ``gap``: from which day on something that it sent waits for what is before it.
    """
    added = _added_on(post)
    if not any(days) and added is not None and added > period.last:
        return
    known = {*(days or [None])} if gap is None else {gap, *(day for day in days if day is None or day < gap)}
    part = len(known) > 1 or (gap is not None and len(days) > 1)
    for day in sorted(known, key=lambda day: day or date.min, reverse=True):
        if day is None or day < min(today, period.last + timedelta(days=1)):
            yield Behind(post["id"], post["name"], day, part)


def laptops_heard(store: Store, post_id: str | None = None) -> list[tuple[str, str, date | None]]:
    """(post, laptop, day of the newest that is known of it), by the alphabet; a post without a laptop has an empty
    one. ``post_id``: of one post only. A post knows of itself alone, and has none."""
    if store.identity.role != "hq":
        return []
    of_post: dict[str | None, list[tuple[str, date | None]]] = {}
    for row in _laptop_rows(store):
        moment = _heard_at(row)
        of_post.setdefault(row["post_id"], []).append((row["name"], wall.local_day(moment) if moment else None))
    posts = [row for row in _posts(store) if post_id in (None, row["id"])]
    return [(row["name"], laptop, day) for row in posts for laptop, day in of_post.get(row["id"], [("", None)])]


def heard_instants(store: Store) -> dict[str, datetime]:
    """Id of another laptop -> when it wrote the newest change or bundle that is known here."""
    return {row["id"]: moment for row in _laptop_rows(store) if (moment := _heard_at(row)) is not None}


def _heard_by_post(store: Store) -> dict[str, list[date | None]]:
    """Id of a post -> the day of the newest that is known of each of its laptops; None where nothing is."""
    found: dict[str, list[date | None]] = {}
    for laptop in _laptop_rows(store):
        if laptop["post_id"] is not None:
            moment = _heard_at(laptop)
            found.setdefault(laptop["post_id"], []).append(wall.local_day(moment) if moment else None)
    return found


def _recorded(store: Store, period: Period) -> set[tuple[str, str]]:
    """(post's id, month) in which something is recorded."""
    found: set[tuple[str, str]] = set()
    for kind in reviews.REVIEWED:
        day = day_sql(model_of(kind), "r")
        rows = store.rows(
            f"SELECT DISTINCT r.post_id, substr({day}, 1, 7) AS month FROM {kind} r"
            f" WHERE r.voided_at IS NULL AND {day} BETWEEN ? AND ?",
            [period.first.isoformat(), period.last.isoformat()],
        )
        found |= {(r["post_id"], r["month"]) for r in rows}
    return found


class LatePost(NamedTuple):
    """A post that has sent nothing for longer than is allowed."""

    name: str
    days: int
    post_id: str


def late_posts(store: Store, today: date) -> list[LatePost]:
    """The late posts, the longest silence first.

    A post with a laptop that waits to be certified is not late: it has sent something, and is called about that.
    """
    limit = limit_days(store)
    heard: dict[str, list[date]] = {}
    waiting: set[str | None] = set()
    for laptop in _laptop_rows(store):
        if laptop["trust"] == "pending":
            waiting.add(laptop["post_id"])
        if laptop["post_id"] is not None and (moment := _heard_at(laptop)) is not None:
            heard.setdefault(laptop["post_id"], []).append(wall.local_day(moment))
    found = []
    for row in _posts(store):
        days = _silent_days(row, max(heard.get(row["id"], []), default=None), today)
        if days is not None and days > limit and row["id"] not in waiting:
            found.append(LatePost(row["name"], days, row["id"]))
    return sorted(found, key=lambda late: -late.days)


def _posts(store: Store) -> list[Row]:
    """The posts in use, by name; each row's name is told apart from the others'."""
    rows, names = store.rows("SELECT * FROM post WHERE voided_at IS NULL ORDER BY id"), post_names(store)
    return sorted(({**row, "name": names[row["id"]]} for row in rows), key=lambda row: sort_key(row["name"]))


def _laptops(store: Store) -> dict[str | None, list[Laptop]]:
    """The laptops of each post, by name."""
    acknowledged = {
        (r["replica_id"], r["log_id"]): r["at"]
        for r in store.rows(
            "SELECT r.replica_id, r.log_id, max(c.at) AS at FROM local_receipt r, json_each(r.have) h"
            " JOIN local_log l ON l.id = h.key AND l.replica_id = ?"
            " JOIN local_change c ON c.log_id = l.id AND c.seq = json_extract(h.value, '$.last')"
            " GROUP BY r.replica_id, r.log_id",
            [store.identity.replica_id],
        )
    }
    called = {p.id: p.called for p in peers.others(store)}
    found: dict[str | None, list[Laptop]] = {}
    for row in _laptop_rows(store):
        heard = _heard_at(row)
        laptop = Laptop(
            row["id"],
            called[row["id"]],
            row["trust"],
            wall.local_day(heard).isoformat() if heard else None,
            row["program"],
            None if row["told"] is None else _clock(row, acknowledged.get((row["id"], row["log_id"]))),
        )
        found.setdefault(row["post_id"], []).append(laptop)
    return found


def _laptop_rows(store: Store) -> list[Row]:
    """All that is known of each laptop, in one query, for there may be a thousand.

    Each row has the laptop, its last receipt, and the clock of its newest applied change (``newest``). ``told`` is the
    receipt's clock; the receipt's columns are NULL where none came. ``elsewhere``: the clock of its newest bundle that
    another headquarters has read.
    """
    return store.rows(
        "SELECT p.id, p.name, p.trust, p.post_id, t.hlc AS told, t.log_id, t.at, t.heard_at, t.program, w.newest,"
        " (SELECT h.hlc FROM local_heard h WHERE h.replica_id = p.id) AS elsewhere FROM local_replica p"
        " LEFT JOIN (SELECT l.replica_id AS id, max(s.last_hlc) AS newest FROM local_log l JOIN local_segment s"
        "  ON s.log_id = l.id AND s.last = l.seq AND s.state = 'applied' GROUP BY l.replica_id) w USING (id)"
        " LEFT JOIN local_receipt t ON t.replica_id = p.id AND t.log_id = (SELECT n.log_id"
        "  FROM local_receipt n WHERE n.replica_id = p.id ORDER BY n.hlc DESC LIMIT 1)"
        " WHERE p.own = 0 AND p.trust <> 'revoked' ORDER BY p.name, p.id"
    )


def _heard_at(laptop: Row) -> datetime | None:
    """When a laptop wrote the newest change or bundle that is known here, or that another headquarters has read; None
    where there is none."""
    readings = [_moment(laptop["newest"], None)] if laptop["newest"] is not None else []
    readings += [_moment(laptop["told"], laptop["heard_at"])] if laptop["told"] is not None else []
    readings += [_moment(laptop["elsewhere"], None)] if laptop["elsewhere"] is not None else []
    return max(readings, default=None)


def _heard(laptops: Sequence[Laptop]) -> date | None:
    return max((date.fromisoformat(x.heard) for x in laptops if x.heard), default=None)


def _added_on(post: Row) -> date | None:
    begun = read_instant(post["created_at"])
    return begun.date() if begun else None


def _silent_days(post: Row, heard: date | None, today: date) -> int | None:
    since = heard or _added_on(post)
    return max((today - since).days, 0) if since else None


def _months(today: date, number: int) -> list[Period]:
    at = today.year * 12 + today.month - number
    first = date(at // 12, at % 12 + 1, 1)
    return Period(first, last_of_month(today)).months()


def _counts(store: Store, period: Period) -> dict[tuple[str, str], tuple[int, int]]:
    """(post's id, month) -> (records, those of them that are accepted as they stand)."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for kind in reviews.REVIEWED:
        day = day_sql(model_of(kind), "r")
        for r in store.rows(
            f"SELECT r.post_id, substr({day}, 1, 7) AS month, count(*) AS n, count(CASE WHEN l.outcome = 'accepted'"
            f" AND l.seen = {reviews.fingerprint_sql(kind, 'r')} THEN 1 END) AS accepted FROM {kind} r"
            " LEFT JOIN review l ON l.id = (SELECT n.id FROM review_latest n WHERE n.record_id = r.id)"
            f" WHERE r.voided_at IS NULL AND {day} BETWEEN ? AND ? GROUP BY 1, 2",
            [period.first.isoformat(), period.last.isoformat()],
        ):
            n, accepted = found.get((r["post_id"], r["month"]), (0, 0))
            found[(r["post_id"], r["month"])] = (n + r["n"], accepted + r["accepted"])
    return found


def _post(
    store: Store,
    row: Row,
    grid: Sequence[Period],
    counts: dict[tuple[str, str], tuple[int, int]],
    laptops: list[Laptop],
    gaps: dict[str, date],
    waiting: int,
    refused: Sequence[str],
    limit: int,
    today: date,
) -> PostCoverage:
    heard, added = _heard(laptops), _added_on(row)
    silent = _silent_days(row, heard, today)
    late = silent is not None and silent > limit and all(x.trust != "pending" for x in laptops)
    whole = _known_until(heard, gaps.get(row["id"]))
    months = []
    for period in grid:
        name = f"{period.first:%Y-%m}"
        n, accepted = counts.get((row["id"], name), (0, 0))
        months.append(Month(name, n, accepted, _state(period, (n, accepted), heard, whole, late=late, added=added)))
    missing = [*refused, *status.missing_segments_text(store, row["id"])]
    iso = heard.isoformat() if heard else None
    return PostCoverage(row["id"], row["code"], row["name"], iso, silent, late, waiting, missing, months, laptops)


def _known_until(heard: date | None, gap: date | None) -> date | None:
    """The day up to which nothing is missing of a post."""
    return min(heard, gap) if heard is not None and gap is not None else heard


def _state(
    period: Period, counted: tuple[int, int], heard: date | None, whole: date | None, *, late: bool, added: date | None
) -> MonthState:
    records, accepted = counted
    if whole is not None and whole > period.last:
        if records:
            return "accepted" if accepted == records else "received"
        return "before" if added is not None and added > period.last else "nothing"
    if records or (heard is not None and heard >= period.first):
        return "partly"
    if added is not None and added > period.last:
        return "before"
    return "late" if late else "awaited"


def _gaps(store: Store) -> dict[str, date]:
    """Scope (a post's id) -> the first day of which changes are known to be missing."""
    found: dict[str, date] = {}
    for r in store.rows(
        "SELECT s.scope, s.log_id, c.last_hlc AS hlc FROM local_segment s LEFT JOIN local_log l ON l.id = s.log_id"
        " LEFT JOIN local_segment c ON c.log_id = l.id AND c.last = l.seq AND c.state = 'applied'"
        " WHERE s.state = 'held' AND s.reason = ?",
        [segment_state.WAITS],
    ):
        moment = wall.local_day(_moment(_begun(r["log_id"]) if r["hlc"] is None else r["hlc"], None))
        found[r["scope"]] = min(moment, found.get(r["scope"], moment))
    return found


def _begun(log_id: str) -> int:
    """The clock when a log was begun, read from its id (a UUIDv7); for a log of which nothing is here."""
    try:
        return (UUID(log_id).int >> 80) << 16
    except ValueError:
        return 0


def _moment(hlc: int, heard_at: str | None) -> datetime:
    """When something was written, by its author's logical clock, but never later than it was read here."""
    latest = read_instant(heard_at) or wall.now()
    written = min(clock.milliseconds(hlc), round(latest.timestamp() * 1000))
    return wall.moment_of(written)


def _clock(laptop: Row, acknowledged: str | None) -> str | None:
    """What is wrong with the wall clock of a laptop, as its last bundle shows; None where nothing is.

    The clock is slow if it shows a time before the program was built, or before ``acknowledged``: the time of a change
    of ours that the laptop already had. The logical clock would not show it: one that runs ahead moves all others.
    """
    showed = read_instant(laptop["at"])
    if showed is None:
        return _("its clock cannot be read")
    tolerance = timedelta(milliseconds=clock.TOLERANCE_MS)
    heard_at = read_instant(laptop["heard_at"])
    ours = read_instant(acknowledged)
    if ours is None or (heard_at is not None and ours > heard_at + tolerance):  # our own clock was ahead then
        ours = clock.BUILT
    if showed + tolerance < max(clock.BUILT, ours):
        return _("its clock is slow: it showed {at}").format(at=local_instant(laptop["at"]))
    if heard_at is not None and showed > heard_at + tolerance:
        return _("its clock is fast: it showed {at}").format(at=local_instant(laptop["at"]))
    return None


def heard_words(post: PostCoverage) -> str:
    """The day of the last news from a post, in words."""
    return format_date(date.fromisoformat(post.heard)) if post.heard else _("never")


def post_details(post: PostCoverage, limit: int) -> list[str]:
    """The details of a post, a line each: silence, gaps, its laptops and their clocks."""
    found = []
    if post.late:
        sentence = _("No news from it for {n} days; {limit} are allowed.")
        found.append("! " + sentence.format(n=post.silent_days, limit=limit))
    found += [f"! {sentence}" for sentence in post.missing]
    if post.without_files:
        text = counted(
            "{n} activity lacks a photograph or minute",
            "{n} activities lack photographs or minutes",
            post.without_files,
        )
        found.append(f"· {text}")
    if post.explained:
        text = counted(
            "{n} activity says why it has no photograph or minute",
            "{n} activities say why they have no photograph or minute",
            post.explained,
        )
        found.append(f"· {text}")
    for laptop in post.laptops:
        heard = _("Laptop {name}: last news {day}") if laptop.heard else _("Laptop {name}: no news yet")
        day = format_date(date.fromisoformat(laptop.heard)) if laptop.heard else ""
        parts = [heard.format(name=laptop.name, day=day)]
        if laptop.trust == "pending":
            parts.append(_("waits to be certified"))
        if laptop.program:
            parts.append(_("version {version}").format(version=laptop.program))
        if laptop.clock:
            parts.append(laptop.clock)
        found.append(("! " if laptop.clock or laptop.trust == "pending" else "· ") + " · ".join(parts))
    return found or ["· " + _("No laptop of this post is known yet.")]
