"""The Hypothesis profile of `conftest.py` is the one that the tests run under."""

import os
import sys

import pytest
from hypothesis import settings


def test_profile_is_loaded() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    assert settings.default.derandomize is True


def test_profile_is_registered_by_name() -> None:
    assert settings.get_profile("robustntk").derandomize is True


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process loads modules in one order")
def test_a_worker_has_loaded_what_only_some_tests_import() -> None:
    assert {"robustntk.verify.sweep.processes", "robustntk.kernels.blocks.store"} <= sys.modules.keys()
