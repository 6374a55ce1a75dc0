"""What settings refuse, and what such a refusal never tells."""

from __future__ import annotations

import pytest

from treadle.domain.errors import InvalidInput
from treadle.settings import load_settings

_SECRETS = {
    "TREADLE_DATABASE_URL": "postgresql://t:S3cr@h/d",
    "TREADLE_ADMIN_TOKEN": "Zk39xPq7Lm2Zk39xPq7Lm2",
    "TREADLE_API_TOKEN": "Ap39xPq7Lm2Ap39xPq7Lm2",
    "TREADLE_WORKER_TOKEN": "Wk39xPq7Lm2Wk39xPq7Lm2",
}


@pytest.mark.parametrize("secret", _SECRETS)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"TREADLE_LEASE_SEC": "1"}, "a heartbeat every 5 s cannot hold a lease of 1 s"),
        ({"TREADLE_TLS_CERT": "/x"}, "HTTPS needs both TREADLE_TLS_CERT and TREADLE_TLS_KEY"),
        ({"TREADLE_CORS_ALLOW_ORIGINS": "nowhere"}, "'nowhere' is no origin"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_without_a_secret(
    secret: str, wrong: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_settings({secret: _SECRETS[secret], **wrong})
    told = refused.value.message + "".join(each.message for each in refused.value.problems)
    assert said in told
    assert "got" not in told
    assert "S3cr" not in told
    assert _SECRETS[secret][:11] not in told


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("TREADLE_PROCESSES", "1000000", "`int` <= 256"),
        ("TREADLE_PROCESSES", "0", "`int` >= 1"),
        ("TREADLE_CONCURRENCY", "1000000", "`int` <= 10000"),
        ("TREADLE_GRACE_SEC", "-1", "`float` >= 0.0"),
        ("TREADLE_GRACE_SEC", "inf", "`float` <= 2592000.0"),
        ("TREADLE_LEASE_SEC", "nan", "`float`"),
        ("TREADLE_RETENTION_RUNS_DAYS", "1e30", "`float` <= 36500.0"),
        ("TREADLE_QUEUES", " , ", "names nothing"),
        ("TREADLE_QUEUES", "default,$%", "'$%' can be no name"),
        ("TREADLE_DOMAINS", "b@d", "'b@d' can be no name"),
        ("TREADLE_DOMAIN", "a,b", "'a,b' can be no name"),
        ("TREADLE_TAGS", ",", "names nothing"),
        ("TREADLE_TRUSTED_PROXIES", "10.0.0.0/99", "'10.0.0.0/99' is no address or network"),
        ("TREADLE_ALLOWED_HOSTS", "http://x", "'http://x' is no host's name"),
        ("TREADLE_TRACES_URL", "nonsense", "is no URL such as"),
        ("TREADLE_TRACES_URL", "http://[x", "is no URL such as"),
    ],
)
def test_a_setting_that_would_do_something_else_than_it_says_is_refused(variable: str, text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_settings({variable: text})
    (problem,) = refused.value.problems
    assert problem.pointer == variable
    assert said in problem.message
    key = variable.removeprefix("TREADLE_").lower()
    with pytest.raises(InvalidInput, match=f"/{key}: "):
        load_settings({}, **{key: float(text) if said.startswith("`") else text})


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("TREADLE_PROT", ' (did you mean "TREADLE_PORT"?)'),
        ("TREADLE_DATABASE", ' (did you mean "TREADLE_DATABASE_URL"?)'),
        ("TREADLE_WORKRS", ""),
    ],
)
def test_a_misspelt_setting_is_told_the_nearest_if_any_is_near(variable: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_settings({variable: "1"})
    assert refused.value.message == f"{variable}: there is no such setting{hint}"


def test_every_domain_and_a_list_of_queues_are_taken() -> None:
    proxies = {
        "TREADLE_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.0/8, ::1, *",
        "TREADLE_ALLOWED_HOSTS": "a-b.example.org,box",
    }
    settings = load_settings({"TREADLE_DOMAINS": "*", "TREADLE_QUEUES": "a, b:c,", **proxies})
    assert (settings.served_domains, settings.queues) == (("*",), "a, b:c,")
