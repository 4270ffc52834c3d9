"""Headquarters' own templates: taken in, checked at once, and sent to posts like all reference data."""

import base64
from collections.abc import Mapping
from pathlib import Path

from fieldapp.domain.records import BY_KIND
from fieldapp.domain.reference import PaperTemplate
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.records.reading import columns_of, read_record
from fieldapp.reports.papers.paper import check
from fieldapp.reports.papers.templates import Template, read_template
from fieldapp.store import wall
from fieldapp.store.ids import new_id
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import search_key, tidy


def take_in(store: Store, path: Path, *, kind: str, code: str, name: str = "") -> str:
    """Store a template of headquarters' own, for its posts too; returns its id.

    It stands from now on for an older one with its code. Raises FieldappError, and stores nothing, where it is no Word
    document, has a field that records of the kind do not have, or one that cannot be filled where it stands.
    """
    scope = records.writable_scope(store, PaperTemplate)
    if kind not in BY_KIND or not BY_KIND[kind].TOP:
        records.model_of(kind)
        raise FieldappError(_("Records of this kind are entered with the record that they belong to."))
    content = read_template(path)
    check(store, Template(code, name, kind, content), path.name)
    given: Mapping[str, str] = {
        "code": "_".join(search_key(code).split()),
        "name": tidy(name) or tidy(path.stem.replace("_", " ")),
        "record_kind": kind,
        "content": base64.b64encode(content).decode(),
    }
    with store.transaction():
        values = columns_of(read_record(store, PaperTemplate, given))
        values |= {"id": new_id(scope), "created_at": wall.instant(), "created_by": store.user}
        for row in store.rows("SELECT id FROM paper_template WHERE code = ? AND voided_at IS NULL", [given["code"]]):
            records.void(store, row["id"], _("replaced by a newer one"))
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        store.db.execute(f"INSERT INTO paper_template ({names}) VALUES ({marks})", [*values.values()])
    return str(values["id"])


def retire(store: Store, template: Template) -> None:
    """Take a template of headquarters' own out of use."""
    if not template.id:
        raise FieldappError(
            _("This template comes with the program and stays. One of your own with its code replaces it.")
        )
    records.void(store, template.id, _("retired"))
