"""neural-tangents as a second opinion; in processes of their own, because the bridge touches modules of jax."""

import json
import subprocess
import sys

SETUP = """
import json, sys
import numpy as np
from robustntk.bounds import get_activation
from robustntk.kernels import dual_kernel, gram, neural_tangents_first_layer_kernel

def sphere(n, seed):
    X = np.random.default_rng(seed).standard_normal((n, 7))
    return X / np.linalg.norm(X, axis=1, keepdims=True)
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", SETUP + code], capture_output=True, text=True, timeout=120)


def test_two_independent_implementations_agree() -> None:
    done = run("""
errors = {}
for name in ("relu", "quadratic_relu", "erf", "sin", "sin_cos", "gelu"):
    for scale in (1, 2):
        activation = get_activation(name, scale)
        K = gram(dual_kernel(activation), sphere(5, 0), sphere(4, 1))
        other = neural_tangents_first_layer_kernel(activation)(sphere(5, 0), sphere(4, 1))
        assert other.dtype == np.float64
        errors[f"{name} {scale}"] = float(np.abs(other - K).max() / np.abs(K).max())
print(json.dumps(errors))
""")
    assert done.returncode == 0, done.stderr
    errors = json.loads(done.stdout)
    assert len(errors) == 12
    assert max(errors.values()) < 1e-13, errors


def test_the_ground_is_as_it_was_afterwards() -> None:
    done = run("""
import jax, jax.core, jax.interpreters.ad
before = set(vars(jax.core)), set(vars(jax.interpreters.ad)), "jax.util" in sys.modules
neural_tangents_first_layer_kernel("erf")(sphere(2, 0), sphere(2, 1))
after = set(vars(jax.core)), set(vars(jax.interpreters.ad)), "jax.util" in sys.modules
lingering = sorted((after[0] - before[0]) | (after[1] - before[1]))
print(lingering, before[2] == after[2], jax.numpy.zeros(1).dtype, "tensorflow" in sys.modules)
""")
    assert done.stdout.split() == ["[]", "True", "float32", "False"], done.stderr


def test_what_it_does_not_know_is_refused() -> None:
    done = run("""
try:
    neural_tangents_first_layer_kernel("tanh")
except ValueError as error:
    print(error)
""")
    assert "activation tanh: neural-tangents has no closed form" in done.stdout, done.stderr


def test_its_absence_is_explained_and_harms_nothing_else() -> None:
    done = run("""
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "neural_tangents" else real(name, *rest)
try:
    neural_tangents_first_layer_kernel("erf")
except ImportError as error:
    print(error)
print(gram(dual_kernel("erf"), np.eye(2)).shape)
""")
    assert "optional: pip install --no-deps neural-tangents" in done.stdout, done.stderr
    assert done.stdout.endswith("(2, 2)\n")
