"""The lock screen: nothing can be read, what was typed stays, and a passphrase uncovers it."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from fieldapp.i18n import _
from fieldapp.tui.screens.unlock import UnlockScreen


class LockScreen(UnlockScreen, inherit_bindings=False):
    """Covers everything until a user of the laptop unlocks it. Meanwhile the file is closed and its key forgotten."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "recover", _("Forgotten?")),
        Binding("f4", "app.moved('recover')", show=False),
    ]

    def on_mount(self) -> None:
        self.call_next(self.app.lock_store)
