"""Codes of reference data, made from names: nobody has to think of one."""

from itertools import count

from fieldapp.domain import lengths
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import bare


def new_code(store: Store, kind: str, name: str) -> str:
    """A code that no record of ``kind`` has, retired ones included, made from a name.

    ``Bắt giữ, xử lý`` gives ``bat_giu_xu_ly``, then ``bat_giu_xu_ly_2``. Empty for a name without letters and digits.
    """
    begun = bare(name).replace(" ", "_")
    if not begun:
        return ""
    for number in count(1):
        end = f"_{number}" if number > 1 else ""
        code = begun[: lengths.CODE - len(end)].rstrip("_") + end
        if store.value(f"SELECT 1 FROM {kind} WHERE code = ? COLLATE NOCASE", [code]) is None:
            return code
    raise AssertionError
