"""The base of all kinds of record: a kind is a model whose fields are the columns of the table of this name.

``schema.sql`` has the tables; ``tests/domain/test_records.py`` checks that models and tables agree. A field's ``title``
is the English message that the catalogues translate. Forms, lists, validation, the command line and export are made
from the models: a new kind of record needs one class in the module of its section, one table in ``schema.sql``, a
migration, and translations (CONTRIBUTING.md).

A model only declares: ``validation.py`` makes what checks records of the kind, when the first one is checked.
"""

from collections.abc import Callable, Mapping
from copy import copy
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self, get_args, get_origin

from msgspec import Struct

from fieldapp.domain import lengths
from fieldapp.vietnamese.text import tidy


class Field(Struct, frozen=True, eq=False):  # equal ones: ``typing`` would take a type with other codes for this one
    """A field's title and limits, as pydantic's ``Field`` takes them. ``description``: what an empty field means;
    ``example``: what may be written into a field for free text."""

    title: str | None = None
    description: str | None = None
    example: str = ""
    ge: int | None = None
    le: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


class Tidied(Struct, frozen=True):
    """What is given is changed by this function before it is checked."""

    by: Callable[[Any], Any]


class Ref(Struct, frozen=True):
    """The field holds the id of a record of this kind."""

    kind: str


class Long(Struct, frozen=True):
    """The field holds a text of several sentences."""


class Personal(Struct, frozen=True):
    """The field identifies a person or says something about one.

    It is left out of files for others, unless it is asked for. A choice is not marked: one of a few codes beside an id
    says who nobody is.
    """


class Past(Struct, frozen=True):
    """The day is normally in the past: the program asks once about a day in the future."""


class UsualYears(Struct, frozen=True):
    """The program asks once about a day or a year further than so many years ``back`` or ``ahead`` of today."""

    back: int = 30
    ahead: int = 2


USUAL_YEARS = UsualYears()


class Lettered(Struct, frozen=True):
    """The text is a name, which has a letter: the program asks once about one of digits."""


class YearMark(Struct, frozen=True):
    """The whole number is a year: it is shown without a point for thousands."""


class Scaled(Struct, frozen=True):
    """The whole number counts units of 10^-decimals.

    The field ``by`` gives the number of decimals: it is this number, or a reference to a record with ``decimals``.
    """

    by: str


class CountedIn(Struct, frozen=True):
    """What the whole number counts, in the language of the screen as the measures' units are.

    The program asks once about more than ``usual_maximum``.
    """

    unit: str
    usual_maximum: int


class SuccessorOf(Struct, frozen=True):
    """The field says which successor of the unit in ``field`` is meant; needed only if there are several."""

    field: str


class Child(Struct, frozen=True):
    """Rows of another table that are entered with their parent, on the same form.

    ``parent``: the child's column that names the parent. ``editor``: how the form shows the rows. ``about``: fields
    that identify a row; two rows of one parent with the same values in them are the same row.
    """

    model: "type[Record]"
    parent: str
    editor: Literal["measures", "extras", "targets", "roster", "rows"]
    about: tuple[str, ...]


def tidy_line(value: Any) -> Any:
    return (tidy(value) or None) if isinstance(value, str) else value


def tidy_lines(value: Any) -> Any:
    return (tidy(value, multiline=True) or None) if isinstance(value, str) else value


Name = Annotated[str, Lettered(), Field(min_length=1, max_length=lengths.NAME), Tidied(tidy_line)]

Short = Annotated[str | None, Field(min_length=1, max_length=lengths.NAME), Tidied(tidy_line)]

LetterNumber = Annotated[str | None, Field(min_length=1, max_length=lengths.CODE), Tidied(tidy_line)]

Remark = Annotated[str | None, Field(min_length=1, max_length=lengths.REMARK), Tidied(tidy_line)]

LongText = Annotated[str | None, Long(), Personal(), Field(min_length=1, max_length=lengths.LONG), Tidied(tidy_lines)]

Day = date

PastDay = Annotated[date, Past()]

MaybeDay = Annotated[date | None, Tidied(tidy_line)]

MaybePastDay = Annotated[date | None, Past(), Tidied(tidy_line)]

Year = Annotated[int, YearMark(), Field(ge=1945, le=2100)]

Count = Annotated[int | None, Field(ge=0, le=10**9)]

Quantity = Annotated[int | None, Field(ge=0, le=10**15)]


END_BEFORE_BEGINNING = "The end is before the beginning."


class Record:
    """The fields of a record that a person enters, as attributes; ``validation.validated`` makes one."""

    KIND: ClassVar[str]
    """The kind's code, which is also the name of its table"""
    TITLE: ClassVar[str]
    PLURAL: ClassVar[str]
    REFERENCE: ClassVar[bool] = False
    """Reference data: headquarters writes it, all read it. Otherwise a post writes it, and the row has a ``post_id``"""
    ABOUT_A_POST: ClassVar[bool] = False
    """Headquarters writes it, about one post and for this post"""
    LABEL: ClassVar[tuple[str, ...]]
    """Fields that together name a record for people, in a list of choices or a title"""
    LIST: ClassVar[tuple[str, ...]]
    """Fields shown as columns of the list"""
    DATE: ClassVar[str | None] = None
    """The field with the day of the record"""
    CHILDREN: ClassVar[Mapping[str, Child]] = {}
    """Name in the JSON form -> rows entered together with this record"""
    TOP: ClassVar[bool] = True
    """Has its own list and form; False for rows that are entered on their parent's form"""
    CLOSED: ClassVar[bool] = False
    """The program ships the whole list: a name that is not in it is mistyped, and no pick list offers to add it"""
    REFERRED: ClassVar[bool] = False
    """A row of a parent's form that other records refer to: the search index has it, like records with a list"""
    FOUND_BY: ClassVar[tuple[str, ...]] = ()
    """Fields with the records whose words it is found by; it has no entry of its own in the search index"""
    CODE_MADE: ClassVar[bool] = False
    """Where no ``code`` is given, the program makes one from the ``name``"""
    UNIQUE: ClassVar[tuple[str, ...]] = ()
    """Two records with the same values in these fields are duplicates: refused on entry, listed after a merge"""
    ALIKE: ClassVar[tuple[str, ...]] = ()
    """A new record with the same values as another in these fields may be a duplicate: the program asks once. Where a
    model names none, the fields of the label and the day"""
    APART: ClassVar[tuple[str, ...]] = ()
    """Fields that distinguish records which are equal in ``ALIKE``, where both are filled in and differ"""
    MORE: ClassVar[tuple[str, ...]] = ()
    """Fields that are mostly left empty, in the order of the form: they come last there, after the children"""
    PLACED: ClassVar[Mapping[str, str]] = {}
    """Field -> the field that it follows on the form, where that is another than in the table"""
    LATER: ClassVar[tuple[str, ...]] = ()
    """Fields that say something about a stored record among others: the form for a new one does not ask for them, and
    double entry does not compare them"""
    FIXED: ClassVar[tuple[str, ...]] = ()
    """Fields that a stored record keeps, since past figures count by them: it is retired, and another one added"""
    ORDERED: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of days; the second must not be before the first: refused on entry, listed after a merge"""

    def changed(self, values: Mapping[str, Any]) -> Self:
        """A copy with other values in these fields; they are not checked."""
        other = copy(self)
        other.__dict__.update(values)
        return other

    @classmethod
    def first_day(cls) -> str | None:
        """The field with the first day of the record: units are those of this day."""
        return cls.DATE or next((first for first, _last in cls.ORDERED), None)

    def rule_breaks(self) -> list[tuple[str, str]]:
        """(field, English message) for each broken rule over several fields. Checked on entry only."""
        values = self.__dict__
        return [
            (last, END_BEFORE_BEGINNING)
            for first, last in self.ORDERED
            if None not in (values[first], values[last]) and values[last] < values[first]
        ]


FieldKind = Literal["text", "long", "date", "integer", "year", "boolean", "choice", "ref"]


class FieldShape(Struct, frozen=True):
    """How one field is entered and shown."""

    name: str
    title: str
    type: FieldKind
    required: bool
    ref: str | None = None
    choices: tuple[str, ...] = ()
    default: Any = None
    scaled_by: str | None = None
    """For an integer in units of 10^-decimals: the field that gives the number of decimals"""
    unit: str = ""
    """For an integer: what it counts, if that has a name"""
    usual_maximum: int | None = None
    """For an integer: the program asks once about more"""
    past: bool = False
    """A date that is normally in the past"""
    years: UsualYears = USUAL_YEARS
    """For a date: how far from today it usually is"""
    lettered: bool = False
    """A text that has a letter"""
    heir_of: str | None = None
    """For a reference to a unit: it is a successor of the unit in this field"""
    after: str | None = None
    """For a date: it is not before the date in this field"""
    personal: bool = False
    """The field identifies a person or says something about one"""
    later: bool = False
    """It is one of ``Record.LATER``: of two stored records"""
    hint: str = ""
    """English message: what it means if the field is left empty. The field's ``description`` in the model"""
    example: str = ""
    """English message: what may be written into a field for free text"""


def annotations(model: type[Record]) -> Mapping[str, tuple[Any, tuple[Any, ...]]]:
    """Name of each field, in the order of entry -> its type, and what is said about it (``Field``, ``Ref``, …)."""
    return {
        name: (get_args(annotation)[0], get_args(annotation)[1:]) for name, annotation in model.__annotations__.items()
    }


_SHAPES: dict[type[Record], tuple[FieldShape, ...]] = {}


def fields_of(model: type[Record]) -> tuple[FieldShape, ...]:
    """The fields of a model in the order of entry."""
    if model not in _SHAPES:
        _SHAPES[model] = _shapes(model)
    return _SHAPES[model]


def _shapes(model: type[Record]) -> tuple[FieldShape, ...]:
    begins = {last: first for first, last in model.ORDERED}
    return tuple(
        _shape(model, name, base, about, begins.get(name)) for name, (base, about) in annotations(model).items()
    )


def _shape(model: type[Record], name: str, annotation: Any, about: tuple[Any, ...], after: str | None) -> FieldShape:
    marks = {type(mark): mark for mark in about}  # of several of one class the last, as pydantic reads them
    base, optional = _without_none(annotation)
    required, default = not hasattr(model, name), getattr(model, name, None)
    kind: FieldKind = "text"
    choices: tuple[str, ...] = ()
    if Ref in marks:
        kind, default = "ref", None
    elif get_origin(base) is Literal:
        kind, required, choices = "choice", not optional, get_args(base)
    elif base is date:
        kind, default = "date", None
    elif base is bool:
        kind, required = "boolean", False
    elif base is int:
        kind = "year" if YearMark in marks else "integer"
    elif Long in marks:
        kind = "long"
    if name == "code" and model.CODE_MADE:
        required = False
    number = kind in ("year", "integer")
    counted = marks.get(CountedIn) if number else None
    return FieldShape(
        name=name,
        title=marks[Field].title or name,
        type=kind,
        required=required,
        ref=marks[Ref].kind if Ref in marks else None,
        choices=choices,
        default=default,
        scaled_by=marks[Scaled].by if number and Scaled in marks else None,
        unit=counted.unit if counted else "",
        usual_maximum=counted.usual_maximum if counted else None,
        past=kind == "date" and Past in marks,
        years=marks[UsualYears] if UsualYears in marks and (number or kind == "date") else USUAL_YEARS,
        lettered=kind in ("text", "long") and name != "code" and Lettered in marks,
        heir_of=marks[SuccessorOf].field if SuccessorOf in marks and Ref in marks else None,
        after=after,
        personal=Personal in marks,
        later=name in model.LATER,
        hint=marks[Field].description or "",
        example=marks[Field].example,
    )


def _without_none(annotation: Any) -> tuple[Any, bool]:
    args = [a for a in get_args(annotation) if a is not type(None)]
    if type(None) in get_args(annotation) and len(args) == 1:
        return args[0], True
    return annotation, False


def limits_in_order(record: Record) -> list[tuple[str, str]]:
    """(field, English message) if an upper limit is below its lower limit."""
    for least, most in (("minimum", "maximum"), ("usual_minimum", "usual_maximum")):
        low, high = getattr(record, least), getattr(record, most)
        if low is not None and high is not None and high < low:
            return [(most, "The upper limit is below the lower one.")]
    return []
