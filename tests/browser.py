"""The browser that tests drive: the system's Chromium, or the one that Playwright installs.

``python tests/browser.py`` sees to it that there is one, as far as this machine allows, and never fails: without a
browser its tests are skipped.
"""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# In a container there is no sandbox, and the page needs nothing of what a browser does on its own account.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NONE_FOUND = f"no browser: none of {', '.join(NAMES)} is on the path, and Playwright has installed none"


def find_browser() -> str | None:
    """The path of a browser, or None."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or _playwrights_own()


def _playwrights_own() -> str | None:
    with suppress(ImportError):
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
        return path if Path(path).is_file() else None
    return None


def install_browser() -> None:
    """By the system's packages where that is allowed, else by Playwright."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        _try(["apt-get", "update", "-qq"])
        _try(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])
    if find_browser() is None:
        _try([sys.executable, "-m", "playwright", "install", "chromium"])


def _try(command: list[str]) -> None:
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)


def main() -> None:
    """Install a browser if there is none; one line says so if that fails."""
    if find_browser() is None:
        install_browser()
    if find_browser() is None:
        print(f"warning: {NONE_FOUND}; the tests that need one are skipped", file=sys.stderr)


if __name__ == "__main__":
    main()
