"""The phrases in which times are told, language by language. `words` makes sentences of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from treadle.domain.triggers.calendars import LAST


class Tongue(Struct, frozen=True, kw_only=True):
    """A language. What holds braces is a phrase around a number, a name or another phrase."""

    weekdays: tuple[str, ...]
    """From Sunday on."""
    months: tuple[str, ...]
    nth: Mapping[int, str]
    units: Mapping[int, tuple[str, str]]
    """By their seconds, the longest first: one of them, and several."""
    both: str
    every: str
    daily: str
    workdays: str
    span: str
    on: str
    date: str
    last_day: str
    last_workday: str
    nth_weekday: str
    of_month: str
    of_months: str
    within_months: str
    at: str
    clock: str
    from_clock: str
    at_minute: str
    within_hours: str
    by_expression: str
    once: str
    at_once: str
    moment: str
    start: str
    end: str
    after: str
    on_messages: str
    on_demand: str

    def listed(self, words: Iterable[str]) -> str:
        """`a, b and c`."""
        *first, last = words
        return self.both.format(", ".join(first), last) if first else last


ENGLISH: Final = Tongue(
    weekdays=("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    nth={1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", LAST: "last"},
    units={
        86_400: ("day", "{} days"),
        3_600: ("hour", "{} hours"),
        60: ("minute", "{} minutes"),
        1: ("second", "{} seconds"),
    },
    both="{} and {}",
    every="every {}",
    daily="every day",
    workdays="every weekday",
    span="from {} to {}",
    on="on {} {}",
    date="day {}",
    last_day="the last day",
    last_workday="the last weekday",
    nth_weekday="the {nth} {weekday}",
    of_month="of the month",
    of_months="of {}",
    within_months="{} in {}",
    at="at {}",
    clock="{:02}:{:02}",
    from_clock="from {} to {}",
    at_minute="at minute {}",
    within_hours="in the hours {}",
    by_expression="by the expression {}",
    once="once, on {}",
    at_once="once, as soon as it is defined",
    moment="{day} {month} {year} at {clock}",
    start="from {}",
    end="until {}",
    after="after {}",
    on_messages="when messages {} come",
    on_demand="when it is asked to",
)

INDONESIAN: Final = Tongue(
    weekdays=("Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu"),
    months=(
        *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
        *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    ),
    nth={1: "pertama", 2: "kedua", 3: "ketiga", 4: "keempat", 5: "kelima", LAST: "terakhir"},
    units={86_400: ("hari", "{} hari"), 3_600: ("jam", "{} jam"), 60: ("menit", "{} menit"), 1: ("detik", "{} detik")},
    both="{} dan {}",
    every="setiap {}",
    daily="setiap hari",
    workdays="setiap hari kerja",
    span="dari {} sampai {}",
    on="pada {} {}",
    date="tanggal {}",
    last_day="hari terakhir",
    last_workday="hari kerja terakhir",
    nth_weekday="{weekday} {nth}",
    of_month="setiap bulan",
    of_months="bulan {}",
    within_months="{} pada bulan {}",
    at="pukul {}",
    clock="{:02}.{:02}",
    from_clock="dari pukul {} sampai {}",
    at_minute="pada menit ke-{}",
    within_hours="pada jam {}",
    by_expression="menurut ekspresi {}",
    once="sekali, pada {}",
    at_once="sekali, segera setelah dibuat",
    moment="{day} {month} {year} pukul {clock}",
    start="mulai {}",
    end="sampai {}",
    after="setelah {}",
    on_messages="ketika pesan {} datang",
    on_demand="ketika diminta",
)
