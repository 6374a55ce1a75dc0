"""A server that speaks HTTPS: from its own machine, and from others."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from tests.support.commands import Home
from tests.support.up import up
from treadle import Client
from treadle.cli.exits import Exit
from treadle.cli.server import Server
from treadle.domain.errors import Unavailable

TOKEN = "a-token-of-my-own-choice"


def test_it_is_known_here_by_its_certificate_and_elsewhere_by_who_vouches_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    other = str(tmp_path / "stranger.pem")
    stranger.issue_cert("treadle.example.com").cert_chain_pems[0].write_to_path(other)
    issued = authority.issue_cert("localhost", "treadle.example.com")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    for place, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(tmp_path / "chain.pem", append=place > 0)
    tls = {"TREADLE_TLS_CERT": "chain.pem", "TREADLE_TLS_KEY": str(tmp_path / "key.pem"), "TREADLE_ADMIN_TOKEN": TOKEN}
    with up(tmp_path, worker=False, **tls) as server:
        assert server.url.startswith("https://127.0.0.1:")  # a name that is not in the certificate
        server.define(job_id="secret", script="true")
        assert [job["job_id"] for job in server.ask("job", "list")["items"]] == ["secret"]
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            Server(server.url, TOKEN, certificate=other).get("/jobs")

        monkeypatch.setenv("TREADLE_DATA", str(server.data))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        with Client(profile="local") as client:
            assert client.submit("secret").run_id
        elsewhere = Home(tmp_path / "elsewhere")
        elsewhere.folder.mkdir()
        url = server.url.replace("127.0.0.1", "localhost")
        unknown = elsewhere.run("login", url, stdin=TOKEN)
        assert (unknown.returncode, "CERTIFICATE_VERIFY_FAILED" in unknown.stderr) == (Exit.SERVER, True)
        known = elsewhere.run("login", url, stdin=TOKEN, SSL_CERT_FILE=str(tmp_path / "authority.pem"))
        assert (known.returncode, "as admin" in known.stdout) == (0, True), known.stderr
