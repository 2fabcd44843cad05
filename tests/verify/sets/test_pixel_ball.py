import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.verify.data import embed
from robustntk.verify.sets.pixel_ball import PixelBall


def images(seed: int, count: int = 5, size: int = 30) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.uniform(0.0, 16.0, (count, size)) * (rng.random((count, size)) < 0.6)
    rows[:, 0] = 5.0
    return rows


Balls = st.builds(
    PixelBall,
    st.floats(1e-3, 30.0),
    st.sampled_from(["l2", "linf"]),
    st.sampled_from([0.5, 0.0, None]),
    st.sampled_from([-math.inf, 0.0, tuple([-1.0] * 15 + [0.0] * 15)]),
    st.sampled_from([math.inf, 16.0]),
)


@given(Balls, st.integers(0, 10**6), st.sampled_from([1e-3, 1.0, 100.0]))
def test_projections_lie_in_the_set_stay_put_and_are_nearest(ball: PixelBall, seed: int, spread: float) -> None:
    """Nearest by the variational inequality, which characterises projections onto convex sets."""
    rng = np.random.default_rng(seed)
    centers = images(seed)
    points = centers + spread * rng.standard_normal(centers.shape)
    projected = ball.project(points, centers)
    assert ball.contains(projected, centers).all()
    np.testing.assert_allclose(ball.project(projected, centers), projected, atol=1e-13)
    samples = np.concatenate([ball.sample(centers, 40, rng), ball.sample(centers, 40, rng, part="rim")])
    angle = np.sum((points - projected) * (samples - projected), axis=-1)
    assert np.all(angle <= 1e-12 * (1.0 + spread) ** 2 * 100)


@given(Balls, st.integers(0, 10**6))
def test_samples_lie_in_the_set_and_rim_samples_on_its_boundary(ball: PixelBall, seed: int) -> None:
    rng = np.random.default_rng(seed)
    centers = images(seed)
    assert ball.contains(ball.sample(centers, 20, rng), centers).all()
    rim = ball.sample(centers, 20, rng, part="rim")
    assert rim.shape == (20, *centers.shape) and ball.contains(rim, centers).all()
    below, above = ball.blocks[0].limits(centers)
    at_limit = np.minimum(rim - below, above - rim) <= 1e-9
    movable = above > below
    if ball.norm == "l2":
        full = np.linalg.norm(rim - centers, axis=-1) >= ball.radius * (1 - 1e-9)
        assert np.all(full | np.all(at_limit, axis=-1))
    else:
        assert np.all(np.any(at_limit & movable, axis=-1))


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_steps_go_as_far_as_the_radius_along_the_steepest_way(norm: Any) -> None:
    ball, centers = PixelBall(2.0, norm), images(0)
    rng = np.random.default_rng(1)
    directions = rng.standard_normal(centers.shape)
    steps = ball.move(centers, directions, 0.5) - centers
    others = ball.sample(np.zeros_like(centers), 500, rng, part="rim") * 0.5
    np.testing.assert_allclose(np.linalg.norm(steps, ord=2 if norm == "l2" else np.inf, axis=1), 1.0)
    assert np.all(np.sum(steps * directions, axis=-1) >= np.sum(others * directions, axis=-1))
    assert np.array_equal(ball.move(centers, np.zeros_like(centers), 0.5), centers)
    tiny = ball.move(centers, 1e-30 * directions, 0.5) - centers
    np.testing.assert_allclose(tiny, steps, atol=1e-12)


@pytest.mark.parametrize("bias", [0.5, 0.0, 0.9, None])
def test_the_embedding_is_that_of_the_data_and_its_gradient_that_of_finite_differences(bias: float | None) -> None:
    ball, points = PixelBall(1.0, bias=bias), images(2)
    assert np.array_equal(ball.embed(points), embed(points, bias=bias))
    direction = np.random.default_rng(0).standard_normal(points.shape)
    with jax.enable_x64(True):
        _, slope = jax.jvp(lambda u: ball.embed(u, xp=jnp), (points,), (direction,))
    step = 1e-6
    difference = (ball.embed(points + step * direction) - ball.embed(points - step * direction)) / (2 * step)
    np.testing.assert_allclose(slope, difference, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_jax_twins_keep_the_dtype(norm: Any, dtype: Any) -> None:
    ball, centers = PixelBall(2.0, norm, low=0.0, high=16.0), images(4).astype(dtype)
    points = (centers + np.random.default_rng(0).standard_normal(centers.shape)).astype(dtype)
    with jax.enable_x64(dtype == np.float64):
        found = jax.jit(lambda p, c: ball.project(p, c, xp=jnp))(points, centers)
        moved = jax.jit(lambda p, g: ball.move(p, g, dtype(0.5), xp=jnp))(centers, points)
    assert found.dtype == moved.dtype == ball.project(points, centers).dtype == dtype
    np.testing.assert_allclose(found, ball.project(points, centers), atol=100 * np.finfo(dtype).eps)
    np.testing.assert_allclose(moved, ball.move(centers, points, dtype(0.5)), atol=100 * np.finfo(dtype).eps)


def test_sets_are_equal_by_value_and_hashable() -> None:
    assert PixelBall(np.array([1.0, 2.0]), low=[0, 0]) == PixelBall((1.0, 2.0), low=(0.0, 0.0))
    assert len({PixelBall(1), PixelBall(1.0), PixelBall(1.0, "l2")}) == 2


def test_json_has_no_infinities() -> None:
    assert PixelBall(0.3, low=0, high=16).to_json() == {
        "kind": "linf",
        "delta": 0.3,
        "bias": 0.5,
        "range": [0.0, 16.0],
    }
    assert PixelBall(1.0, "l2", None).to_json()["range"] == [None, None]


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"radius": 0.0}, "radius 0.0"),
        ({"radius": -1.0}, "radius -1.0"),
        ({"radius": math.nan}, "radius is nan"),
        ({"radius": math.inf}, "radius inf"),
        ({"radius": "wide"}, "radius is 'wide'"),
        ({"radius": (1.0, 2.0), "norm": "l2"}, "one positive finite number"),
        ({"radius": (0.0, 0.0)}, "some|a positive one"),
        ({"radius": 1.0, "norm": "l1"}, "norm 'l1'"),
        ({"radius": 1.0, "bias": 1.0}, "bias is 1.0"),
        ({"radius": 1.0, "low": 16.0, "high": 0.0}, "from 16.0 to 0.0"),
        ({"radius": (1.0, 2.0), "low": (0.0, 0.0, 0.0)}, r"\[2, 3\] columns"),
    ],
)
def test_arguments_out_of_range_are_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        PixelBall(**arguments)


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(InvalidInput, match="30 columns"):
        PixelBall((1.0, 2.0)).enclosing_caps(images(0))
