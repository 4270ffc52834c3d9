"""Headings of columns that say something of the row itself: those that the program adds to a sheet of refused rows, and
the id of a submission from a phone."""

MARKS = ("Reason of the refusal", "Refused line", "Row mark (do not change)", "Submission (do not change)")

REASON, LINE, ROW, SUBMISSION = MARKS
