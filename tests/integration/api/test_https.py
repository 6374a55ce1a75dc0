"""HTTPS, and what is believed of a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme

from tests.integration.api.server import serving
from tests.integration.api.test_identity import PASSWORD, make_user
from treadle.api.tokens import check_certificate
from treadle.domain.errors import InvalidInput
from treadle.settings import Settings, load_settings


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, Any]:
    issued = trustme.CA().issue_cert("localhost", "127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(str(cert))
    issued.private_key_pem.write_to_path(str(key))
    return {"tls_cert": str(cert), "tls_key": str(key)}


async def test_the_api_speaks_https_and_its_cookies_stay_there(tmp_path: Path, certificate: dict[str, Any]) -> None:
    async with serving(tmp_path, verify=False, **certificate) as server:
        assert server.listening.url.startswith("https://")
        await make_user(server)
        opened = await server.client.post("/session", json={"name": "ana", "password": PASSWORD})
        assert "Secure" in opened.headers["set-cookie"]


def test_a_certificate_that_cannot_be_used_is_refused(tmp_path: Path, certificate: dict[str, Any]) -> None:
    check_certificate(Settings(**certificate))
    for cert in (tmp_path / "none.pem", Path(certificate["tls_key"])):
        with pytest.raises(InvalidInput, match="cannot be used"):
            check_certificate(Settings(tls_cert=str(cert), tls_key=certificate["tls_key"]))
    with pytest.raises(InvalidInput, match="TREADLE_TLS_KEY"):
        load_settings({"TREADLE_TLS_CERT": certificate["tls_cert"]})


@pytest.mark.parametrize(("trusted", "secure"), [("", False), ("127.0.0.1", True), ("192.0.2.1", False)])
async def test_a_proxy_is_believed_where_it_is_trusted(tmp_path: Path, trusted: str, secure: bool) -> None:  # noqa: FBT001
    async with serving(tmp_path, trusted_proxies=trusted) as server:
        await make_user(server)
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
        async with httpx2.AsyncClient(base_url=server.listening.url, headers=headers, trust_env=False) as behind:
            opened = await behind.post("/session", json={"name": "ana", "password": PASSWORD})
        assert ("Secure" in opened.headers["set-cookie"]) is secure
