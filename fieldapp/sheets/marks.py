"""Headings of the columns that the program adds to a sheet of refused rows, and knows when it is imported."""

MARKS = ("Reason of the refusal", "Refused line", "Row mark (do not change)")

REASON, LINE, ROW = MARKS
