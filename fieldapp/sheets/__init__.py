"""Import of existing sheets: XLSX and CSV tables, as people keep them, become records."""
