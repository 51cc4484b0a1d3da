"""Who gets in, and what the others are told."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any

import jwt
import pytest
from websockets.exceptions import InvalidStatus

from tests.integration.server.conftest import Serve
from tests.integration.server.http_client import fetch, open_socket
from tests.integration.server.wiring import (
    AUDIENCE,
    ISSUER,
    PATIENCE,
    SECRET,
    Client,
    Wired,
    make_signer,
)
from trunkline_runtime.server import SUBPROTOCOL


async def _refused(client: Client) -> tuple[int, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as refusal:
        await client.__aenter__()
    response = refusal.value.response
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Length"] == str(len(response.body))
    return response.status_code, json.loads(response.body)


async def _drained(reader: asyncio.StreamReader) -> bytes:
    """Read until the server drops the connection, whichever way."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


def _unsigned(user: str) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": user, "iat": 0, "exp": 9_999_999_999}
    return jwt.encode(claims, None, algorithm="none")


def _hs512(user: str) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": user, "iat": 0, "exp": 9_999_999_999}
    return jwt.encode(claims, SECRET * 2, algorithm="HS512")


def _tampered(user: str) -> str:
    head, _, signature = make_signer().sign("somebody-else").split(".")
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": user, "exp": 9_999_999_999}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{head}.{body}.{signature}"


BAD_TOKENS = {
    "expired": lambda: make_signer().sign("ada", lifetime_seconds=-1),
    "another key": lambda: make_signer(secret="another-key-that-is-as-long-as-it-must-be").sign(
        "ada"
    ),
    "alg none": lambda: _unsigned("ada"),
    "another algorithm": lambda: _hs512("ada"),
    "another audience": lambda: make_signer(audience="another-service").sign("ada"),
    "another issuer": lambda: make_signer(issuer="somebody").sign("ada"),
    "tampered": lambda: _tampered("ada"),
    "garbage": lambda: "garbage",
}


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", BAD_TOKENS)
@pytest.mark.parametrize("place", ["header", "subprotocol"])
async def test_a_bad_token_is_refused_with_401_wherever_it_comes(
    wired: Wired, kind: str, place: str
) -> None:
    """Whatever is wrong with a token, the client is told 401 and not what."""
    token = BAD_TOKENS[kind]()
    if place == "header":
        client = Client(wired.url, token)
    else:
        client = Client(
            wired.url,
            "",
            additional_headers={},
            subprotocols=[SUBPROTOCOL, f"bearer.{token}"],
        )
    status, body = await _refused(client)
    assert (status, body["error"]) == (401, "unauthenticated")
    assert wired.sessions.connections == []


@pytest.mark.asyncio
async def test_a_handshake_without_a_token_or_with_two_is_refused(wired: Wired) -> None:
    """Neither no identity nor a choice of them gets in, and no token is taken from the address."""
    ada, bob = wired.signer.sign("ada"), wired.signer.sign("bob")
    missing = Client(wired.url, "", additional_headers={})
    assert (await _refused(missing))[0] == 401
    address = Client(f"{wired.url}?token={ada}&access_token={ada}", "", additional_headers={})
    assert (await _refused(address))[0] == 401
    two = Client(wired.url, ada, subprotocols=[SUBPROTOCOL, f"bearer.{bob}"])
    assert (await _refused(two))[0] == 401
    basic = Client(wired.url, "", additional_headers={"Authorization": "Basic YTpi"})
    assert (await _refused(basic))[0] == 401


@pytest.mark.asyncio
async def test_a_browser_brings_its_token_as_a_subprotocol_and_never_gets_it_back(
    wired: Wired,
) -> None:
    """The plain subprotocol is selected; the identity is that of the token."""
    token = wired.signer.sign("ada")
    async with Client(
        wired.url,
        "",
        additional_headers={},
        origin="https://app.example.com",
        subprotocols=[SUBPROTOCOL, f"bearer.{token}"],
    ) as client:
        assert client.socket.subprotocol == SUBPROTOCOL
        assert client.socket.response is not None
        assert token not in str(client.socket.response.headers)
        events = await client.run("sum", numbers=[])
        assert events[-1]["user_id"] == "ada"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example.com", "http://app.example.com", "https://app.example.com.evil", "null"],
)
async def test_an_origin_that_is_not_allowed_is_refused_with_403(wired: Wired, origin: str) -> None:
    """A valid token does not help a page that is not allowed."""
    status, body = await _refused(wired.client("ada", origin=origin))
    assert (status, body["error"]) == (403, "origin_refused")


@pytest.mark.asyncio
async def test_a_request_of_several_origins_is_refused(wired: Wired) -> None:
    """No browser sends two; whoever does hides one behind the other."""
    allowed = "https://app.example.com"
    headers = [("Authorization", f"Bearer {wired.signer.sign('ada')}")]
    headers += [("Origin", allowed), ("Origin", "https://evil.example.com")]
    status, body = await _refused(Client(wired.url, "", additional_headers=headers))
    assert (status, body["error"]) == (403, "origin_refused")
    async with wired.client("ada", origin="HTTPS://APP.example.com") as client:
        assert (await client.ask("ping"))["type"] == "pong"


@pytest.mark.asyncio
async def test_a_user_and_the_server_have_limits_of_connections(serve: Serve) -> None:
    """One user over the limit gets 429, everybody over the server's 503; places come back."""
    wired = await serve(connections=3, connections_per_user=2)
    async with wired.client("ada"), wired.client("ada"):
        status, body = await _refused(wired.client("ada"))
        assert (status, body["error"]) == (429, "busy")
        async with wired.client("bob"):
            status, body = await _refused(wired.client("eve"))
            assert (status, body["error"]) == (503, "busy")
    async with wired.client("ada") as client:
        assert (await client.ask("ping"))["type"] == "pong"


@pytest.mark.asyncio
async def test_a_place_comes_back_from_a_handshake_that_went_wrong(serve: Serve) -> None:
    """A valid token with a request that is no websocket handshake holds no place."""
    wired = await serve(connections=1)
    bearer = {"Authorization": f"Bearer {wired.signer.sign('ada')}"}
    for _ in range(3):
        assert (await fetch(wired.server.address, "/ws", headers=bearer)).status in {400, 426}
    async with wired.client("ada") as client:
        assert (await client.ask("ping"))["type"] == "pong"


@pytest.mark.asyncio
async def test_sockets_that_say_nothing_are_limited(serve: Serve) -> None:
    """One more than may wait is dropped at once; admitted clients are not counted among them."""
    wired = await serve(handshakes=2, handshake_seconds=3600.0)
    async with wired.client("ada"), wired.client("ada"), wired.client("ada"):
        silent = [(await open_socket(wired.server.address))[1] for _ in range(2)]
        reader, writer = await open_socket(wired.server.address)
        async with asyncio.timeout(PATIENCE):
            assert await _drained(reader) == b""
        writer.close()
        for waiting in silent:
            waiting.transport.abort()
    async with wired.client("ada") as client:
        assert (await client.ask("ping"))["type"] == "pong"


@pytest.mark.asyncio
async def test_a_handshake_has_its_time(serve: Serve) -> None:
    """A socket that says nothing, or not enough, is dropped after handshake_seconds."""
    wired = await serve(handshake_seconds=0.1)
    for said in (b"", b"GET /ws HTTP/1.1\r\nHost: ", b"\x16\x03\x01 no HTTP\r\n\r\n"):
        reader, writer = await open_socket(wired.server.address)
        writer.write(said)
        async with asyncio.timeout(PATIENCE):
            assert await _drained(reader) == b""
        writer.close()


@pytest.mark.asyncio
async def test_health_and_readiness_are_told_over_http_on_the_same_port(wired: Wired) -> None:
    """JSON with its length; HEAD without a body; other methods and paths are refused."""
    for path, status in (("/healthz", "ok"), ("/readyz", "ready")):
        answer = await fetch(wired.server.address, path)
        assert (answer.status, answer.json()) == (200, {"status": status})
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-length"] == str(len(answer.body))
        head = await fetch(wired.server.address, path, method="HEAD")
        assert (head.status, head.body) == (200, b"")
    assert (await fetch(wired.server.address, "/healthz?probe=1")).status == 200
    assert (await fetch(wired.server.address, "/healthz", method="DELETE")).status == 405
    for path in ("/", "/ws/", "/wsx", "/healthz/x", "/../ws"):
        answer = await fetch(wired.server.address, path)
        assert (answer.status, answer.json()["error"]) == (404, "not_found")


@pytest.mark.asyncio
async def test_a_connection_ends_when_its_token_does(serve: Serve) -> None:
    """An expired token's connection is closed with 4401; what waits is sent first."""
    offset = 0.0
    wired = await serve(clock=lambda: time.time() + offset)
    token = wired.signer.sign("ada", lifetime_seconds=100)
    expires = jwt.decode(token, options={"verify_signature": False})["exp"]
    offset = expires - time.time() - 0.1
    async with Client(wired.url, token) as client:
        await client.start("gated", "run-1")
        assert await client.closed() == 4401
    offset = 0.0
    wired.gate.opened.set()
    async with wired.client("ada") as again:
        await again.send("resume", run_id="run-1", after_seq=0)
        assert (await again.until_end())[-1]["type"] == "agent_completed"
