"""What a kind of record is: a pydantic model whose fields are the columns of the table of the same name.

``schema.sql`` has the tables; ``tests/domain/test_records.py`` holds the two together. A field's ``title`` is the
English message that the catalogues translate. Forms, lists, validation, the command line and export are made from the
models: a new kind of record is one class in the module of its section, one table in ``schema.sql``, and translations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

from fieldapp.vietnamese.text import clean


@dataclass(frozen=True)
class Ref:
    """The field holds the id of a record of this kind."""

    kind: str


@dataclass(frozen=True)
class Long:
    """The field holds a text of several sentences."""


@dataclass(frozen=True)
class Personal:
    """The field says who a person is, or something about one: left out of files for others unless they ask for it."""


@dataclass(frozen=True)
class Past:
    """The day lies in the past as a rule: one in the future is asked about once."""


@dataclass(frozen=True)
class YearMark:
    """The whole number is a year: shown without a point for thousands."""


@dataclass(frozen=True)
class Scaled:
    """The whole number counts units of 10^-decimals; ``by`` is the field that says how many decimals: itself, or a
    reference to a record that has ``decimals``."""

    by: str


@dataclass(frozen=True)
class SuccessorOf:
    """The field says which successor of the unit in ``field`` is meant; asked only where there are several."""

    field: str


@dataclass(frozen=True)
class Child:
    """Rows of another table that are entered with their parent, on the same form.

    ``parent`` is the child's column that names the parent; ``editor`` says how the form shows them; two rows of one
    parent that agree in ``about`` are the same row.
    """

    model: "type[Record]"
    parent: str
    editor: Literal["measures", "extras", "targets", "roster", "rows"]
    about: tuple[str, ...]


def tidy_line(value: Any) -> Any:
    return (clean(value) or None) if isinstance(value, str) else value


def tidy_lines(value: Any) -> Any:
    return (clean(value, multiline=True) or None) if isinstance(value, str) else value


Name = Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(tidy_line)]

Short = Annotated[str | None, Field(min_length=1, max_length=200), BeforeValidator(tidy_line)]

LetterNumber = Annotated[str | None, Field(min_length=1, max_length=60), BeforeValidator(tidy_line)]

Remark = Annotated[str | None, Field(min_length=1, max_length=1000), BeforeValidator(tidy_line)]

LongText = Annotated[str | None, Long(), Personal(), Field(min_length=1, max_length=4000), BeforeValidator(tidy_lines)]

Day = date

PastDay = Annotated[date, Past()]

MaybeDay = Annotated[date | None, BeforeValidator(tidy_line)]

MaybePastDay = Annotated[date | None, Past(), BeforeValidator(tidy_line)]

Year = Annotated[int, YearMark(), Field(ge=1945, le=2100)]

Count = Annotated[int | None, Field(ge=0, le=10**9)]

Quantity = Annotated[int | None, Field(ge=0, le=10**15)]


END_BEFORE_BEGINNING = "The end lies before the beginning."


class Record(BaseModel):
    """What a person enters of one record."""

    model_config = ConfigDict(extra="forbid")

    KIND: ClassVar[str]
    """The kind's code, which is its table's name."""
    TITLE: ClassVar[str]
    PLURAL: ClassVar[str]
    REFERENCE: ClassVar[bool] = False
    """Reference data: headquarters writes it, all read it. Otherwise a post does, and the row carries ``post_id``."""
    ABOUT_A_POST: ClassVar[bool] = False
    """Headquarters writes it, of and for one post."""
    LABEL: ClassVar[tuple[str, ...]]
    """Fields that together name a record to a person, in a list of choices or a title."""
    LIST: ClassVar[tuple[str, ...]]
    """Fields shown as columns of the list."""
    DATE: ClassVar[str | None] = None
    """The field that places the record in time."""
    CHILDREN: ClassVar[Mapping[str, Child]] = {}
    """Name in the JSON form -> rows entered together with this record."""
    TOP: ClassVar[bool] = True
    """Has a list and a form of its own; False for rows that live on their parent's form."""
    REFERRED: ClassVar[bool] = False
    """A row of a parent's form that other records refer to: it is searched for by words like those with a list."""
    UNIQUE: ClassVar[tuple[str, ...]] = ()
    """Two records that agree in these fields say the same twice: refused on entry, listed after a merge."""
    ALIKE: ClassVar[tuple[str, ...]] = ()
    """A new record that agrees with another in these fields may say the same twice: it is asked about once."""
    APART: ClassVar[tuple[str, ...]] = ()
    """Fields that tell records which agree in ``ALIKE`` apart, where both fill them in and not with the same."""
    MORE: ClassVar[tuple[str, ...]] = ()
    """Fields that are mostly left empty, in the order of the form: they come last there, behind the children."""
    ORDERED: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of days of which the second never lies before the first: refused on entry, listed after a merge."""

    def rule_breaks(self) -> list[tuple[str, str]]:
        """Rules over several fields: (field, English message) for each that is broken. Checked on entry only."""
        values = self.__dict__
        return [
            (last, END_BEFORE_BEGINNING)
            for first, last in self.ORDERED
            if None not in (values[first], values[last]) and values[last] < values[first]
        ]


@dataclass(frozen=True)
class FieldShape:
    """How one field is entered and shown."""

    name: str
    title: str
    type: Literal["text", "long", "date", "integer", "year", "boolean", "choice", "ref"]
    required: bool
    ref: str | None = None
    choices: tuple[str, ...] = ()
    default: Any = None
    scaled_by: str | None = None
    """an integer in units of 10^-decimals: the field that says how many decimals"""
    past: bool = False
    """a date that lies in the past as a rule"""
    heir_of: str | None = None
    """a reference to a unit that became of the one in this field"""
    after: str | None = None
    """a date that is not before the one in this field"""
    personal: bool = False
    """says who a person is, or something about one"""


def fields_of(model: type[Record]) -> list[FieldShape]:
    """The fields of a model in the order of entry."""
    begins = {last: first for first, last in model.ORDERED}
    return [
        replace(
            _shape(name, info), personal=any(isinstance(m, Personal) for m in info.metadata), after=begins.get(name)
        )
        for name, info in model.model_fields.items()
    ]


def _shape(name: str, info: FieldInfo) -> FieldShape:
    ref = next((m.kind for m in info.metadata if isinstance(m, Ref)), None)
    base, optional = _without_none(info.annotation)
    default = None if info.is_required() else info.default
    required = info.is_required()
    title = info.title or name
    if ref is not None:
        heir_of = next((m.field for m in info.metadata if isinstance(m, SuccessorOf)), None)
        return FieldShape(name, title, "ref", required, ref=ref, heir_of=heir_of)
    if get_origin(base) is Literal:
        return FieldShape(name, title, "choice", not optional, choices=get_args(base), default=default)
    if base is date:
        return FieldShape(name, title, "date", required, past=any(isinstance(m, Past) for m in info.metadata))
    if base is bool:
        return FieldShape(name, title, "boolean", False, default=default)
    if base is int:
        scaled = next((m.by for m in info.metadata if isinstance(m, Scaled)), None)
        year = any(isinstance(m, YearMark) for m in info.metadata)
        return FieldShape(name, title, "year" if year else "integer", required, default=default, scaled_by=scaled)
    long = any(isinstance(m, Long) for m in info.metadata)
    return FieldShape(name, title, "long" if long else "text", required, default=default)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    args = [a for a in get_args(annotation) if a is not type(None)]
    if type(None) in get_args(annotation) and len(args) == 1:
        return args[0], True
    return annotation, False


def limits_in_order(record: Record) -> list[tuple[str, str]]:
    for least, most in (("minimum", "maximum"), ("usual_minimum", "usual_maximum")):
        low, high = getattr(record, least), getattr(record, most)
        if low is not None and high is not None and high < low:
            return [(most, "The upper limit lies below the lower one.")]
    return []
