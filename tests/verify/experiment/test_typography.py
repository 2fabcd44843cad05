import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.verify.experiment.typography import at_least, at_most, mathematics, number


@given(st.floats(-1e12, 1e12, allow_nan=False))
def test_bounds_are_rounded_to_the_safe_side(value: float) -> None:
    assert float(at_least(value).replace(",", "")) <= value <= float(at_most(value).replace(",", ""))
    assert abs(float(number(value)) - value) <= 6e-3 * abs(value)


@pytest.mark.parametrize(
    ("value", "shown"), [(70904, "70,904"), (None, "∞"), (0.0, "0"), (4.07345, "4.073"), (276.57, "276.6")]
)
def test_numbers(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_mathematics_is_marked_up_and_everything_else_escaped() -> None:
    assert mathematics("||W - W_0||_F <= R, alpha = 1") == "‖W - W<sub>0</sub>‖<sub>F</sub> ≤ R, α = 1"
    assert mathematics("L_A(W_t)") == "L<sub>A</sub>(W<sub>t</sub>)"
    assert mathematics("<script>alert(1)</script>") == "&lt;script&gt;alert(1)&lt;/script&gt;"
    assert mathematics("sigma' is beta-Lipschitz") == "σ' is β-Lipschitz"
    assert mathematics("quadratic_relu") == "quadratic_relu"
