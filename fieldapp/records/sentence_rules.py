"""Sentence patterns are checked when they are saved, so that a report finds each amount that they ask for."""

from fieldapp.domain import sentences
from fieldapp.domain.model import Record
from fieldapp.domain.reference import ActivityKind, Measure
from fieldapp.i18n import _
from fieldapp.store.store import Store


def sentence_problem(store: Store, record: Record) -> dict[str, str]:
    """``sentence`` -> what is wrong with the pattern of a kind of activity or of a measure; empty where nothing is."""
    if not isinstance(record, ActivityKind | Measure) or record.sentence is None:
        return {}
    try:
        places = list(sentences.names(sentences.parse(record.sentence)))
    except ValueError as error:
        return {"sentence": str(error)}
    if isinstance(record, Measure):
        known = {sentences.AMOUNT, sentences.NUMBER}
        message = _("“{names}” is not known here: a measure's sentence has {{amount}}, or {{n}} without the unit.")
    else:
        rows = store.rows("SELECT code, name FROM measure WHERE voided_at IS NULL")
        known = {sentences.key(name) for row in rows for name in row.values()}
        message = _("There is no measure “{names}”. Write the name of one that is recorded, or record it first.")
    unknown = dict.fromkeys(place.written for place in places if place.name not in known)
    return {"sentence": message.format(names="”, “".join(unknown))} if unknown else {}
