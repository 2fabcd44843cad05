"""The estimate of memory is an upper one, not an absurd one, and what does not fit is refused at once."""

import subprocess
import sys

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training import memory
from robustntk.verify.training.many_seeds import train_many
from robustntk.verify.training.memory import bytes_per_network, require_memory
from robustntk.verify.training.projected_descent import train
from robustntk.verify.training.stochastic import train_stochastic

MEASURED = """
import resource, sys
import numpy as np
from robustntk.bounds import get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.projected_descent import train

X, y = embed(np.random.default_rng(0).standard_normal((8, 31))), np.tile([1.0, -1.0], 4)
options = {"operator_radius": 0.5} if sys.argv[3] == "operator" else {}

def peak(width):
    train(SymmetricInitialisation(width, 32, 0), get_activation("erf"), get_loss("hinge"), X, y, SphericalCap(0.1),
          ProjectedGradientAttack(steps=2), step_size=0.5, iterations=3, radius=0.5, dtype=sys.argv[2], **options)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before = peak(64)
print(peak(int(sys.argv[1])) - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("ball", ["plain", "operator"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_takes_no_more_than_the_estimate_and_at_least_a_sixth_of_it(dtype: str, ball: str) -> None:
    width = 400_000
    printed = subprocess.run(
        [sys.executable, "-c", MEASURED, str(width), dtype, ball], capture_output=True, text=True, check=True
    ).stdout
    estimate = bytes_per_network(width, 32, 8, np.dtype(dtype), operator_ball=ball == "operator")
    assert estimate / 6 <= int(printed) <= estimate


def test_the_estimate_grows_with_all_that_a_run_holds() -> None:
    base = bytes_per_network(1000, 65, 20, np.dtype(np.float32))
    assert 1.9 * base < bytes_per_network(2000, 65, 20, np.dtype(np.float32)) < 2.1 * base
    assert bytes_per_network(1000, 65, 20, np.dtype(np.float64)) > base
    assert bytes_per_network(1000, 65, 40, np.dtype(np.float32)) > base
    assert bytes_per_network(1000, 65, 20, np.dtype(np.float32), operator_ball=True) > base
    assert bytes_per_network(1000, 65, 20, np.dtype(np.float32), landmark=True) > base


def test_what_does_not_fit_is_refused_in_one_line() -> None:
    require_memory(1000, what="this", available=1000)
    with pytest.raises(InvalidInput) as refusal:
        require_memory(2 * 10**9, what="training width 8", available=10**9)
    assert str(refusal.value) == (
        "training width 8 takes about 2 GB of memory, and 1 GB are free: expected a narrower network"
    )


@pytest.mark.parametrize("kind", ["single", "stochastic", "many"])
def test_every_kind_of_training_refuses_a_network_that_does_not_fit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_DEVICE_COPIES", 1e12)
    X = embed(np.random.default_rng(3).standard_normal((4, 7)))
    problem = (get_activation("erf"), get_loss("hinge"), X, np.ones(4), SphericalCap(0.2), ProjectedGradientAttack())
    start = SymmetricInitialisation(64, 8, 0)
    with pytest.raises(InvalidInput, match=r"width 64 takes about .*B of memory, and .*B are free"):
        if kind == "single":
            train(start, *problem, step_size=0.5, iterations=1, radius=1.0)
        elif kind == "stochastic":
            train_stochastic(start, *problem, step_size=0.5, iterations=1, radius=1.0, batch_size=2, seed=0)
        else:
            train_many([start], *problem, step_size=0.5, iterations=1, radius=1.0)
