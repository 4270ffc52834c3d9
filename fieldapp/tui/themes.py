"""The colours of the screen: dark, light, and sixteen colours for consoles that have no more.

The contrast of text with its background is at least 4.5 to 1 (WCAG 2.2, 1.4.3); ``tests/tui/test_themes.py`` computes
it for the screens. A sign always says the same as a colour, so nothing is lost with ``NO_COLOR``.
"""

import os
from collections.abc import Mapping

from textual.theme import Theme

from fieldapp.i18n import _

DARK = Theme(
    name="fieldapp-dark",
    primary="#0068b8",
    secondary="#4a90c8",
    accent="#ffa62b",
    warning="#ffa62b",
    error="#ff6b81",
    success="#4ebf71",
    foreground="#e0e0e0",
    background="#121212",
    variables={
        "text-muted": "#bababa",
        "text-disabled": "#bababa",
        "text-error": "#ff8f9f",
        "scrollbar": "#3d7fb5",
    },
)

LIGHT = Theme(
    name="fieldapp-light",
    primary="#004578",
    secondary="#0178d4",
    accent="#7a3e00",
    warning="#7a3e00",
    error="#a3123a",
    success="#1d6b36",
    foreground="#1a1a1a",
    background="#f2f2f2",
    surface="#e4e4e4",
    panel="#dcdcdc",
    dark=False,
    variables={
        "text-muted": "#4a4a4a",
        "text-disabled": "#4a4a4a",
        "text-error": "#a3123a",
        "text-warning": "#7a3e00",
        "footer-key-foreground": "#7a3e00",
        "block-cursor-foreground": "#ffffff",
        "scrollbar": "#40719a",
    },
)

SIXTEEN = Theme(
    name="fieldapp-16",
    ansi=True,
    primary="ansi_white",
    secondary="ansi_cyan",
    accent="ansi_bright_yellow",
    warning="ansi_bright_yellow",
    error="ansi_bright_red",
    success="ansi_bright_green",
    foreground="ansi_white",
    background="ansi_black",
    surface="ansi_black",
    panel="ansi_black",
    boost="ansi_black",
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "text": "ansi_bright_white",
        "text-muted": "ansi_white",
        "text-disabled": "ansi_white",
        "header-text": "ansi_black",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_white",
        "block-cursor-blurred-foreground": "ansi_black",
        "block-cursor-blurred-background": "ansi_white",
        "footer-foreground": "ansi_white",
        "footer-background": "ansi_black",
        "footer-key-foreground": "ansi_bright_yellow",
        "footer-description-foreground": "ansi_white",
        "footer-description-background": "ansi_black",
        "footer-item-background": "ansi_black",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "scrollbar": "ansi_white",
        "scrollbar-background": "ansi_black",
    },
)
"""Only colours by name, which a console shows in its own way; none is mixed"""

THEMES = (DARK, LIGHT, SIXTEEN)


def titles() -> Mapping[str, str]:
    """Name of a theme -> what people call it."""
    return {DARK.name: _("dark"), LIGHT.name: _("light"), SIXTEEN.name: _("16 colours")}


def default_theme() -> str:
    """The theme before one is chosen: one that the terminal can show."""
    term = os.environ.get("TERM", "")
    return SIXTEEN.name if term in ("linux", "vt220", "ansi", "screen") or term.endswith("-16color") else DARK.name
