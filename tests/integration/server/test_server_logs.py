"""No record of the server, at any level, holds a token, whichever formatter would draw it."""

from __future__ import annotations

import logging

import pytest
from websockets.exceptions import InvalidStatus

from tests.integration.server.wiring import SECRET, Client, Wired, make_signer
from trunkline_runtime.server import SUBPROTOCOL


@pytest.mark.asyncio
async def test_no_record_at_any_level_holds_a_token_or_the_secret(
    wired: Wired, caplog: pytest.LogCaptureFixture
) -> None:
    """The records themselves are clean: nothing depends on a formatter that masks."""
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("websockets.client").setLevel(logging.WARNING)  # the tests' own client
        good = wired.signer.sign("ada")
        bad = make_signer(secret="another-key-that-is-as-long-as-it-must-be").sign("ada")
        async with Client(wired.url, good) as client:
            await client.run("sum", numbers=[1])
            await client.run("fail")
            await client.socket.send("{")
            await client.recv()
        browser = {"additional_headers": {}, "subprotocols": [SUBPROTOCOL, f"bearer.{good}"]}
        async with Client(wired.url, "", **browser) as client:
            await client.ask("ping")
        for token in (bad, f"{good}x"):
            with pytest.raises(InvalidStatus):
                await Client(wired.url, token).__aenter__()
        await wired.server.stop()
    seen = [record for record in caplog.records if record.name.startswith("trunkline_runtime")]
    assert {"connection opened", "handshake refused", "server stopped"} <= {
        record.getMessage() for record in seen
    }
    for record in caplog.records:
        text = f"{record.getMessage()} {vars(record)!r}"
        for secret in (good, bad, SECRET, *good.split("."), *bad.split(".")[1:]):
            assert secret not in text
