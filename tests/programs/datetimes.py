"""datetime, calendar, time formatting."""
from datetime import date, datetime, time, timedelta, timezone
import calendar
import time as clock

d = date(2024, 2, 29)
print(d, repr(d), d.weekday(), d.isocalendar(), d.toordinal(), d + timedelta(days=366), d.replace(year=2028), d.strftime("%a %d %b %Y %j %U"), date.fromisoformat("2024-W09-4"), d.timetuple().tm_yday)
t = datetime(2024, 3, 10, 1, 30, 15, 123456, tzinfo=timezone.utc)
print(t, repr(t), t.isoformat(timespec="milliseconds"), t.timestamp(), t.astimezone(timezone(timedelta(hours=-5, minutes=-30))), t.strftime("%Y-%m-%dT%H:%M:%S.%f%z %p %I %y %%"))
print(datetime.strptime("5 Mar 2021 14:05", "%d %b %Y %H:%M"), datetime.fromisoformat("2024-03-10T01:30:15.5+02:00"), datetime.fromtimestamp(0, timezone.utc), datetime.combine(d, time(12)), datetime(2024, 1, 1) - datetime(2023, 1, 1))
delta = timedelta(days=1, hours=-3, microseconds=7)
print(delta, repr(delta), -delta, delta * 2, delta / 2, delta // timedelta(hours=1), delta % timedelta(hours=1), delta.total_seconds(), abs(timedelta(-1)), timedelta(weeks=1) > timedelta(days=6), str(timedelta(days=-1, seconds=1)))
print(time(1, 2, 3), time(23, 59).isoformat("seconds"), time.fromisoformat("04:05:06.789"), time(1, tzinfo=timezone.utc), min(date.min, date.max), datetime.max, timezone(timedelta(hours=1), "X"), timezone.utc)
for bad in (lambda: date(2023, 2, 29), lambda: date(2024, 13, 1), lambda: datetime(1, 1, 1, 24), lambda: date.fromisoformat("2024-1-1"), lambda: datetime.strptime("x", "%Y"), lambda: t - datetime(2024, 1, 1), lambda: date.max + timedelta(1), lambda: d + 1, lambda: time(25), lambda: timezone(timedelta(days=2)), lambda: d < t.time()):
    try:
        print(bad())
    except Exception as error:
        print(type(error).__name__, error)
print(calendar.month(2024, 2), calendar.isleap(1900), calendar.monthrange(2024, 2), calendar.timegm((1970, 1, 2, 0, 0, 0)))
print(clock.strftime("%Y-%m-%d %H:%M:%S", clock.gmtime(86400 * 365)), clock.gmtime(0), clock.mktime(clock.strptime("2000", "%Y")) > 0, clock.monotonic() <= clock.monotonic())
from zoneinfo import ZoneInfoNotFoundError, ZoneInfo
try:
    ZoneInfo("No/Such")
except ZoneInfoNotFoundError as error:
    print(error)
import pickle
print(pickle.loads(pickle.dumps(t)) == t, hash(t) == hash(t.astimezone(timezone(timedelta(hours=3)))), {d: 1}[date(2024, 2, 29)])
