"""What the author of a change knew: the ground of every conflict."""

import json
from typing import Protocol

from fieldapp.store.store import Store


class Placed(Protocol):
    """A change, by its place in a log."""

    @property
    def log_id(self) -> str: ...
    @property
    def seq(self) -> int: ...


class Knowledge:
    """Answers whether the author of one change had another one; what was read of the file is kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[tuple[str, int], dict[str, int]] = {}

    def had(self, later: Placed, earlier: Placed) -> bool:
        """Whether the author of ``later`` knew ``earlier``."""
        if later.log_id == earlier.log_id:
            return later.seq > earlier.seq
        return self._of(later).get(earlier.log_id, 0) >= earlier.seq

    def apart(self, one: Placed, other: Placed) -> bool:
        """Whether neither author knew the other one's change."""
        return not self.had(one, other) and not self.had(other, one)

    def _of(self, change: Placed) -> dict[str, int]:
        """The version vector that the author had; for an own change that is not sealed yet, all that is here."""
        place = (change.log_id, change.seq)
        if place not in self._read:
            found = self._store.value(
                "SELECT knows FROM local_segment WHERE log_id = ?1 AND first <= ?2 AND ?2 <= last"
                " AND state = 'applied'",
                place,
            )
            if found is None:
                self._read[place] = {r["id"]: r["seq"] for r in self._store.rows("SELECT id, seq FROM local_log")}
            else:
                self._read[place] = json.loads(found)
        return self._read[place]
