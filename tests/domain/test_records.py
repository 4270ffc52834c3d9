"""Models and schema say the same: columns, types, nullability, enumerations."""

import re
from pathlib import Path

import pytest

from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.domain.validation import pydantic_model
from fieldapp.store.capture import META_COLUMNS
from fieldapp.store.migrations import schema_sql

FIELD_ONLY = ("post_id", "confirmed")
TYPES = {"text": "TEXT", "long": "TEXT", "date": "TEXT", "choice": "TEXT", "ref": "TEXT"}


def table(kind: str) -> dict[str, str]:
    """Column -> its definition in schema.sql."""
    found = re.search(rf"CREATE TABLE {kind} \((.*?)\n\) STRICT;", schema_sql(), re.DOTALL)
    assert found is not None, kind
    lines = re.sub(r",\n\s{8,}", ", ", found[1]).strip().split("\n")
    return {line.split()[0]: line.strip().rstrip(",") for line in lines}


@pytest.mark.parametrize("model", RECORDS, ids=lambda m: m.KIND)
def test_model_and_table_agree(model: type[Record]) -> None:
    columns = table(model.KIND)
    meta = [c for c in META_COLUMNS if c not in FIELD_ONLY or not model.REFERENCE]
    assert list(columns) == meta + [shape.name for shape in fields_of(model)]
    for shape in fields_of(model):
        definition = columns[shape.name]
        assert definition.split()[1] == TYPES.get(shape.type, "INTEGER")
        nullable = type(None) in getattr(pydantic_model(model).model_fields[shape.name].annotation, "__args__", ())
        assert ("NOT NULL" in definition) == (not nullable)
        assert re.findall(r"REFERENCES (\w+)", definition) == ([shape.ref] if shape.ref else [])
        if shape.type == "choice":
            assert re.findall(r"'(\w+)'", definition) == list(shape.choices)
        if shape.type == "date":
            assert f"date({shape.name}) IS {shape.name}" in definition
        limits = pydantic_model(model).model_fields[shape.name].metadata
        longest = next((limit.max_length for limit in limits if hasattr(limit, "max_length")), None)
        if longest is not None and shape.type in ("text", "long") and shape.name != "code":
            assert f"BETWEEN 1 AND {longest}" in definition


def test_every_synced_table_has_a_model() -> None:
    tables = re.findall(r"CREATE TABLE (\w+)", schema_sql())
    assert {t for t in tables if not t.startswith("local_")} == {m.KIND for m in RECORDS}


def test_parents_come_first() -> None:
    seen: set[str] = set()
    for model in RECORDS:
        seen.add(model.KIND)
        assert all(s.ref is None or s.ref in seen for s in fields_of(model)) or model.KIND in ("unit", "member")


def test_domain_imports_nothing_of_ours_but_itself() -> None:
    for path in (Path(__file__).parents[2] / "fieldapp" / "domain").glob("*.py"):
        for found in re.findall(r"^(?:from|import) (fieldapp\S*)", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert (
                found.startswith(("fieldapp.domain", "fieldapp.vietnamese")) or found == "fieldapp.i18n"
            )  # what says why input is refused
