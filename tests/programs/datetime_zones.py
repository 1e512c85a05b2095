"""Dates and times: zones, folds, ISO texts, arithmetic at the limits, subclasses, pickles."""

from datetime import MAXYEAR, UTC, date, datetime, time, timedelta, timezone, tzinfo
import copy
import pickle


def attempt(function):
    try:
        print(function())
    except (TypeError, ValueError, OverflowError, ArithmeticError) as error:
        print(type(error).__name__, error)


class Summer(tzinfo):
    """One hour ahead in the second half of the year."""

    def utcoffset(self, moment):
        return timedelta(hours=1) + self.dst(moment)

    def dst(self, moment):
        return timedelta(hours=1 if moment is not None and moment.month > 6 else 0)

    def tzname(self, moment):
        return "SUMMER" if self.dst(moment) else "WINTER"

    def __repr__(self):
        return "Summer()"


class Moment(datetime):
    pass


summer = Summer()
for moment in datetime(2024, 1, 15, 12, tzinfo=summer), datetime(2024, 7, 15, 12, 30, 1, 5, tzinfo=summer, fold=1):
    print(repr(moment), moment, moment.tzname(), moment.dst(), moment.utctimetuple()[:6], moment.astimezone(UTC))
    print(moment.strftime("%Y-%m-%d %H:%M:%S.%f %z %:z %Z %j %a %b"), pickle.loads(pickle.dumps(moment.replace(tzinfo=None))))
print(datetime(2024, 6, 30, 23, 30, tzinfo=UTC).astimezone(summer), datetime(2024, 7, 1, tzinfo=summer) - datetime(2024, 1, 1, tzinfo=UTC))

for text in ("2024-02-29", "20240229", "2024-W09-4", "2024W094", "2024-W09", "2023-02-29", "2024-13-01", "24-01-01"):
    attempt(lambda: date.fromisoformat(text))
for text in ("2024-02-29T12", "2024-02-29 12:30:45,123456789+05:30", "20240229T123045.5Z", "2024-W09-4T24:00", "2024-02-29T12:60", "2024-02-29T1"):
    attempt(lambda: datetime.fromisoformat(text))
for text in ("12:30", "T123045", "24:00", "24:00:01", "12:30:45-00:00:30", "1:2"):
    attempt(lambda: time.fromisoformat(text))

for function in (
    lambda: date.max + timedelta(1), lambda: datetime.min - timedelta.resolution, lambda: timedelta.max + timedelta.resolution,
    lambda: timedelta(days=10**10), lambda: timedelta("1"), lambda: date(2024, 4, 31), lambda: time(25), lambda: datetime(MAXYEAR + 1, 1, 1),
    lambda: timezone(timedelta(days=1)), lambda: datetime(2024, 1, 1) < datetime(2024, 1, 1, tzinfo=UTC), lambda: date(2024, 1, 1) < 5,
    lambda: timedelta(1) / 0, lambda: datetime(2024, 1, 1, tzinfo="UTC"), lambda: date.fromordinal(0), lambda: date.fromisocalendar(2024, 53, 1),
):
    attempt(function)

delta = timedelta(weeks=1.5, days=-3, hours=7.25, microseconds=2.5)
print(repr(delta), delta, delta * 1.5, delta / 7, delta // timedelta(hours=5), divmod(delta, timedelta(hours=5)), -delta, abs(-delta), delta.total_seconds())
print(date(2024, 12, 30).isocalendar(), date(2024, 2, 29).replace(day=1).ctime(), date(2024, 2, 29).toordinal(), copy.replace(date(2024, 1, 1), year=1))
moment = Moment(2024, 5, 6, 7, 8, 9, 10)
print(repr(moment + timedelta(1)), type(moment.replace(hour=1)).__name__, type(Moment.fromisoformat("2024-01-01")).__name__, moment.date(), moment.time())
print([moment.isoformat(timespec=part) for part in ("hours", "minutes", "seconds", "milliseconds", "microseconds", "auto")])
print(datetime.fromtimestamp(1700000000.5, UTC), datetime.fromtimestamp(-1.5, timezone(timedelta(hours=-3))), moment.replace(tzinfo=UTC).timestamp())
print(timezone.utc, timezone(timedelta(hours=-3, minutes=-30)), repr(timezone(timedelta(hours=1), "one")), timezone(timedelta(0)) is UTC)
print({datetime(2024, 1, 1, tzinfo=UTC): 1}[datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))], time(1, tzinfo=UTC) == time(2, tzinfo=timezone(timedelta(hours=1))))
print(datetime.strptime("2024-05-06 07:08", "%Y-%m-%d %H:%M"), date.strptime("060524", "%d%m%y"), time.strptime("7.8", "%H.%M"), f"{moment:%H-%M}")
