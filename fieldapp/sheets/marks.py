"""What a sheet of refused rows has beside the rows: headings that are known again when it is given."""

LINE = "Refused line"
REASON = "Reason of the refusal"
ROW = "Row mark (do not change)"

ALL = (LINE, REASON, ROW)
