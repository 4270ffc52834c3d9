"""Sentence patterns: how a report tells what was done, as data that headquarters writes.

A pattern is text with places for amounts. In the pattern of a kind of activity a place names one of its measures, by
name or code: ``{Vụ}`` is “4 vụ”, ``{Vụ:n}`` the number alone. In that of a measure, ``{amount}`` and ``{n}`` are its
own. What stands in ``[ ]`` is left out where nothing is recorded of a measure in it. ``;`` ends a clause; a clause is
left out where a measure outside of ``[ ]`` has nothing recorded:

    tổ chức {cuoc} tuần tra chung[ với {luot_tham_gia} người tham gia]

``, `` or `` và `` at the beginning of ``[ ]`` goes where nothing recorded stands before it in its clause.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from fieldapp.i18n import _
from fieldapp.vietnamese.text import search_key

AMOUNT, NUMBER = "amount", "n"
"""Places of a measure's pattern: the amount with its unit, and the number alone"""

_BARE = ":n"
_JOINTS = (", ", " và ")
_PIECES = r"\{([^{}\[\];]*)\}|([\[\];])|([^{}\[\];]+)|([{}])"


class Place(Struct, frozen=True):
    """A place for an amount."""

    name: str
    """as ``key`` makes it of what was written"""
    written: str
    bare: bool = False
    """the number alone"""


Piece = str | Place


class Part(Struct, frozen=True):
    """A run of a clause; ``optional``: it stood in ``[ ]``."""

    pieces: tuple[Piece, ...]
    optional: bool = False

    @property
    def places(self) -> list[Place]:
        return [piece for piece in self.pieces if isinstance(piece, Place)]


Clause = tuple[Part, ...]


class Amount(Struct, frozen=True):
    """An amount in words: “4 vụ”, and “4”."""

    text: str
    bare: str


class Told(Struct, frozen=True):
    """A clause with its amounts."""

    text: str
    lead: str
    """what stands before its first amount: “bàn giao ”"""
    names: frozenset[str]
    """what it tells, as the keys of the amounts"""


def key(name: str) -> str:
    """Names are compared without case, marks and punctuation."""
    return search_key(name)


def parse(pattern: str) -> list[Clause]:
    """The clauses of a pattern; ValueError says what is wrong with it."""
    clauses: list[Clause] = []
    parts: list[Part] = []
    pieces: list[Piece] = []
    inside = False

    def end_part(*, optional: bool) -> None:
        if pieces:
            parts.append(Part(tuple(pieces), optional))
            pieces.clear()

    def end_clause() -> None:
        end_part(optional=False)
        if parts:
            clauses.append(tuple(parts))
            parts.clear()

    for place, sign, text, brace in re.findall(_PIECES, pattern):
        if brace:
            raise ValueError(_("A place is written as {name of the measure}: one of its braces is missing."))
        if text:
            pieces.append(text)
        elif not sign:
            pieces.append(_place(place))
        elif sign == ";" and not inside:
            end_clause()
        elif sign == ";":
            raise ValueError(_("Within [ ] there is no “;”: it ends a clause."))
        elif inside == (sign == "["):
            raise ValueError(_("Each [ has its ] behind it, and none lies in another one."))
        else:
            end_part(optional=inside)
            inside = not inside
    if inside:
        raise ValueError(_("Each [ has its ] behind it, and none lies in another one."))
    end_clause()
    for clause in clauses:
        for part in clause:
            if part.optional and not part.places:
                raise ValueError(_("Within [ ] is at least one place for an amount, such as {Ngày công}."))
        if not any(part.places for part in clause):
            raise ValueError(_("Each clause has at least one place for an amount, such as {Ngày công}."))
    return clauses


def _place(written: str) -> Place:
    bare = written.endswith(_BARE)
    name = written.removesuffix(_BARE).strip()
    if not key(name):
        raise ValueError(_("A place is written as {name of the measure}: one has no name."))
    return Place(key(name), name, bare)


def names(clauses: Sequence[Clause]) -> Iterator[Place]:
    """All places, in their order."""
    for clause in clauses:
        for part in clause:
            yield from part.places


def renamed(clauses: Sequence[Clause], meant: Mapping[str, str]) -> list[Clause]:
    """The clauses with other names of their places; ``meant``: what was written -> name."""

    def piece_of(piece: Piece) -> Piece:
        return replace(piece, name=meant[piece.written]) if isinstance(piece, Place) else piece

    return [tuple(replace(part, pieces=tuple(map(piece_of, part.pieces))) for part in clause) for clause in clauses]


def tell(clauses: Sequence[Clause], amounts: Mapping[str, Amount]) -> list[Told]:
    """The clauses that can be told. ``amounts``: key of a place -> what is recorded of it."""
    return [told for clause in clauses if (told := _tell(clause, amounts)) is not None]


def _tell(clause: Clause, amounts: Mapping[str, Amount]) -> Told | None:
    text, lead, used = "", None, set[str]()
    for part in clause:
        missing = [place for place in part.places if place.name not in amounts]
        if missing and not part.optional:
            return None
        if missing:
            continue
        for at, piece in enumerate(part.pieces):
            if isinstance(piece, Place):
                lead = text if lead is None else lead
                amount = amounts[piece.name]
                text += amount.bare if piece.bare else amount.text
                used.add(piece.name)
            else:
                text += _unjoined(text, piece) if part.optional and at == 0 and lead is None else piece
    return Told(text.strip(), (lead or "").lstrip(), frozenset(used)) if used else None


def _unjoined(text: str, piece: str) -> str:
    """The beginning of ``[ ]`` where nothing recorded stands before it: without its comma, but with a space."""
    joint = next((joint for joint in _JOINTS if piece.startswith(joint)), "")
    rest = piece.removeprefix(joint)
    return f" {rest.lstrip()}" if text and not text.endswith(" ") else rest.lstrip()


def joined(told: Sequence[Told], between: str = "; ") -> str:
    """Clauses as one text. One that begins as the one before does so without these words: “bàn giao 6 giếng khoan;
    12 căn nhà đại đoàn kết”."""
    texts, before = [], ""
    for clause in told:
        same = bool(clause.lead.strip()) and clause.lead == before
        texts.append(clause.text.removeprefix(clause.lead) if same else clause.text)
        before = clause.lead
    return between.join(texts)


def within(text: str) -> str:
    """A title inside a sentence; names and abbreviations keep their capitals."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def as_sentence(text: str) -> str:
    """With a capital at its beginning, and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "…", "!")) else f"{text}."
