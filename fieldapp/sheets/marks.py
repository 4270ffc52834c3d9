"""What a sheet of refused rows has beside the rows: headings that are known again when it is given."""

MARKS = ("Reason of the refusal", "Refused line", "Row mark (do not change)")

REASON, LINE, ROW = MARKS
