import numpy as np
import pytest

from robustntk.bounds import InvalidInput
from robustntk.cli.options import PERTURBATION_NAMES
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.named import PERTURBATIONS, perturbation_set
from robustntk.verify.sets.pixel_ball import PixelBall


def test_names_stand_for_sets() -> None:
    assert perturbation_set("cap", 0.1, bias=None) == SphericalCap(0.1, None)
    assert perturbation_set("l2", 1.0, bias=0.0) == PixelBall(1.0, "l2", 0.0)
    assert perturbation_set("linf", 0.3, pixel_range=[0, 16]) == PixelBall(0.3, low=0.0, high=16.0)


def test_the_command_line_offers_the_same_names() -> None:
    assert PERTURBATION_NAMES == ", ".join(PERTURBATIONS)


@pytest.mark.parametrize(
    "name, delta, pixel_range, named",
    [
        ("l3", 1.0, None, "'l3': expected one of cap, l2, linf"),
        ("cap", 0.1, (0.0, 16.0), "belongs to l2 and linf"),
        ("l2", 1.0, (0.0,), "the lowest and the highest"),
        ("l2", 1.0, (16.0, 0.0), "from 16.0 to 0.0"),
        ("l2", 0.0, None, "radius 0.0"),
        ("cap", 2.0, None, "delta is 2.0"),
    ],
)
def test_what_is_wrong_is_named(name: str, delta: float, pixel_range: tuple[float, ...] | None, named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        perturbation_set(name, delta, pixel_range=pixel_range)


def test_numbers_of_numpy_are_numbers() -> None:
    assert perturbation_set("linf", np.float64(0.3), pixel_range=np.array([0, 16])).to_json()["range"] == [0.0, 16.0]
