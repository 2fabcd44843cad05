"""The kernels in scikit-learn: its own tests of kernels, and its estimators on the data that it ships."""

import doctest
import pickle
import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC

import robustntk.kernels.interfaces.scikit_learn
from robustntk.bounds import InvalidInput, get_activation
from robustntk.kernels import deep_kernel, fully_connected, gram
from robustntk.kernels.any_norm.matrix import ntk_matrix
from robustntk.kernels.interfaces.scikit_learn import FunctionKernel, NeuralTangentKernel

# A wheel of scikit-learn brings its tests along.
official = pytest.importorskip("sklearn.gaussian_process.tests.test_kernels")
regression = pytest.importorskip("sklearn.gaussian_process.tests.test_gpr")
classification = pytest.importorskip("sklearn.gaussian_process.tests.test_gpc")


def plain(X: np.ndarray, Z: np.ndarray | None = None) -> np.ndarray:
    """A Gram function like any other."""
    return ntk_matrix(fully_connected("relu", 2), X, Z)


# Its differences over steps of 1e-10 ask for entries that are not large.
KERNELS = [
    NeuralTangentKernel(),
    NeuralTangentKernel("relu", 3, weight_variance=2.0),
    NeuralTangentKernel("erf", 2, weight_variance_bounds="fixed"),
    NeuralTangentKernel("gelu", 2, trained="hidden", bias_variance=0.0),
    NeuralTangentKernel("tanh", 1, trained="readout", bias_variance_bounds="fixed"),
    NeuralTangentKernel(get_activation("quadratic_relu"), 2, trained=(True, False, True), weight_variance=0.1),
]
PLAIN = [FunctionKernel(plain)]
COMPOSED = [2.0 * KERNELS[0] + WhiteKernel(0.1), KERNELS[0] ** 2]
# Not here: test_kernel_anisotropic, test_matern_kernel, test_rational_quadratic_kernel,
# test_kernel_operator_commutative and test_compound_kernel_input_type, which build kernels of scikit-learn;
# test_kernel_stationary, which is for stationary ones.
EVERY = [
    "test_kernel_gradient",
    "test_kernel_diag",
    "test_kernel_input_type",
    "test_kernel_clone",
    "test_kernel_clone_after_set_params",
    "test_set_get_params",
    "test_repr_kernels",
]


@pytest.mark.parametrize("kernel", KERNELS + PLAIN + COMPOSED, ids=repr)
@pytest.mark.parametrize("test", EVERY)
def test_of_scikit_learn(test: str, kernel: Any) -> None:
    getattr(official, test)(kernel)


@pytest.mark.parametrize("kernel", [*KERNELS, *PLAIN, COMPOSED[1]], ids=repr)
@pytest.mark.parametrize("test", ["test_auto_vs_cross", "test_kernel_versus_pairwise"])
def test_of_scikit_learn_without_noise(test: str, kernel: Any) -> None:
    getattr(official, test)(kernel)


@pytest.mark.parametrize("kernel", [*KERNELS, *PLAIN], ids=repr)
def test_of_scikit_learn_for_basic_kernels(kernel: Any) -> None:
    official.test_kernel_theta(_without_fixed(kernel))


def _without_fixed(kernel: Any) -> Any:
    """That test expects every hyperparameter to be free: those of a kernel without biases, or fixed ones, are not."""
    kernel = clone(kernel)
    if isinstance(kernel, NeuralTangentKernel):
        free = {"bias_variance_bounds": (1e-5, 1e3), "weight_variance_bounds": (1e-3, 1e3)}
        kernel.set_params(**free, bias_variance=kernel.bias_variance or 0.1)
    return kernel


# Not here: test_prior, for kernels of constant variance, and test_lml_gradient, for kernels with a length scale.
LEARNING = [
    NeuralTangentKernel(),
    NeuralTangentKernel("erf", 2),
    NeuralTangentKernel("relu", 3, weight_variance=1.5),
    ConstantKernel() * NeuralTangentKernel("gelu", 1),
]
REGRESSION = [
    "test_gpr_interpolation",
    "test_lml_improving",
    "test_lml_precomputed",
    "test_lml_without_cloning_kernel",
    "test_converged_to_local_maximum",
    "test_solution_inside_bounds",
    "test_y_normalization",
    "test_custom_optimizer",
    "test_constant_target",
    "test_gpr_predict_no_cov_no_std_return",
    "test_sample_statistics",
]
CLASSIFICATION = [
    "test_predict_consistent",
    "test_lml_improving",
    "test_lml_precomputed",
    "test_lml_without_cloning_kernel",
    "test_converged_to_local_maximum",
    "test_multi_class",
    "test_gpc_latent_mean_and_variance_shape",
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kernel", LEARNING, ids=repr)
@pytest.mark.parametrize("test", REGRESSION)
def test_of_scikit_learn_for_regression(test: str, kernel: Any) -> None:
    getattr(regression, test)(kernel)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kernel", LEARNING, ids=repr)
@pytest.mark.parametrize("target", [regression.y, np.ones_like(regression.y)], ids=["sine", "constant"])
def test_of_scikit_learn_for_covariances(kernel: Any, target: np.ndarray) -> None:
    regression.test_predict_cov_vs_std(kernel, target)


@pytest.mark.parametrize("kernel", LEARNING[:3], ids=repr)
def test_of_scikit_learn_for_duplicates(kernel: Any) -> None:
    """With fixed variances: where an optimiser stops is decided at 1e-6, far above what inputs at 1e-15 differ by."""
    fixed = clone(kernel).set_params(weight_variance_bounds="fixed", bias_variance_bounds="fixed")
    regression.test_duplicate_input(fixed)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kernel", LEARNING, ids=repr)
@pytest.mark.parametrize("test", CLASSIFICATION)
def test_of_scikit_learn_for_classification(test: str, kernel: Any) -> None:
    getattr(classification, test)(kernel)


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_kernels_are_pickled(kernel: NeuralTangentKernel) -> None:
    again = pickle.loads(pickle.dumps(kernel))
    assert again == kernel
    np.testing.assert_array_equal(again(np.eye(3)), kernel(np.eye(3)))


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_the_gradient_is_that_of_the_likelihood_of_a_gaussian_process(kernel: NeuralTangentKernel) -> None:
    """Against differences of the fourth order; a gradient that is wrong by 1e-6 is refuted."""
    X, y = _petals(40)
    X /= 2
    model = GaussianProcessRegressor(kernel, alpha=1e-2, optimizer=None).fit(X, y)
    theta = model.kernel_.theta
    found = model.log_marginal_likelihood(theta, eval_gradient=True)[1]
    step = 1e-3
    differences = []
    for axis in np.eye(len(theta)):
        at = [model.log_marginal_likelihood(theta + k * step * axis) for k in (-2, -1, 1, 2)]
        differences.append((at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step))
    assert found.shape == (len(differences),)
    size = max(np.abs(differences))
    assert np.abs(found - differences).max() <= 1e-7 * size
    assert not np.abs(found * (1 + 1e-6) - differences).max() <= 1e-7 * size


def test_a_gaussian_process_learns_the_variances() -> None:
    X, y = _petals(100)
    kernel = NeuralTangentKernel("relu", 2) + WhiteKernel(0.1)
    fixed = GaussianProcessRegressor(kernel, optimizer=None).fit(X[::2], y[::2])
    learnt = GaussianProcessRegressor(kernel).fit(X[::2], y[::2])
    value, gradient = learnt.log_marginal_likelihood(learnt.kernel_.theta, eval_gradient=True)
    assert value > fixed.log_marginal_likelihood_value_ + 1
    inside = (learnt.kernel_.theta > learnt.kernel_.bounds[:, 0]) & (learnt.kernel_.theta < learnt.kernel_.bounds[:, 1])
    assert inside.any()
    assert np.abs(gradient[inside]).max() < 1e-2
    assert learnt.score(X[1::2], y[1::2]) > 0.85
    mean, deviation = learnt.predict(X[1::2], return_std=True)
    assert np.mean(np.abs(mean - y[1::2]) <= 3 * deviation) > 0.9


def test_kernel_ridge_takes_the_object_and_its_matrix() -> None:
    X, y = _digits(300)
    kernel = NeuralTangentKernel("relu", 3)
    onehot = np.eye(10)[y]
    direct = KernelRidge(alpha=1e-3, kernel=kernel).fit(X[:200], onehot[:200]).predict(X[200:])
    ready = KernelRidge(alpha=1e-3, kernel="precomputed").fit(kernel(X[:200]), onehot[:200])
    np.testing.assert_allclose(direct, ready.predict(kernel(X[200:], X[:200])), atol=1e-8)
    assert np.mean(direct.argmax(axis=1) == y[200:]) > 0.9


def test_a_support_vector_machine_takes_the_object_and_its_matrix() -> None:
    X, y = _digits(300)
    kernel = NeuralTangentKernel("erf", 2, bias_variance=0.0)
    direct = SVC(kernel=kernel).fit(X[:200], y[:200])
    ready = SVC(kernel="precomputed").fit(kernel(X[:200]), y[:200])
    np.testing.assert_array_equal(direct.predict(X[200:]), ready.predict(kernel(X[200:], X[:200])))
    assert direct.score(X[200:], y[200:]) > 0.9
    assert np.mean(cross_val_score(SVC(kernel=kernel), *load_iris(return_X_y=True), cv=3)) > 0.9


def test_a_plain_function_becomes_a_kernel() -> None:
    X, y = _digits(300)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    function = partial(gram, deep_kernel("relu"))
    kernel = ConstantKernel(2.0) * FunctionKernel(function)
    fixed = GaussianProcessRegressor(kernel, alpha=1e-3, optimizer=None).fit(X[:200], (y[:200] == 0) * 1.0)
    learnt = GaussianProcessRegressor(kernel, alpha=1e-3).fit(X[:200], (y[:200] == 0) * 1.0)
    assert learnt.kernel_.theta.shape == (1,)
    assert learnt.log_marginal_likelihood_value_ > fixed.log_marginal_likelihood_value_ + 1
    assert np.mean((learnt.predict(X[200:]) > 0.5) == (y[200:] == 0)) > 0.95
    np.testing.assert_allclose(FunctionKernel(function).diag(X), np.diag(gram(deep_kernel("relu"), X)), rtol=1e-15)


def test_values_are_those_of_the_network() -> None:
    X, _ = _petals(20)
    X[3], X[5] = X[2], 0
    kernel = NeuralTangentKernel("gelu", 3, trained="hidden", weight_variance=1.5, bias_variance=0.2)
    np.testing.assert_array_equal(kernel(X), ntk_matrix(kernel.architecture, X))
    np.testing.assert_array_equal(kernel(X, X[:4]), ntk_matrix(kernel.architecture, X, X[:4]))
    np.testing.assert_allclose(kernel.diag(X), np.diag(kernel(X)), rtol=1e-14)
    assert not kernel.is_stationary()
    assert kernel.requires_vector_input
    assert repr(kernel) == "NeuralTangentKernel(gelu, depth=3, trained=hidden, weight_variance=1.5, bias_variance=0.2)"


def test_what_is_fixed_is_not_learnt() -> None:
    assert [each.name for each in KERNELS[0].hyperparameters] == ["bias_variance", "weight_variance"]
    np.testing.assert_allclose(KERNELS[0].bounds, np.log([[1e-5, 1e3], [1e-3, 1e3]]))
    bare = NeuralTangentKernel(bias_variance=0.0, weight_variance_bounds="fixed")
    assert bare.theta.shape == (0,)
    assert bare(np.eye(3), eval_gradient=True)[1].shape == (3, 3, 0)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Y is given"):
        KERNELS[0](np.eye(2), np.eye(2), eval_gradient=True)
    with pytest.raises(InvalidInput, match="Y is given"):
        PLAIN[0](np.eye(2), np.eye(2), eval_gradient=True)
    with pytest.raises(InvalidInput, match="the weight variance of layer 1 is -1"):
        NeuralTangentKernel(weight_variance=-1.0)(np.eye(2))
    with pytest.raises(InvalidInput, match="depth is 0"):
        NeuralTangentKernel(depth=0)(np.eye(2))


def test_the_room_needs_no_scikit_learn() -> None:
    code = "import sys, robustntk.kernels; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_example_is_true() -> None:
    result = doctest.testmod(robustntk.kernels.interfaces.scikit_learn)
    assert result.attempted > 4
    assert result.failed == 0


def _petals(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The width of the petals of irises from the other three lengths, standardised."""
    X = load_iris().data[np.random.default_rng(0).permutation(150)[:n]]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X[:, :3].copy(), X[:, 3]


def _digits(n: int) -> tuple[np.ndarray, np.ndarray]:
    data = load_digits()
    chosen = np.random.default_rng(1).permutation(len(data.target))[:n]
    return data.data[chosen] / 16, data.target[chosen]
