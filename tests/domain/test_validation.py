"""What checks a record is what pydantic would make of its model."""

from typing import Any

import pytest

from fieldapp.domain.model import Record
from fieldapp.domain.records import RECORDS
from fieldapp.domain.validation import core_schema, pydantic_model


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.KIND)
def test_a_kind_is_checked_as_pydantic_would(model: type[Record]) -> None:
    made: Any = pydantic_model(model).__pydantic_core_schema__
    assert made["config"]["extra_fields_behavior"] == core_schema(model)["extra_behavior"]
    expected = {name: _bare(field["schema"]) for name, field in made["schema"]["fields"].items()}
    ours = core_schema(model)["fields"]
    assert {name: field["schema"] for name, field in ours.items()} == expected
    assert {name for name, field in ours.items() if field["required"]} == {
        name for name, schema in expected.items() if schema["type"] != "default"
    }


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    """Without what is only for JSON Schema; a limit that pydantic checks afterwards stands beside the others."""
    if schema["type"] == "function-after":
        inner = _bare(schema["schema"])
        inner["schema"] |= schema["function"]["function"].keywords
        return inner
    told = {key: value for key, value in schema.items() if key != "metadata"}
    return told | {"schema": _bare(told["schema"])} if "schema" in told else told
