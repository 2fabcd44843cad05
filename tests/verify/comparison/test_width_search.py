"""The search finds the smallest width of a monotone success, and never claims more than it tried."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.verify.comparison.width_search import WidthSearch, smallest_even_width


@given(st.integers(1, 300), st.integers(2, 700))
@example(1, 2)
@example(300, 599)
def test_the_least_width_of_a_monotone_success_is_found(half: int, limit: int) -> None:
    least = 2 * half
    found = smallest_even_width(lambda width: width >= least, limit=limit)
    assert found.smallest == (least if least <= limit else None)
    assert found.monotone and found.stable == found.smallest
    assert all(width % 2 == 0 and 2 <= width <= limit for width, _ in found.tried)
    if least <= limit:
        assert least == 2 or (least - 2, False) in found.tried, "its narrower neighbour fails"


@given(st.sets(st.integers(1, 40)), st.integers(2, 90))
def test_what_it_answers_was_tried_once_and_is_the_least_of_the_successes(successes: set[int], limit: int) -> None:
    asked: list[int] = []

    def succeeds(width: int) -> bool:
        asked.append(width)
        return width // 2 in successes

    found = smallest_even_width(succeeds, limit=limit)
    assert len(asked) == len(set(asked)) == len(found.tried)
    assert dict(found.tried) == {width: width // 2 in successes for width in asked}
    winners = [width for width in asked if width // 2 in successes]
    assert found.smallest == min(winners, default=None)
    assert found.monotone == all(width in winners for width in asked if winners and width > min(winners))
    if found.smallest is not None:
        for near in (-4, -2, 2, 4):
            assert found.smallest + near in asked or not 2 <= found.smallest + near <= limit


def test_a_hole_below_is_found_and_said() -> None:
    """Bisection ends above the hole; the neighbours show that there is one, and what is stable lies above it."""
    found = smallest_even_width(lambda width: width in (16, 20) or width >= 22, limit=64)
    assert found.smallest == 16
    found = smallest_even_width(lambda width: width in (18, 22) or width >= 26, limit=64)
    assert found.smallest == 18 and not found.monotone and found.stable == 26


@pytest.mark.parametrize(
    ("tried", "monotone"),
    [
        (((2, False), (4, True)), True),
        (((2, True), (4, False)), False),
        (((2, False),), True),
        ((), True),
        (((2, False), (4, True), (6, False), (8, True)), False),
    ],
)
def test_monotone_means_no_failure_above_a_success(tried: tuple[tuple[int, bool], ...], monotone: bool) -> None:
    assert WidthSearch(tried).monotone is monotone
