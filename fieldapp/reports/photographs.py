"""Photographs for the annex of a report: those at the records that it counts."""

from collections.abc import Collection

from msgspec import Struct

from fieldapp.domain.dates import format_date
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import attachments, pictures, words
from fieldapp.records.attachments import Attached
from fieldapp.reports.figures import records_with_files
from fieldapp.reports.query import Query
from fieldapp.store.store import Store

MOST = 90
"""Photographs in one report: thirty pages"""


class Offered(Struct, frozen=True):
    """A photograph that can be in the annex."""

    attached: Attached
    record: str
    """The record in words: what, when, where"""

    @property
    def title(self) -> str:
        """What stands below it: caption, day, and the record."""
        day = self.attached.taken_on
        said = [self.attached.caption, format_date(day) if day else None, self.record]
        return " · ".join(filter(None, said))


class Photograph(Struct, frozen=True):
    """A photograph of the annex, made for paper."""

    data: bytes
    """JPEG"""
    width: int
    height: int
    """in pixels"""
    title: str


def offered(store: Store, query: Query) -> list[Offered]:
    """The photographs that are here, of the records that the report counts, in the order of their days."""
    ids = sorted(records_with_files(store, query))
    found = [a for a in attachments.of_records(store, ids) if a.is_picture and a.state == "here"]
    kinds = {a.record_id: a.record_kind for a in found}
    labels: dict[str, str] = {}
    for kind in set(kinds.values()):
        labels |= words.labels_with_post(store, kind, [one for one, of in kinds.items() if of == kind])
    made = [Offered(a, labels[a.record_id]) for a in found]
    return sorted(made, key=lambda o: (str(o.attached.taken_on or o.attached.created_at), o.attached.id))


def photographs(store: Store, query: Query, chosen: Collection[str] | None) -> list[Photograph]:
    """The chosen photographs, made for paper. ``chosen``: ids of attached files; None for all that are offered.

    FieldappError for more than MOST, and for one that is damaged.
    """
    found = [o for o in offered(store, query) if chosen is None or o.attached.id in chosen]
    if len(found) > MOST:
        raise FieldappError(
            _(
                "The report would have {n} photographs; at most {most} fit. Choose fewer on the screen, or a shorter"
                " period."
            ).format(n=len(found), most=MOST)
        )
    made = []
    for one in found:
        data = attachments.content(store, one.attached.sha256)
        printed = pictures.printed(data) if data is not None else None
        if printed is not None:
            made.append(Photograph(*printed, title=one.title))
    return made
