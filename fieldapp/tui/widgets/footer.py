"""The keys that do something now, below every screen: on one line, or on more where they do not fit. None falls out."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.binding import ActiveBinding
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

KeyName = tuple[str, str, str, bool]
"""The keys as they are called, what they do, the first of them as it is bound, whether it works now"""


class KeyFooter(Widget, can_focus=False):
    """One widget, drawn again only when it says something else: the focus moves with each field of a form.

    Textual's own footer makes a widget for each key anew, and cuts what does not fit into one line.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"footer--key", "footer--words"}
    DEFAULT_CSS = """
    KeyFooter { dock: bottom; height: auto; background: $footer-background; color: $footer-foreground; }
    KeyFooter > .footer--key { color: $footer-key-foreground; text-style: bold; }
    KeyFooter > .footer--words { color: $footer-description-foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.auto_links = False  # a click presses the key, but it is not drawn as a link
        self.shown: Sequence[KeyName] = ()
        """What it says now"""
        self._due = False
        """The keys may have changed, and it will look soon"""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._keys_changed)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _keys_changed(self, _screen: Screen[Any]) -> None:
        if self.app.app_focus and not self._due:
            self._due = True
            self.call_after_refresh(self._look)

    def _look(self) -> None:
        self._due = False
        if not self.is_attached:
            return
        keys = self._keys()
        if keys != self.shown:
            lines = len(self._lines(self.size.width))
            self.shown = keys
            self.refresh(layout=len(self._lines(self.size.width)) != lines)

    def _keys(self) -> list[KeyName]:
        """Those that do the same are named together."""
        named = getattr(self.screen, "ALSO", ())
        actions: set[str] = set()
        same: dict[str, list[ActiveBinding]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if (binding.show or binding.action in named) and binding.action not in actions:
                actions.add(binding.action)
                same.setdefault(binding.description, []).append(active)
        called = self.app.get_key_display
        return [
            ("/".join(called(a.binding) for a in keys), words, keys[0].binding.key, keys[0].enabled)
            for words, keys in same.items()
        ]

    def _lines(self, width: int) -> list[list[KeyName]]:
        """As many keys on each line as there is room for."""
        lines: list[list[KeyName]] = [[]]
        room = width
        for key in self.shown:
            needed = cell_len(f"{key[0]} {key[1]}")
            if needed > room and lines[-1]:
                lines.append([])
                room = width
            lines[-1].append(key)
            room -= needed + 1
        return lines

    def on_resize(self) -> None:
        """Let messages stand on the line above the keys."""
        for messages in self.screen.query("ToastRack"):
            if messages.styles.margin.bottom != self.size.height:
                messages.styles.margin = (0, 0, self.size.height, 0)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        if not self.shown:  # looked at before the screen is laid out first: it need not be laid out twice
            self.shown = self._keys()
        return len(self._lines(width))

    def render(self) -> Text:
        if self.app.screen is not self.screen:  # under a window, none of these keys works
            return Text()
        key_style, words_style = (self.get_component_rich_style(f"footer--{part}") for part in ("key", "words"))
        lines = []
        for line in self._lines(self.size.width):
            drawn = []
            for name, words, key, works in line:
                pressed = Style(meta={"@click": f"app.simulate_key('{key}')"}, dim=not works)
                drawn.append(Text.assemble((name, key_style + pressed), (f" {words}", words_style + pressed)))
            lines.append(Text(" ").join(drawn))
        return Text("\n", no_wrap=True).join(lines)
