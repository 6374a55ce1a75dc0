"""Cron held against two oracles: a walk over elapsed time that does what Debian's daemon does, and cronsim.

The walk shares nothing with the product: expressions are drawn together with the values they name, and matched against
the clock that `zoneinfo` shows, minute by minute (or second by second).
"""

from __future__ import annotations

from calendar import day_abbr, month_abbr
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from hypothesis import assume, example, given
from hypothesis import strategies as st

from treadle.domain.instants import MINUTE, from_datetime, to_datetime
from treadle.domain.triggers import fires, next_fire, parse_cron
from treadle.domain.triggers.zones import names

MONTHS = {name.lower(): number for number, name in enumerate(month_abbr) if name}
WEEKDAYS = {name.lower(): (number + 1) % 7 for number, name in enumerate(day_abbr)}
TRICKY = [
    "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "Australia/Lord_Howe",
    "Pacific/Apia", "Asia/Gaza", "Africa/Casablanca", "America/Havana", "Asia/Tehran", "Antarctica/Troll",
    "Pacific/Kwajalein", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham",
]  # fmt: skip


@dataclass(frozen=True)
class Field:
    text: str
    values: frozenset[int]

    @property
    def wild(self) -> bool:
        return self.text.startswith("*")


def fields(low: int, high: int, words: dict[str, int] | None = None) -> st.SearchStrategy[Field]:
    """A field, and the values that it names."""
    spelled = {value: word for word, value in (words or {}).items()}

    @st.composite
    def term(draw: st.DrawFn) -> Field:
        start = draw(st.integers(low, high))
        end = draw(st.integers(start, high))
        step = draw(st.integers(1, 40))
        kinds = ["*", "*/s", "n", "n", "a-b", "n/s"]
        if start < end:
            kinds.append("a-b/s")  # cronsim takes 5-5/2 for 5/2
        kind = draw(st.sampled_from(kinds))
        words_for = spelled if draw(st.booleans()) else {}
        a, b = (words_for.get(value, str(value)) for value in (start, end))
        text = {
            "*": "*",
            "*/s": f"*/{step}",
            "n": a,
            "a-b": f"{a}-{b}",
            "a-b/s": f"{a}-{b}/{step}",
            "n/s": f"{a}/{step}",
        }[kind]
        first = low if kind.startswith("*") else start
        last = start if kind == "n" else end if kind.startswith("a-b") else high
        every = step if kind.endswith("s") else 1
        return Field(text, frozenset(v for v in range(first, last + 1) if (v - first) % every == 0))

    return st.lists(term(), min_size=1, max_size=3).map(
        lambda terms: Field(",".join(t.text for t in terms), frozenset().union(*(t.values for t in terms)))
    )


ANY = st.just(Field("*", frozenset(range(60))))
MINUTES = fields(0, 59)
HOURS = st.one_of(ANY, fields(0, 23), st.sampled_from(["0", "1", "2", "3", "1-2", "0-3"]).map(
    lambda text: Field(text, frozenset(range(int(text[0]), int(text[-1]) + 1)))
))  # fmt: skip
DATES = st.one_of(ANY, ANY, fields(1, 31))
MONTH_FIELDS = st.one_of(ANY, ANY, ANY, fields(1, 12, MONTHS))
WEEKDAY_FIELDS = st.one_of(ANY, ANY, fields(0, 7, WEEKDAYS))


@dataclass(frozen=True)
class Entry:
    """A line of a crontab: second, minute, hour, day of month, month, day of week."""

    fields: tuple[Field, ...]

    @property
    def expr(self) -> str:
        texts = [field.text for field in self.fields]
        return " ".join(texts[1:] if texts[0] == "0" else texts)

    @property
    def follows_elapsed_time(self) -> bool:
        return self.fields[1].wild or self.fields[2].wild

    def matches(self, clock: datetime) -> bool:
        second, minute, hour, date, month, weekday = self.fields
        if not (clock.minute in minute.values and clock.hour in hour.values and clock.second in second.values):
            return False
        if clock.month not in month.values:
            return False
        by_date = clock.day in date.values
        by_weekday = clock.isoweekday() in weekday.values or clock.isoweekday() % 7 in weekday.values
        return (by_date and by_weekday) if date.wild or weekday.wild else (by_date or by_weekday)


def entries(seconds: st.SearchStrategy[Field]) -> st.SearchStrategy[Entry]:
    return st.tuples(seconds, MINUTES, HOURS, DATES, MONTH_FIELDS, WEEKDAY_FIELDS).map(Entry)


AT_ZERO = st.just(Field("0", frozenset({0})))


def walk(entry: Entry, zone: ZoneInfo, start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    """What Debian's cron starts from `start` to `end`, looking at the clock once per `step` of elapsed time.

    It keeps the latest time that the clock has shown. Wildcard entries run by the clock as it is. Others run by a
    clock that only goes forward: where the real one jumps ahead, the times jumped over run at once, each entry once;
    where it goes back, nothing runs until it has caught up.
    """
    started = []
    reached: datetime | None = None
    now = start
    while now <= end:
        clock = now.astimezone(zone).replace(tzinfo=None)
        if entry.follows_elapsed_time:
            due = entry.matches(clock)
        else:
            due = False
            passing = clock if reached is None else reached + step
            while passing <= clock:
                due = due or entry.matches(passing)
                passing += step
        if due:
            started.append(now)
        reached = clock if reached is None else max(reached, clock)
        now += step
    return started


def transitions(zone: ZoneInfo, year: int) -> list[datetime]:
    """The days of a year within which the zone's offset changes."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=k) for k in range(366)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return [day for day, a, b in zip(days, offsets, offsets[1:], strict=False) if a != b]


@st.composite
def days_of_change(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone and a day within which its clock is put forward or back."""
    tz = draw(st.one_of(st.sampled_from(TRICKY), st.sampled_from(sorted(names()))))
    days = transitions(ZoneInfo(tz), draw(st.integers(1975, 2037)))
    assume(days)
    return tz, draw(st.sampled_from(days))


def agree(entry: Entry, tz: str, start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    lead = timedelta(hours=30) if step == timedelta(minutes=1) else timedelta(0)
    expected = [fire for fire in walk(entry, ZoneInfo(tz), start - lead, end, step) if fire > start]
    found = fires(parse_cron(entry.expr, tz), from_datetime(start), from_datetime(end))
    assert [to_datetime(fire) for fire in found] == expected
    return expected


@given(entry=entries(AT_ZERO), where=days_of_change())
@example(
    entry=Entry((Field("0", frozenset({0})), Field("0", frozenset({0})), Field("12", frozenset({12})),
                 Field("*", frozenset(range(32))), Field("*", frozenset(range(13))), Field("*", frozenset(range(8))))),
    where=("Pacific/Apia", datetime(2011, 12, 30, tzinfo=UTC))
)  # fmt: skip
def test_cron_fires_when_debians_daemon_would(
    entry: Entry,
    where: tuple[str, datetime],
) -> None:
    tz, day = where
    start, end = day - timedelta(days=1), day + timedelta(days=2)
    expected = agree(entry, tz, start, end, timedelta(minutes=1))

    trigger = parse_cron(entry.expr, tz)
    for after in range(from_datetime(start), from_datetime(end), 17 * MINUTE):
        following = next((fire for fire in expected if from_datetime(fire) > after), None)
        if following is not None:
            assert next_fire(trigger, after) == from_datetime(following)


@given(entry=entries(fields(0, 59)), where=days_of_change(), data=st.data())
def test_entries_with_seconds_obey_the_same_rules(
    entry: Entry, where: tuple[str, datetime], data: st.DataObject
) -> None:
    tz, day = where
    zone = ZoneInfo(tz)
    hours = [day + timedelta(hours=k) for k in range(25)]
    change = next(hour for hour in hours if hour.astimezone(zone).utcoffset() != day.astimezone(zone).utcoffset())
    start = change - timedelta(minutes=data.draw(st.integers(60, 120)))
    agree(entry, tz, start, change + timedelta(hours=2), timedelta(seconds=1))


LAST_DATES = st.sampled_from(["L", "LW", "1,L", "15,LW", "31", "30,31", "*"])
NUMBERED_WEEKDAYS = st.one_of(
    st.builds("{}#{}".format, st.sampled_from([*WEEKDAYS, *range(8)]), st.integers(1, 5)),
    st.builds("{}L".format, st.integers(0, 7)),
    st.just("*"),
)


@given(
    date=st.one_of(LAST_DATES, DATES.map(lambda field: field.text)),
    month=MONTH_FIELDS.map(lambda field: field.text),
    weekday=st.one_of(NUMBERED_WEEKDAYS, WEEKDAY_FIELDS.map(lambda field: field.text)),
    after=st.integers(0, 4_000_000_000),
)
def test_days_are_those_of_cronsim(date: str, month: str, weekday: str, after: int) -> None:
    expr = f"30 12 {date} {month} {weekday}"
    moment = datetime.fromtimestamp(after, UTC)
    ours = islice(fires(parse_cron(expr), from_datetime(moment)), 6)
    try:
        theirs = list(islice(CronSim(expr, moment), 6))
    except CronSimError:
        theirs = []  # it refuses what never comes, like 30 February
    assert [to_datetime(fire) for fire in ours] == theirs
