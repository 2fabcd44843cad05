"""The calculator in a browser; the browser itself is there for other tests, too."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import FLAGS, NONE_FOUND, find_browser


# Per module: while Playwright runs, nothing else in this process can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium driven by Playwright; skips where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = find_browser()
    if path is None:
        pytest.skip(NONE_FOUND)
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()
