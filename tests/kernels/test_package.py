"""The room as a whole: light to import, and its example is true."""

import doctest
import subprocess
import sys

import robustntk.kernels


def test_importing_it_loads_no_jax() -> None:
    heavy = ("jax", "neural_tangents", "scipy", "sklearn", "zarr", "dask")
    code = f"import sys, robustntk.kernels; print(*(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_numpy_work_loads_no_jax() -> None:
    code = """
import sys
import numpy as np
from robustntk.kernels import SymmetricInitialisation, conditioning, dual_kernel, empirical_gram, gram
for name in ("erf", "tanh", "quadratic_relu"):
    conditioning(gram(dual_kernel(name), np.eye(3)))
    dual_kernel(name).angular_drop(0.1, 0.5)
    empirical_gram(SymmetricInitialisation(4, 3), name, np.eye(3))
print("jax" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_example_of_the_room_is_true() -> None:
    result = doctest.testmod(robustntk.kernels)
    assert result.attempted > 2
    assert result.failed == 0


def test_everything_promised_is_there() -> None:
    assert all(hasattr(robustntk.kernels, name) for name in robustntk.kernels.__all__)
    assert robustntk.kernels.__all__ == sorted(robustntk.kernels.__all__, key=lambda name: (not name.isupper(), name))
