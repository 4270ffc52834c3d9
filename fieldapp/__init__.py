"""Offline-first field records for border posts."""

__version__ = "0.2.0"
