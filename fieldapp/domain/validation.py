"""Check what is given for a record, by what its model declares; what checks a kind is made when it is first needed.

The checking itself is pydantic's (``pydantic_core``), which is told directly what to check. The pydantic model of a
kind says the same (``tests/domain/test_validation.py``), and takes 80 ms: only the JSON Schema needs it.
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args, get_origin

from msgspec.structs import asdict

from fieldapp.domain.model import Field, Record, Tidied, annotations

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import SchemaValidator

LIMITS = ("ge", "le", "min_length", "max_length", "pattern")
"""Those of ``Field``"""


class Problem(NamedTuple):
    """What is wrong with one field: pydantic's name for it, and what belongs to it, such as a limit."""

    field: str
    kind: str
    context: Mapping[str, Any]


class Invalid(ValueError):
    """What was given is no record of the kind."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


def validated(model: type[Record], given: Mapping[str, Any]) -> Record:
    """The record that the values of its fields make; Invalid if they make none."""
    from pydantic_core import ValidationError

    try:
        checked = validator(model).validate_python(given)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise Invalid(
            [Problem(str(e["loc"][0]) if e["loc"] else "", e["type"], e.get("ctx", {})) for e in found]
        ) from None
    record = model()
    record.__dict__.update(checked)
    return record


def plain_values(record: Record) -> dict[str, Any]:
    """The fields of a record as JSON has them: a date is its ISO text."""
    return {name: v.isoformat() if isinstance(v, date) else v for name, v in record.__dict__.items()}


def json_schema(model: type[Record]) -> dict[str, Any]:
    """The JSON Schema of what is given for a record."""
    return pydantic_model(model).model_json_schema()


_VALIDATORS: "dict[type[Record], SchemaValidator]" = {}


def validator(model: type[Record]) -> "SchemaValidator":
    """What checks the values of a kind's fields."""
    if model not in _VALIDATORS:
        from pydantic_core import SchemaValidator

        _VALIDATORS[model] = SchemaValidator(core_schema(model))
    return _VALIDATORS[model]


def core_schema(model: type[Record]) -> Any:
    """What is checked of a kind, as ``pydantic_core`` takes it."""
    fields = {name: _of_field(model, name, *told) for name, told in annotations(model).items()}
    return {"type": "typed-dict", "fields": fields, "extra_behavior": "forbid"}


def _of_field(model: type[Record], name: str, annotation: Any, about: tuple[Any, ...]) -> dict[str, Any]:
    given = [base for base in get_args(annotation) if base is not type(None)]
    optional = get_origin(annotation) is not Literal and len(given) < len(get_args(annotation))
    value = _of_type(given[0] if optional else annotation)
    schema = {"type": "nullable", "schema": value} if optional else value
    for mark in about:
        if isinstance(mark, Tidied):
            function = {"type": "no-info", "function": mark.by}
            schema = {"type": "function-before", "function": function, "schema": schema}
        elif isinstance(mark, Field):
            limits = {limit: getattr(mark, limit) for limit in LIMITS}
            value |= {limit: bound for limit, bound in limits.items() if bound is not None}
    if hasattr(model, name):
        schema = {"type": "default", "default": getattr(model, name), "schema": schema}
    return {"type": "typed-dict-field", "required": not hasattr(model, name), "schema": schema}


def _of_type(annotation: Any) -> dict[str, Any]:
    if get_origin(annotation) is Literal:
        return {"type": "literal", "expected": [*get_args(annotation)]}
    return {"type": {str: "str", int: "int", bool: "bool", date: "date"}[annotation]}


def pydantic_model(model: type[Record]) -> "type[BaseModel]":
    """The pydantic model of a kind, with the same fields."""
    from pydantic import BeforeValidator, ConfigDict, create_model
    from pydantic import Field as Limits

    def told(mark: Any) -> Any:
        if isinstance(mark, Tidied):
            return BeforeValidator(mark.by)
        if isinstance(mark, Field):
            own = asdict(mark)
            del own["example"]  # a form's alone
            return Limits(**{name: value for name, value in own.items() if value is not None})
        return mark

    fields: dict[str, Any] = {
        name: (Annotated[(base, *map(told, about))], getattr(model, name, ...))
        for name, (base, about) in annotations(model).items()
    }
    return create_model(model.__name__, __config__=ConfigDict(extra="forbid"), __doc__=model.__doc__, **fields)
