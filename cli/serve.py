"""``robustntk serve``: the calculator as a page in the browser."""

import sys
import threading
import webbrowser
from contextlib import suppress
from typing import Annotated

import typer

from . import options
from .output import print_json

EXAMPLES = ("robustntk serve --check",)

Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="INTEGER",
        parser=options.whole_number,
        help="Port, 0 for any free one (2718, or a free one if that is taken).",
    ),
]
Host = Annotated[str, typer.Option("--host", metavar="NAME", help="Address to listen on; by default this machine's.")]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the web browser.")]
Check = Annotated[bool, typer.Option("--check", help="Start, fetch the page once, and leave.")]


def run(
    port: Port = None,
    host: Host = "127.0.0.1",
    open_browser: Open = False,
    check: Check = False,
    as_json: options.Json = False,
) -> int:
    """Serve the calculator: a page that plans while you type, until Ctrl-C.

    What `robustntk width` answers, for a radius or for data, beside the width of every theorem against epsilon and what
    infinitely wide networks do. Nothing is fetched from elsewhere. Needs marimo: pip install 'robustntk[calculator]'.
    """
    from .calculator.server import LOOPBACK, CalculatorServer, fetch

    server = CalculatorServer(host=host, port=port)
    with suppress(KeyboardInterrupt), server.running() as address:
        if check and "robustntk" not in fetch(address):
            return 1
        announce(address, "answers" if check else "Ctrl-C to stop", as_json=as_json)
        if check:
            return 0
        if host not in LOOPBACK:
            print("warning: whoever reaches this address can plan on data files of this machine", file=sys.stderr)
        if open_browser:
            webbrowser.open(address)
        threading.Event().wait()
    return 0


def announce(address: str, note: str, *, as_json: bool) -> None:
    """One line with the address, at once, also into a pipe."""
    if as_json:
        print_json({"address": address})
    else:
        print(f"Calculator at {address} ({note})")
    sys.stdout.flush()
