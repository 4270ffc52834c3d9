"""Existing sheets in: XLSX and CSV tables, as people keep them, become records."""
