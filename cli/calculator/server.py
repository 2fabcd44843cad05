"""A web server for the page: no token, no telemetry, and no other web site may speak to it."""

import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

PAGE = Path(__file__).with_name("page.py")
PREFERRED_PORT = 2718
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SECONDS_TO_START = 30.0

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Callable[..., Awaitable[Any]], Send], Awaitable[None]]


class OwnOriginOnly:
    """Turns away requests that come from pages of other sites, or under a name that is not this server's.

    The page reads data files that the user names, and marimo lets every origin in: without this, any web site that
    the user visits could ask a server without a token for them, by itself or under a host name that it controls.
    """

    def __init__(self, application: Application, host: str) -> None:
        self.application = application
        self.names = (host, *LOOPBACK) if host in LOOPBACK else None

    async def __call__(self, scope: Scope, receive: Callable[..., Awaitable[Any]], send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._is_own(scope):
            await self.application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"only for pages of this server"})

    def _is_own(self, scope: Scope) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        known = self.names is None or urlsplit(f"//{host}").hostname in self.names
        return known and (origin is None or urlsplit(origin).netloc == host)


class CalculatorServer:
    """The page on one address; the port is taken when the server is made, so that its address can be told at once.

    Raises:
        ValueError: if marimo is not installed, or the port is taken.
    """

    def __init__(self, *, host: str = LOOPBACK[0], port: int | None = None) -> None:
        page = _page()
        import uvicorn

        self._mounts = page.routes

        self.socket = _bound(host, port)
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{self.socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                OwnOriginOnly(page, host), log_level="error", timeout_graceful_shutdown=1, ws="websockets-sansio"
            )
        )

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve in a thread of its own while the body runs, which gets the address; Ctrl-C is the body's matter."""
        main = sys.modules["__main__"]
        thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + _SECONDS_TO_START
        try:
            while not self._server.started and thread.is_alive() and time.monotonic() < deadline:
                time.sleep(0.02)
            yield self.address
        finally:
            self._server.should_exit = True
            thread.join(_SECONDS_TO_START)
            self._close_sessions()
            # Each open page puts a module of its own there, from which no process can be started, and leaves it there.
            sys.modules["__main__"] = main

    def _close_sessions(self) -> None:
        """End the threads that answer open pages: the process would wait for them for ever."""
        for mount in self._mounts:
            mount.app.state.session_manager.close_all_sessions()


def fetch(address: str) -> str:
    """The page as a browser would get it, without any proxy.

    Raises:
        OSError: if the server does not answer with a page.
    """
    with build_opener(ProxyHandler({})).open(address, timeout=_SECONDS_TO_START) as response:
        return str(response.read().decode("utf-8"))


def _page() -> Any:
    try:
        import marimo

        # No token: on the loopback interface the origin is checked instead.
        built = marimo.create_asgi_app(quiet=True, include_code=False).with_app(path="/", root=str(PAGE)).build()
    except ModuleNotFoundError as error:
        missing, remedy = error.name or "marimo", "pip install 'robustntk[calculator]'"
        raise ValueError(f"the calculator needs {missing}, which is not installed: {remedy}") from error
    return built


def _bound(host: str, port: int | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for wanted in (PREFERRED_PORT, 0) if port is None else (port,):
        try:
            return socket.create_server((host, wanted), family=family)
        except OSError as error:
            refusal = error
        except OverflowError as error:
            raise ValueError(f"port is {port}: expected an integer from 0 to 65535") from error
    raise ValueError(f"cannot serve on {host}, port {port}: {refusal.strerror or refusal}; --port 0 takes a free one")
