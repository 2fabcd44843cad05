"""Only pages of this server may speak to it."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from robustntk.cli.calculator.server import OwnOriginOnly


def outcome(host: str, headers: dict[str, str], kind: str = "http") -> str:
    """``reached``, or what the guard sent first."""
    sent: list[str] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        sent.append("reached")

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(str(message.get("status") or message.get("code") or message["type"]))

    async def receive() -> None: ...

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(OwnOriginOnly(inside, host)({"type": kind, "headers": raw}, receive, send))
    return sent[0]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:2718"},
        {"host": "localhost:2718"},
        {"host": "[::1]:2718"},
        {"host": "127.0.0.1:2718", "origin": "http://127.0.0.1:2718"},
    ],
    ids=["address", "name", "IPv6", "own origin"],
)
def test_the_page_itself_is_let_in(headers: dict[str, str], kind: str) -> None:
    assert outcome("127.0.0.1", headers, kind) == "reached"


@pytest.mark.parametrize(("kind", "refusal"), [("http", "403"), ("websocket", "1008")])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:2718"},
        {"host": "127.0.0.1:2718", "origin": "http://evil.example"},
        {"host": "127.0.0.1:2718", "origin": "http://127.0.0.1:8000"},
        {"host": "127.0.0.1:2718", "origin": "null"},
        {},
    ],
    ids=["rebound name", "other site", "other port", "no site", "no host"],
)
def test_other_sites_are_turned_away(headers: dict[str, str], kind: str, refusal: str) -> None:
    assert outcome("127.0.0.1", headers, kind) == refusal


def test_a_public_address_has_any_name_but_one_origin() -> None:
    assert outcome("0.0.0.0", {"host": "desk.example:80", "origin": "http://desk.example:80"}) == "reached"
    assert outcome("0.0.0.0", {"host": "desk.example:80", "origin": "http://evil.example"}) == "403"
