"""How long texts may be, in characters: what is entered, and what comes from another laptop.

The fields of records take their limits from here, and so do the CHECKs of ``schema.sql``. The columns that every record
has are no fields of a form, and no CHECK guards them: ``too_long`` does.
"""

from collections.abc import Mapping
from typing import Any

NAME = 200
CODE = 60
REMARK = 1000
LONG = 4000
INSTANT = 40
FILE = 400_000
"""Of a file in base64: 300,000 bytes"""

UNCHECKED = {"created_at": INSTANT, "created_by": NAME, "voided_at": INSTANT, "void_reason": LONG, "code": CODE}
"""Column -> its limit, for the text columns of which ``schema.sql`` states none in some table"""


def too_long(cols: Mapping[str, Any]) -> bool:
    """Whether a change sets one of ``UNCHECKED`` to a longer text."""
    return any(isinstance(cols[name], str) and len(cols[name]) > UNCHECKED[name] for name in cols.keys() & UNCHECKED)
