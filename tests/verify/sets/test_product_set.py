import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.verify.sets.ball_in_box import project_onto_ball_in_box
from robustntk.verify.sets.block import Block
from robustntk.verify.sets.product_set import ProductSet

BALL = Block(1.5, "l2", low=0.0, columns=(4, 0, 2))
BOX = Block((0.2, np.inf), low=0.0, high=5.0, columns=(3, 6))
PRODUCT = ProductSet((BALL, BOX))


def rows(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 4.9, (4, 8))


@given(st.integers(0, 10**6))
def test_blocks_are_projected_on_their_own_and_other_columns_stay(seed: int) -> None:
    centers = rows(seed)
    points = centers + 3 * np.random.default_rng([seed, 1]).standard_normal(centers.shape)
    found = PRODUCT.project(points, centers)
    near, part = centers[:, [4, 0, 2]], points[:, [4, 0, 2]]
    moves, _ = project_onto_ball_in_box(part - near, -near, np.full_like(near, np.inf), 1.5)
    np.testing.assert_allclose(found[:, [4, 0, 2]], near + moves, atol=1e-14)
    limits = np.maximum(centers[:, 3] - 0.2, 0.0), np.minimum(centers[:, 3] + 0.2, 5.0)
    assert np.array_equal(found[:, 3], np.clip(points[:, 3], *limits))
    assert np.array_equal(found[:, 6], np.clip(points[:, 6], 0.0, 5.0))
    assert np.array_equal(found[:, [1, 5, 7]], centers[:, [1, 5, 7]])
    assert PRODUCT.contains(found, centers).all()


@given(st.integers(0, 10**6))
def test_samples_and_moves_keep_to_the_columns_of_the_blocks(seed: int) -> None:
    centers, rng = rows(seed), np.random.default_rng(seed)
    for part in ("cap", "rim"):
        samples = PRODUCT.sample(centers, 30, rng, part=part)
        assert PRODUCT.contains(samples, centers).all()
        assert np.array_equal(samples[..., [1, 5, 7]], np.broadcast_to(centers[:, [1, 5, 7]], (30, 4, 3)))
    moved = PRODUCT.move(centers, rng.standard_normal(centers.shape), 1.0) - centers
    np.testing.assert_allclose(np.linalg.norm(moved[:, [4, 0, 2]], axis=1), 1.5)
    np.testing.assert_allclose(np.abs(moved[:, [3, 6]]), np.broadcast_to([0.2, 5.0], (4, 2)))
    assert not moved[:, [1, 5, 7]].any()


def test_points_with_another_value_in_a_fixed_column_are_not_contained() -> None:
    centers = rows(0)
    points = centers.copy()
    points[2, 5] += 1e-6
    assert PRODUCT.contains(points, centers).tolist() == [True, True, False, True]


@pytest.mark.parametrize(
    "blocks, named",
    [
        ((), "at least one"),
        ((Block(1.0),), "columns of each"),
        ((Block(1.0, columns=(0, 1)), Block(1.0, columns=(1,))), "column 1 belongs to two blocks"),
    ],
)
def test_blocks_that_do_not_make_a_product_are_refused(blocks: tuple[Block, ...], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        ProductSet(blocks)


@pytest.mark.parametrize("columns", [(), (0, 0), (-1, 2)])
def test_column_numbers_are_checked(columns: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match="columns"):
        Block(1.0, columns=columns)


def test_columns_that_the_rows_have_not_are_named() -> None:
    with pytest.raises(InvalidInput, match="4 columns"):
        PRODUCT.project(rows(0)[:, :4], rows(0)[:, :4])
