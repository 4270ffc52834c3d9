"""Headquarters' desk: which posts to call, what to carry back to them, and what they owe.

Whatever an officer would otherwise keep on a slip of paper is computed here from the records, so that nothing of it
is forgotten and nothing stays after it is done.
"""

import json
from collections.abc import Collection, Iterator
from datetime import date
from textwrap import shorten

from fieldapp.domain.dates import format_date, read_instant
from fieldapp.i18n import _, counted
from fieldapp.records import reviews, words
from fieldapp.records.kinds import model_of
from fieldapp.store import wall
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import sort_key
from fieldapp.work.todo import MAX_LISTED, SENT_BACK, Todo, of_sorts, post_names, todo

POSTS = "posts"
"""``Todo.kind`` of a post that is to be called, its target; the grid of posts by months shows it"""
REFUSED = "refused"
"""``Todo.kind`` of a refused bundle, its target: it can be dismissed"""
REPLIES = "replies"
"""``Todo.kind`` of replies that are on no stick; the USB screen writes them"""
MAX_NAMES = 5
"""Most posts that are named in one line"""
RETURNED_DAYS = 10
"""Days for which a returned record is on its way, and the officer need not think of it"""
MAX_COMMENT = 80
"""Letters of a comment that a line shows"""


def everything(store: Store, today: date) -> list[Todo]:
    """All things to do, without what is carried back at last; at headquarters whom to call and what posts owe first."""
    if store.role != "hq":
        return todo(store, today)
    lately, long_ago = _returned(store, today)
    found = of_sorts(
        {"refused": _refused(store), "late": _late_posts(store, today), "returned": long_ago, SENT_BACK: lately}
    )
    return [*found, *todo(store, today)]


def _late_posts(store: Store, today: date) -> Iterator[Todo]:
    """The posts that have sent nothing for longer than is allowed, the longest silence first."""
    from fieldapp.reports import coverage

    limit = coverage.limit_days(store)
    for late in coverage.late_posts(store, today)[:MAX_LISTED]:
        text = _("{post}: no data for more than {days} days: call the post").format(post=late.name, days=limit)
        yield Todo("!", counted("{n} day", "{n} days", late.days), text, POSTS, late.post_id)


def without_bundle(store: Store, today: date, came: Collection[str | None]) -> list[str]:
    """One line with the late posts of which nothing is among what came; ``came``: ids of posts."""
    from fieldapp.reports import coverage

    late = [post for post in coverage.late_posts(store, today) if post.post_id not in came]
    if not late:
        return []
    words = _("{post} (no news for {days} days)")
    named = ", ".join(words.format(post=post.name, days=post.days) for post in late[:MAX_NAMES])
    return [_("No bundle from: {posts}").format(posts=named + (" …" if len(late) > MAX_NAMES else ""))]


def _refused(store: Store) -> Iterator[Todo]:
    """Bundles that were refused, until a later one of that laptop covers them or somebody dismisses them."""
    from fieldapp.sync.exchange import refused_bundles

    for found in refused_bundles.open_refusals(store)[:MAX_LISTED]:
        yield Todo("!", _("bundle refused"), found.sentence, REFUSED, found.id)


def post_of_refused(store: Store, refused_id: str) -> str | None:
    """The post whose bundle a refused file is, as far as that is known."""
    from fieldapp.sync.exchange import refused_bundles

    found = (one for one in refused_bundles.open_refusals(store) if one.id == refused_id and one.by is not None)
    return next((one.by.post_id for one in found if one.by is not None), None)


def unwritten_replies(store: Store) -> list[Todo]:
    """One line with the posts for which something was done here that no stick takes to them yet; none at a post. F9
    writes one reply for each of a post's laptops: where several wait, it is told."""
    if store.role != "hq":
        return []
    from fieldapp.sync.exchange import replies

    waiting, names = replies.unwritten(store), post_names(store)
    if not waiting:
        return []
    laptops: dict[str, int] = {}
    for peer in waiting:
        name = names.get(peer.post_id) or peer.title
        laptops[name] = laptops.get(name, 0) + 1
    told = [
        f"{name} ({counted('{n} laptop', '{n} laptops', laptops[name])})" if laptops[name] > 1 else name
        for name in sorted(laptops, key=sort_key)
    ]
    named = ", ".join(told[:MAX_NAMES]) + (" …" if len(told) > MAX_NAMES else "")
    text = _("not on a stick yet, F9 writes them: {posts}").format(posts=named)
    return [Todo("·", counted("{n} reply", "{n} replies", len(waiting)), text, REPLIES, "")]


def _returned(store: Store, today: date) -> tuple[list[Todo], list[Todo]]:
    """Records that were returned and not corrected since, the longest first: those of the last days, about which
    nothing is to be done yet, and those before."""
    posts = post_names(store)
    found = reviews.returned_records(store)[::-1][:MAX_LISTED]
    by_kind: dict[str, list[str]] = {}
    for review in found:
        by_kind.setdefault(review.kind, []).append(review.record)
    names = {kind: words.labels(store, kind, ids) for kind, ids in by_kind.items()}
    of_post = {
        row["id"]: row["post_id"]
        for kind, ids in by_kind.items()
        for row in store.rows(
            f"SELECT id, post_id FROM {kind} WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
        )
    }
    lately: list[Todo] = []
    long_ago: list[Todo] = []
    for review in found:
        since = _day_of(review.at)
        is_new = (today - since).days < RETURNED_DAYS
        title = _(model_of(review.kind).TITLE)
        text = _("{post}: returned, not corrected: {title} · {name}: “{comment}”").format(
            post=posts.get(of_post.get(review.record), ""),
            title=title,
            name=names[review.kind][review.record],
            comment=shorten(review.comment or "", MAX_COMMENT, placeholder=" …"),
        )
        line = Todo("·" if is_new else "↩", _since(since), text, review.kind, review.record)
        (lately if is_new else long_ago).append(line)
    return lately, long_ago


def _day_of(instant: str) -> date:
    moment = read_instant(instant)
    return wall.local_day(moment) if moment is not None else wall.today()


def _since(day: date) -> str:
    shown = format_date(day)
    return _("since {day}").format(day=shown[:5] if day.year == wall.today().year else shown)
