"""The shop window: what it says runs, and what it lists is there."""

import doctest

import robustntk.bounds


def test_the_example_of_the_package_runs():
    result = doctest.testmod(robustntk.bounds)
    assert result.attempted >= 3
    assert result.failed == 0


def test_every_public_name_exists_once():
    names = robustntk.bounds.__all__
    assert all(hasattr(robustntk.bounds, name) for name in names)
    assert len(set(names)) == len(names)
