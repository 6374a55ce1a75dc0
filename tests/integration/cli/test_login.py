"""The command line against a server elsewhere: login, profiles, configuration; what of it others may see."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
from typing import Any, Final

import pytest

from tests.support.commands import Home, at
from tests.support.up import TREADLE, Up, treadle
from treadle.cli.exits import Exit

PASSWORD: Final = "correct horse battery"


def token_of(server: Up, **wanted: Any) -> str:
    return str(server.server.post("/tokens", {"name": "ci", "scopes": ["operate"], **wanted})["secret"])


def test_a_token_from_standard_input_is_used_from_then_on(server: Up, elsewhere: Home) -> None:
    token = token_of(server)
    done = elsewhere.run("login", f"{server.url}/", "--profile", "work", stdin=f"{token}\n")
    assert (done.returncode, f"logged in to {server.url} as token:ci (operate)" in done.stdout) == (0, True), done
    assert elsewhere.ask("job", "show", "a")["job_id"] == "a"
    assert stat.S_IMODE(elsewhere.file.stat().st_mode) == 0o600
    assert token not in elsewhere.run("config", "list").stdout + elsewhere.run("profile", "show").stdout
    assert elsewhere.ask("profile", "show") == {
        "profile": "work", "in_use": True, "url": server.url, "token": f"…{token[-4:]}", "domain": "",
    }  # fmt: skip
    assert elsewhere.ask("config", "get", "profiles.work.token") == {"profiles.work.token": token}


def test_a_token_that_opens_nothing_is_not_kept(server: Up, elsewhere: Home) -> None:
    done = elsewhere.run("login", server.url, stdin="tok_nothing.of-value\n")
    assert (done.returncode, elsewhere.file.exists()) == (Exit.SERVER, False)
    assert "does not accept the token: give it another" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--days", "5"), "days: is for a login with --user"),
        (("--password-file", "-"), "password-file: is for a login with --user"),
        (("--user", "ana", "--token-file", "-"), "token-file: is for a login without --user"),
        (("--domain", "a b"), "domain: 'a b' can be no domain's name"),
    ],
)
def test_an_option_of_another_way_to_log_in_is_refused(
    server: Up, elsewhere: Home, arguments: tuple[str, ...], said: str
) -> None:
    done = elsewhere.run("login", server.url, *arguments, stdin=token_of(server))
    assert (done.returncode, said in done.stderr, elsewhere.file.exists()) == (Exit.USAGE, True, False), done.stderr


def test_the_url_of_the_api_is_as_good_as_that_of_its_server(server: Up, elsewhere: Home) -> None:
    token = token_of(server)
    done = elsewhere.run("login", f"{server.url}/api/v1/", "--profile", "work", stdin=token)
    assert f"logged in to {server.url} as" in done.stdout
    assert elsewhere.ask("profile", "show")["url"] == server.url
    assert elsewhere.ask("job", "list", **at(f"{server.url}/api/v1", token))["items"]


def test_what_goes_before_the_profile_in_use_is_told(server: Up, elsewhere: Home) -> None:
    data = {"TREADLE_DATA": str(server.data)}
    done = elsewhere.run("login", server.url, "--profile", "work", stdin=token_of(server), **data)
    assert "TREADLE_DATA is set, and goes before the profile in use" in done.stderr
    assert "TREADLE_DATA is set" in elsewhere.run("profile", "use", "work", **data).stderr
    assert "TREADLE_DATA" not in elsewhere.run("profile", "use", "work").stderr


def test_a_token_of_the_environment_is_not_left_out_for_that_of_a_profile(server: Up, elsewhere: Home) -> None:
    elsewhere.run("login", server.url, "--profile", "work", stdin=token_of(server))
    done = elsewhere.run("job", "list", TREADLE_TOKEN="tok_of.another")
    assert (done.returncode, "work has a token of its own" in done.stderr) == (Exit.USAGE, True), done.stderr


def test_a_token_is_asked_for_on_a_terminal_and_not_shown(server: Up, elsewhere: Home) -> None:
    token = token_of(server)
    main, end = pty.openpty()
    process = subprocess.Popen(
        [TREADLE, "login", server.url],
        stdin=end, stdout=end, stderr=end, start_new_session=True, cwd=elsewhere.folder, env=elsewhere.environment,
    )  # fmt: skip
    os.close(end)
    shown = os.read(main, 4096)
    while b"token: " not in shown:
        shown += os.read(main, 4096)
    os.write(main, f"{token}\n".encode())
    try:
        while chunk := os.read(main, 4096):
            shown += chunk
    except OSError:  # its end was closed
        pass
    assert process.wait(30) == 0, shown
    assert b"logged in to" in shown
    assert token.encode() not in shown


def test_without_a_terminal_or_a_secret_nothing_is_asked(server: Up, elsewhere: Home) -> None:
    done = elsewhere.run("login", server.url, "--no-input")
    assert (done.returncode, "token: is empty" in done.stderr) == (Exit.USAGE, True)


def test_a_password_is_turned_into_a_token_that_logout_ends(server: Up, elsewhere: Home) -> None:
    server.server.post("/users", {"name": "ana", "password": PASSWORD, "scopes": ["operate"]})
    done = elsewhere.run("login", server.url, "--user", "ana", "--profile", "mine", stdin=PASSWORD)
    assert "as user:ana (operate)" in done.stdout, done.stderr
    assert PASSWORD not in elsewhere.file.read_text()
    token = elsewhere.ask("config", "get", "profiles.mine.token")["profiles.mine.token"]
    assert elsewhere.ask("job", "list")["items"]
    with_it = at(server.url, token)
    assert elsewhere.run("job", "list", **with_it).returncode == 0
    assert elsewhere.run("token", "list").returncode == Exit.SERVER  # they are the administrator's
    assert "its token has ended" in elsewhere.run("logout").stdout
    done = elsewhere.run("job", "list", **with_it)
    assert (done.returncode, "set TREADLE_TOKEN to one that" in done.stderr) == (Exit.SERVER, True), done.stderr
    assert elsewhere.run("profile", "show", "mine").returncode == Exit.NOT_FOUND
    assert elsewhere.ask("profile", "show")["profile"] == "local"


def test_a_wrong_password_is_refused(server: Up, elsewhere: Home) -> None:
    done = elsewhere.run("login", server.url, "--user", "ana", stdin="wrong")
    assert (done.returncode, elsewhere.file.exists()) == (Exit.SERVER, False)


def test_a_token_made_by_hand_outlives_a_logout(server: Up, elsewhere: Home) -> None:
    token = token_of(server)
    elsewhere.run("login", server.url, "--profile", "work", stdin=token)
    done = elsewhere.run("logout")
    assert (done.returncode, "still good" in done.stderr) == (0, True)
    assert elsewhere.run("job", "list", **at(server.url, token)).returncode == 0


def test_the_nearest_word_on_the_server_wins(server: Up, elsewhere: Home) -> None:
    elsewhere.run("login", server.url, "--profile", "work", stdin=token_of(server))
    elsewhere.run("login", server.url, "--profile", "narrow", "--domain", "team-b", stdin=token_of(server, domain=None))
    assert [each["profile"] for each in elsewhere.ask("profile", "list")["items"]] == ["local", "work", "narrow"]
    local = elsewhere.run("job", "list", "--profile", "local")
    assert (local.returncode, "no server runs" in local.stderr) == (Exit.SERVER, True)
    assert elsewhere.ask("job", "list", "--profile", "work")["items"]
    assert elsewhere.ask("job", "list")["items"] == []
    assert elsewhere.ask("job", "list", TREADLE_PROFILE="work")["items"]
    assert elsewhere.ask("job", "list", TREADLE_DATA=str(server.data))["items"]
    assert elsewhere.ask("job", "list", "--data", str(server.data), TREADLE_PROFILE="none")["items"]
    assert elsewhere.ask("profile", "use", "work")["in_use"] is True
    assert elsewhere.ask("job", "list")["items"]
    assert elsewhere.ask("job", "list", TREADLE_DOMAIN="team-b", TREADLE_PROFILE="narrow")["items"] == []
    for arguments, more in (
        (("--profile", "work", "--data", "x"), {}),
        ((), {"TREADLE_URL": server.url, "TREADLE_PROFILE": "work"}),
    ):
        assert elsewhere.run("job", "list", *arguments, **more).returncode == Exit.USAGE
    missing = elsewhere.run("job", "list", "--profile", "wrk")
    assert (missing.returncode, 'did you mean "work"?' in missing.stderr) == (Exit.NOT_FOUND, True)


def test_the_configuration_is_told_and_set_key_by_key(elsewhere: Home, server: Up) -> None:
    assert elsewhere.run("config", "path").stdout == f"{elsewhere.file}\n"
    assert elsewhere.ask("config", "list") == {"profile": "local"}
    assert elsewhere.run("config", "set", "profiles.a.b.url", "https://a.b").returncode == 0
    assert elsewhere.run("config", "set", "profiles.a.b.token", "seen-by-all").returncode == Exit.USAGE
    assert elsewhere.run("config", "set", "profiles.a.b.token", stdin="never-shown\n").stdout.endswith("is …hown\n")
    assert elsewhere.run("config", "set", "profile", "a.b").returncode == 0
    assert elsewhere.ask("config", "list") == {
        "profile": "a.b", "profiles.a.b.url": "https://a.b", "profiles.a.b.token": "…hown",
    }  # fmt: skip
    assert elsewhere.run("config", "get", "profiles.a.b.domain").returncode == Exit.NOT_FOUND
    assert elsewhere.run("config", "unset", "profiles.a.b.url").returncode == Exit.USAGE
    assert elsewhere.run("config", "unset", "profiles.a.b.token").returncode == 0
    lost = elsewhere.run("job", "list")
    assert (lost.returncode, "treadle login https://a.b --profile a.b" in lost.stderr) == (Exit.SERVER, True)
    assert elsewhere.run("profile", "remove", "a.b").returncode == 0
    assert elsewhere.ask("config", "list") == {"profile": "local"}
    wrong = elsewhere.run("config", "get", "profils.a.url")
    assert (wrong.returncode, "profiles" in wrong.stderr) == (Exit.USAGE, True)


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ('profile = "local"\n', 0o644, "chmod 600"),
        ("profile = \n", 0o600, "no TOML"),
        ('profil = "local"\n', 0o600, 'did you mean "profile"?'),
        ('[profiles.x]\nurl = "ftp://x"\ntoken = "t"\n', 0o600, "profiles.x.url"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told(elsewhere: Home, text: str, mode: int, said: str) -> None:
    elsewhere.file.parent.mkdir(parents=True)
    elsewhere.file.write_text(text)
    elsewhere.file.chmod(mode)
    done = elsewhere.run("job", "list", "--profile", "x")
    assert (done.returncode, said in done.stderr) == (Exit.USAGE, True), done.stderr


def test_secrets_do_not_go_in_the_clear_to_another_machine(elsewhere: Home) -> None:
    done = elsewhere.run("login", "http://treadle.example.com", stdin="a-token")
    assert (done.returncode, "--insecure" in done.stderr) == (Exit.USAGE, True)
    assert elsewhere.run("login", "http://name:pass@localhost:1", stdin="t").returncode == Exit.USAGE


def test_services_start_beside_a_profile() -> None:
    assert "TREADLE_PROFILE" not in treadle("job", "list", TREADLE_PROFILE="local").stderr


def test_a_token_that_is_no_longer_accepted_is_told_with_how_to_come_by_another(server: Up, elsewhere: Home) -> None:
    made = server.server.post("/tokens", {"name": "short", "scopes": ["read"]})
    assert elsewhere.run("login", server.url, "--profile", "work", stdin=made["secret"]).returncode == 0
    server.server.delete(f"/tokens/{made['token']['token_id']}")
    done = elsewhere.run("job", "list")
    told = f"does not accept the token: log in anew by `treadle login {server.url} --profile work`"
    assert (done.returncode, told in done.stderr) == (Exit.SERVER, True), done.stderr
