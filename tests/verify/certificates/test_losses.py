import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import LOSSES, get_loss
from robustntk.verify.certificates.losses import certified_loss, needs_upper_margins


@given(st.sampled_from(sorted(LOSSES)), st.integers(0, 10**6))
def test_certified_loss_is_above_the_loss_of_every_function_in_range(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    loss = get_loss(name)
    low = rng.normal(size=7)
    high = low + rng.random(7)
    bound = certified_loss(loss, low, high if needs_upper_margins(loss) else None)
    labels = rng.choice([-1.0, 1.0], 7)
    margins = low + (high - low) * rng.random((50, 7))
    losses = np.mean(loss.value(labels * margins, labels), axis=1)
    assert np.all(bound - losses >= 0.0)


def test_upper_margins_are_asked_for_where_the_loss_rises_again() -> None:
    with pytest.raises(ValueError, match="upper margins"):
        certified_loss(get_loss("absolute"), np.ones(3))
    assert not needs_upper_margins(get_loss("hinge"))


def test_nan_margin_gives_nan_loss_that_meets_nothing() -> None:
    assert not certified_loss(get_loss("hinge"), np.array([1.0, np.nan])) <= 1e9
