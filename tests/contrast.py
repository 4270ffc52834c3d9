"""The contrast between text and background in a running application, as WCAG 2.2 computes it."""

from collections.abc import Iterator
from typing import Any

from rich.color import Color
from rich.terminal_theme import TerminalTheme
from textual.app import App

TEXT, DRAWN = 4.5, 3.0
"""Least ratio of text, and of drawn lines and bars (1.4.3, 1.4.11)"""
POINTS = {"▀", "▄"}
"""Of a photograph, which is as it is"""
LINES = {*map(chr, range(0x2500, 0x25A0))}

CONSOLE = TerminalTheme(
    (0, 0, 0),
    (170, 170, 170),
    [(0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170)],
    [(85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255),
     (255, 255, 255)],
)  # fmt: skip
"""The sixteen colours of a Linux console"""


def faint(app: App[Any]) -> list[str]:
    """The texts on the screen that have too little contrast, each with its ratio."""
    return sorted({f"{ratio:.2f} “{text}” {style}" for text, style, ratio in _ratios(app) if ratio < _least(text)})


def greys_only(app: App[Any]) -> bool:
    """Whether nothing on the screen has a colour."""
    strips = app.screen._compositor.render_strips()
    colours = [c for strip in strips for segment in strip if (s := segment.style) for c in (s.color, s.bgcolor) if c]
    return all(len(set(colour.get_truecolor(CONSOLE))) == 1 for colour in colours)


def _ratios(app: App[Any]) -> Iterator[tuple[str, str, float]]:
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            text, style = segment.text.strip(), segment.style
            if not text or style is None or set(text) <= POINTS:
                continue
            known = style.color and style.bgcolor and not (style.color.is_default or style.bgcolor.is_default)
            ratio = _ratio(style.color, style.bgcolor) if known and style.color and style.bgcolor else 1.0
            yield text, str(style), ratio


def _least(text: str) -> float:
    return DRAWN if set(text) <= LINES else TEXT


def _ratio(one: Color, other: Color) -> float:
    dark, light = sorted(_luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    parts = [part / 255 for part in colour.get_truecolor(CONSOLE)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
