#!/usr/bin/env bash
# A day of birth that is stored as a moment on a Linux computer in Vietnam is the day before on a Windows computer in
# Vietnam, for everybody who was born from 1960 to June 1975.
#
# Versions: tzdata 2026.6, tzlocal 5.4.5 (PyPI).
# Seen: the zone of Vietnam is Asia/Ho_Chi_Minh, which had +08:00 from 1 January 1960 to 12 June 1975 (as in 1947 to 1955).
# Windows calls the zone "SE Asia Standard Time", which tzlocal takes for Asia/Bangkok; that has had +07:00 since 1920.
# Both are +07:00 today, and tzlocal gives Asia/Ho_Chi_Minh the same name of Windows, so there and back is another zone.
# Midnight of 8 March 1965 in Vietnam is 23:00 of 7 March there; no day of those fifteen years comes back as it was.
# Why it matters: a birthday that a program or a spreadsheet keeps as a moment (milliseconds, UTC, "timestamp with time
# zone") changes its day between two laptops that show the same clock, and a name with another day of birth is another
# person. Days belong into columns of days.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install tzdata==2026.6 tzlocal==5.4.5
PYTHONTZPATH="" "$folder/env/bin/python" - <<'PY'
import sys
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

HERE = "Asia/Ho_Chi_Minh"
there = win_tz[tz_win[HERE]]
print(HERE, "->", tz_win[HERE], "->", there)


def read_there(day: date) -> date:
    """The day that the other laptop shows for midnight of ``day`` on this one."""
    moment = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(HERE)).timestamp()
    return datetime.fromtimestamp(moment, ZoneInfo(there)).date()


days = [date(1900, 1, 1) + timedelta(n) for n in range(46_000)]
other = [day for day in days if day.year >= 1956 and read_there(day) != day]
print("8 March 1965 becomes", read_there(date(1965, 3, 8)))
print("days since 1956 that become another:", len(other), "from", other[0], "to", other[-1])
sys.exit(
    (there, read_there(date(1965, 3, 8)), len(other), other[0], other[-1])
    != ("Asia/Bangkok", date(1965, 3, 7), 5642, date(1960, 1, 1), date(1975, 6, 12))
)
PY
