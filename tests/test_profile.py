"""The Hypothesis profile of `conftest.py` is the one that the tests run under."""

from hypothesis import settings


def test_profile_is_loaded() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    assert settings.default.derandomize is True


def test_profile_is_registered_by_name() -> None:
    assert settings.get_profile("robustntk").derandomize is True
