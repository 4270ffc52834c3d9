"""A headquarters and two laptops, A and B, of one post: made once for a module, then copied for each test."""

import shutil
from pathlib import Path
from typing import Self

from field import World

from fieldapp.store.store import Store


class TwoLaptops(World):
    """A world with ``b``, the second laptop of the post (``sync_state.second_laptop``)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.b = Store.open(self.root / "laptop-b", self.keys["laptop-b"], "Trần Văn B")

    @classmethod
    def copied(cls, both: World, root: Path) -> Self:
        """The same laptops in another folder."""
        both.close()
        shutil.copytree(both.root, root)
        return cls(root, both.keys)

    @property
    def all(self) -> tuple[Store, Store, Store]:
        return self.hq, self.post, self.b

    def meet(self) -> None:
        """Everybody hears of everything, by sticks."""
        for laptop in (self.post, self.b):
            self.carry(laptop, self.hq)
        for laptop in (self.post, self.b):
            self.carry(self.hq, laptop)

    def close(self) -> None:
        self.b.close()
        super().close()
