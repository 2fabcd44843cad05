"""Sources of blocks: kernels that travel, and blocks that are those of `gram`."""

import pickle

import numpy as np
import pytest

from robustntk.bounds import InvalidInput
from robustntk.kernels import dual_kernel, gram
from robustntk.kernels.blocks.source import ComputedBlocks, FixedKernel
from robustntk.kernels.deep import deep_kernel


def sphere(n: int, d: int = 6) -> np.ndarray:
    X = np.random.default_rng(0).standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


@pytest.mark.parametrize("kernel", [dual_kernel("tanh"), deep_kernel(["relu", "erf"])], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_fixed_kernel_has_the_values_of_the_kernel_also_after_a_journey(kernel: object, dtype: type) -> None:
    fixed = FixedKernel.of(kernel)  # type: ignore[arg-type]
    for other in (fixed, pickle.loads(pickle.dumps(fixed))):
        assert other == fixed and other.digest == fixed.digest
        assert np.array_equal(gram(other, sphere(20), dtype=dtype), gram(kernel, sphere(20), dtype=dtype))  # type: ignore[arg-type]


def test_digests_tell_kernels_of_one_label_apart() -> None:
    relu, erf = FixedKernel.of(deep_kernel("relu")), FixedKernel.of(deep_kernel("erf"))
    same_name = FixedKernel(relu.label, relu.architecture, erf.single, erf.double)
    assert len({relu.digest, erf.digest, FixedKernel.of(deep_kernel(["relu", "relu"])).digest}) == 3
    assert same_name.digest == erf.digest != relu.digest


def test_a_fixed_kernel_has_no_derivatives() -> None:
    fixed = FixedKernel.of(deep_kernel("relu"))
    with pytest.raises(InvalidInput, match="derivative 1"):
        fixed.profile(derivative=1)
    with pytest.raises(InvalidInput, match="float16"):
        fixed.profile(np.float16)


def test_blocks_are_those_of_gram() -> None:
    X = sphere(20)
    source = ComputedBlocks.of(deep_kernel("relu"), X, block=8)
    for index in source.grid.computed:
        rows, columns = source.grid.spans(index)
        Z = None if index[0] == index[1] else X[columns]
        assert np.array_equal(source.block(index), gram(deep_kernel("relu"), X[rows], Z))
    diagonal = np.concatenate([source.diagonal(i) for i in range(source.grid.down)])
    assert np.array_equal(diagonal, np.diag(gram(deep_kernel("relu"), X)))


def test_the_points_are_not_copied() -> None:
    X = sphere(20)
    assert ComputedBlocks.of(deep_kernel("relu"), X, block=8).X is X
