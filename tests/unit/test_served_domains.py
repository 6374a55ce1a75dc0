"""Which domains a worker serves by its settings."""

from __future__ import annotations

from treadle.settings import load_settings


def test_a_worker_serves_its_own_domain_unless_told_otherwise() -> None:
    assert load_settings({}).served_domains == ("default",)
    assert load_settings({"TREADLE_DOMAIN": "team-a"}).served_domains == ("team-a",)
    told = {"TREADLE_DOMAIN": "team-a", "TREADLE_DOMAINS": "team-b, team-c,"}
    assert load_settings(told).served_domains == ("team-b", "team-c")
    assert load_settings({"TREADLE_DOMAINS": "*"}).served_domains == ("*",)
