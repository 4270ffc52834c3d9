"""What tests need that Windows, or Wine alone, does not have. Everything else runs there too: ``make windows``.

A skip for another reason is a failure there, as it is in CI (``conftest.py``).
"""

import os
import signal
import sys

import pytest

ABSENT = "not on Windows: "
"""Begins the reason of a test that cannot run there"""
WINE_S_OWN = "Wine's own: "
"""Begins the reason of a test that Wine fails, and Windows would not"""


def needs(there: bool, what: str) -> pytest.MarkDecorator:
    """Leave a test out where the system has no ``what``."""
    return pytest.mark.skipif(not there, reason=ABSENT + what)


FORK = needs(hasattr(os, "fork"), "fork")
KILL = needs(hasattr(signal, "SIGKILL"), "kill -9 that a process can be told to end by")
PERMISSIONS = needs(hasattr(os, "getuid"), "owners and mode bits of POSIX")
SHELL = needs(os.name == "posix", "sh, and the tools that it calls")
LIMITS = needs(os.name == "posix", "limits of a process (resource.setrlimit)")
NAMES = needs(os.name != "nt", "such file names")
TERMINAL = ABSENT + "pseudo-terminals (pexpect)"
"""The reason for ``pytest.importorskip("pexpect")``"""

_NAMES = "it stores names as UTF-8, which has no halves of surrogate pairs; NTFS has"
WINE: dict[str, str] = {
    "tests/sync/test_sticks.py::test_a_name_that_is_no_unicode_stops_nothing": _NAMES,
    "tests/tui/test_sync.py::test_a_name_that_is_no_unicode_stops_nothing": _NAMES,
}
"""Test, without parameters -> what Wine does otherwise than Windows"""


def under_wine() -> bool:
    """Whether this Windows is Wine: only its ntdll has that function."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.windll.ntdll, "wine_get_version")


def leave_out_wine_s_own(items: list[pytest.Item]) -> None:
    """Mark the tests that Wine itself fails."""
    if not under_wine():
        return
    for item in items:
        reason = WINE.get(item.nodeid.partition("[")[0])
        if reason:
            item.add_marker(pytest.mark.skip(reason=WINE_S_OWN + reason))


def allowed(reason: str) -> bool:
    """Whether a skip for this reason is right on this system."""
    return os.name == "nt" and (ABSENT in reason or WINE_S_OWN in reason)
