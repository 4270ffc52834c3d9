"""Check what is given for a record by the pydantic model of its kind, which is made when it is first needed."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from msgspec.structs import asdict

from fieldapp.domain.model import Field, Record, Tidied, annotations

if TYPE_CHECKING:
    from pydantic import BaseModel


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
    from pydantic import ValidationError

    try:
        checked = checker(model).model_validate(given)
    except ValidationError as error:
        raise Invalid(
            [Problem(str(e["loc"][0]) if e["loc"] else "", e["type"], e.get("ctx", {})) for e in error.errors()]
        ) from None
    record = model()
    record.__dict__.update(checked.__dict__)
    return record


def plain_values(record: Record) -> dict[str, Any]:
    """The fields of a record as JSON has them: a date is its ISO text."""
    return {name: v.isoformat() if isinstance(v, date) else v for name, v in record.__dict__.items()}


def json_schema(model: type[Record]) -> dict[str, Any]:
    """The JSON Schema of what is given for a record."""
    return checker(model).model_json_schema()


_CHECKERS: "dict[type[Record], type[BaseModel]]" = {}


def checker(model: type[Record]) -> "type[BaseModel]":
    """The pydantic model of a kind, with the same fields."""
    if model not in _CHECKERS:
        _CHECKERS[model] = _made(model)
    return _CHECKERS[model]


def _made(model: type[Record]) -> "type[BaseModel]":
    from pydantic import BeforeValidator, ConfigDict, create_model
    from pydantic import Field as Limits

    def told(mark: Any) -> Any:
        if isinstance(mark, Tidied):
            return BeforeValidator(mark.by)
        if isinstance(mark, Field):
            return Limits(**{name: value for name, value in asdict(mark).items() if value is not None})
        return mark

    fields: dict[str, Any] = {
        name: (Annotated[(base, *map(told, about))], getattr(model, name, ...))
        for name, (base, about) in annotations(model).items()
    }
    return create_model(model.__name__, __config__=ConfigDict(extra="forbid"), __doc__=model.__doc__, **fields)
