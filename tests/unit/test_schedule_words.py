"""Schedules in words."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.domain.jobs import parse_job
from treadle.domain.triggers.tongues import ENGLISH, INDONESIAN
from treadle.domain.triggers.words import cron_words, interval_words
from treadle.domain.wording import when


@pytest.mark.parametrize(
    ("expr", "english", "indonesian"),
    [
        ("* * * * *", "every minute", "setiap menit"),
        ("*/5 * * * *", "every 5 minutes", "setiap 5 menit"),
        ("*/25 * * * *", "every hour at minute 0, 25 and 50", "setiap jam pada menit ke-0, 25 dan 50"),
        (
            "*/10 9-17 * * 1-5",
            "every 10 minutes from 09:00 to 17:50, every weekday",
            "setiap 10 menit dari pukul 09.00 sampai 17.50, setiap hari kerja",
        ),
        ("*/10 9,17 * * *", "every 10 minutes in the hours 9 and 17", "setiap 10 menit pada jam 9 dan 17"),
        ("0 * * * *", "every hour", "setiap jam"),
        ("15 */2 * * *", "every 2 hours at minute 15", "setiap 2 jam pada menit ke-15"),
        ("0 9-17 * * *", "every hour from 09:00 to 17:00", "setiap jam dari pukul 09.00 sampai 17.00"),
        (
            "*/20,31 */6,7 * * *",
            "at minute 0, 20, 31 and 40 in the hours 0, 6, 7, 12 and 18",
            "pada menit ke-0, 20, 31 dan 40 pada jam 0, 6, 7, 12 dan 18",
        ),
        ("@daily", "every day at 00:00", "setiap hari pukul 00.00"),
        ("30 7 * * MON-FRI", "every weekday at 07:30", "setiap hari kerja pukul 07.30"),
        (
            "30 9,17 * * SAT,SUN",
            "every Saturday and Sunday at 09:30 and 17:30",
            "setiap Sabtu dan Minggu pukul 09.30 dan 17.30",
        ),
        ("0 9 * * FRI-SUN", "from Friday to Sunday at 09:00", "dari Jumat sampai Minggu pukul 09.00"),
        ("0 9 * * 5L", "on the last Friday of the month at 09:00", "pada Jumat terakhir setiap bulan pukul 09.00"),
        (
            "0 9 * * 5#2,1",
            "every Monday and on the second Friday of the month at 09:00",
            "setiap Senin dan pada Jumat kedua setiap bulan pukul 09.00",
        ),
        (
            "0 0 1,L * *",
            "on day 1 and the last day of the month at 00:00",
            "pada tanggal 1 dan hari terakhir setiap bulan pukul 00.00",
        ),
        (
            "0 0 LW 1,7 *",
            "on the last weekday of January and July at 00:00",
            "pada hari kerja terakhir bulan Januari dan Juli pukul 00.00",
        ),
        ("0 6 * 8 *", "every day in August at 06:00", "setiap hari pada bulan Agustus pukul 06.00"),
        (
            "0 0 13 * FRI",
            "on day 13 of the month and every Friday at 00:00",
            "pada tanggal 13 setiap bulan dan setiap Jumat pukul 00.00",
        ),
        ("0 0 */2 * *", "by the expression 0 0 */2 * *", "menurut ekspresi 0 0 */2 * *"),
        ("10 0 0 * * *", "by the expression 10 0 0 * * *", "menurut ekspresi 10 0 0 * * *"),
    ],
)
def test_cron(expr: str, english: str, indonesian: str) -> None:
    assert cron_words(expr, ENGLISH) == english
    assert cron_words(expr, INDONESIAN) == indonesian


@pytest.mark.parametrize(
    ("seconds", "english", "indonesian"),
    [
        (0.5, "every 0.5 seconds", "setiap 0.5 detik"),
        (1, "every second", "setiap detik"),
        (90, "every 90 seconds", "setiap 90 detik"),
        (3_600, "every hour", "setiap jam"),
        (172_800, "every 2 days", "setiap 2 hari"),
    ],
)
def test_intervals(seconds: float, english: str, indonesian: str) -> None:
    assert interval_words(seconds, ENGLISH) == english
    assert interval_words(seconds, INDONESIAN) == indonesian


JAKARTA = {"timezone": "Asia/Jakarta"}


@pytest.mark.parametrize(
    ("document", "english", "indonesian"),
    [
        (
            {"schedule": {"cron": "30 7 * * 1-5", **JAKARTA}},
            "every weekday at 07:30, Asia/Jakarta",
            "setiap hari kerja pukul 07.30, Asia/Jakarta",
        ),
        ({"schedule": {"interval_sec": 300, **JAKARTA}}, "every 5 minutes", "setiap 5 menit"),
        (
            {"schedule": {"interval_sec": 300, "start_at": "2026-11-05T09:00:00", **JAKARTA}},
            "every 5 minutes, from 5 November 2026 at 09:00, Asia/Jakarta",
            "setiap 5 menit, mulai 5 November 2026 pukul 09.00, Asia/Jakarta",
        ),
        (
            {"schedule": {"cron": "0 0 * * *", "end_at": "2027-01-01T00:00:00Z"}},
            "every day at 00:00, until 1 January 2027 at 00:00, UTC",
            "setiap hari pukul 00.00, sampai 1 Januari 2027 pukul 00.00, UTC",
        ),
        (
            {"schedule": {"at": "2026-11-05T02:30:00Z", **JAKARTA}},
            "once, on 5 November 2026 at 09:30, Asia/Jakarta",
            "sekali, pada 5 November 2026 pukul 09.30, Asia/Jakarta",
        ),
        ({"schedule": {"mode": "immediate"}}, "once, as soon as it is defined", "sekali, segera setelah dibuat"),
        ({"after": ["extract", "load"]}, "after extract and load", "setelah extract dan load"),
        (
            {"messages": {"type": "order.paid", "trigger": True}},
            "when messages order.paid come",
            "ketika pesan order.paid datang",
        ),
        ({}, "when it is asked to", "ketika diminta"),
    ],
)
def test_jobs(document: dict[str, Any], english: str, indonesian: str) -> None:
    said = when(parse_job({"job_id": "report", "type": "report", **document}))
    assert (said.en, said.id) == (english, indonesian)
