from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.verify.data import BUNDLED, embed, load_data


def save(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)
    return path


def test_digits_follow_the_reference_order_of_the_theory() -> None:
    from sklearn.datasets import load_digits

    features, labels = load_digits(return_X_y=True)
    keep = np.isin(labels, (0, 1))
    order = np.random.default_rng(1).permutation(int(keep.sum()))[:20]
    data = load_data("digits", classes=("0", "1"), samples=20)
    assert data.y.tolist() == [1.0 if label == 0 else -1.0 for label in labels[keep][order]]
    rows = features[keep][order]
    expected = np.sqrt(0.75) * rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert np.allclose(data.X[:, :-1], expected, atol=1e-15) and np.all(data.X[:, -1] == 0.5)


def test_the_first_class_named_is_positive() -> None:
    one = load_data("digits", classes=("0", "1"), samples=20)
    other = load_data("digits", classes=("1", "0"), samples=20)
    assert np.array_equal(one.X, other.X) and np.array_equal(one.y, -other.y)


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.5, 0.99]), st.sampled_from([1e-200, 1.0, 1e200]))
def test_embedding_is_on_the_sub_sphere_at_any_magnitude(seed: int, bias: float, size: float) -> None:
    rows = np.random.default_rng(seed).standard_normal((5, 4)) * size
    X = embed(rows, bias=bias)
    assert np.allclose(np.linalg.norm(X, axis=1), 1.0, atol=4e-16) and np.all(X[:, -1] == bias)


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_set_loads(name: str) -> None:
    data = load_data(name, classes=("0", "1"), samples=10)
    assert data.size == 10 and set(data.y) == {1.0, -1.0}


def test_csv_and_npz_agree(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 3)), np.array([1, -1] * 6)
    archive = save(tmp_path / "data.npz", X=X, y=y)
    lines = ["a,label,b,c"] + [f"{r[0]!r},{int(t)},{r[1]!r},{r[2]!r}" for r, t in zip(X.tolist(), y, strict=True)]
    table = tmp_path / "data.csv"
    table.write_text("\n".join(lines) + "\n")
    one, other = load_data(archive), load_data(table)
    assert np.array_equal(one.X, other.X) and np.array_equal(one.y, other.y)


def test_standardized_features_have_mean_0_and_variance_1_over_the_rows_kept() -> None:
    data = load_data("breast_cancer", classes=("0", "1"), samples=40, standardize=True)
    assert np.allclose(data.features.mean(axis=0), 0.0, atol=1e-12)
    assert np.allclose(data.features.var(axis=0), 1.0)
    assert np.array_equal(data.X, embed(data.features))
    assert np.array_equal(data.y, load_data("breast_cancer", classes=("0", "1"), samples=40).y)


def test_units_do_not_matter_to_standardized_features(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 3)), np.array([1, -1] * 6)
    one = load_data(save(tmp_path / "a.npz", X=X, y=y), standardize=True)
    other = load_data(save(tmp_path / "b.npz", X=X * [1e6, 1.0, 1e-3] + [7.0, -2.0, 0.0], y=y), standardize=True)
    assert np.allclose(one.X, other.X, atol=1e-6)
    assert not np.allclose(load_data(tmp_path / "a.npz").X, load_data(tmp_path / "b.npz").X, atol=1e-1)


def test_a_constant_feature_becomes_zero(tmp_path: Path) -> None:
    X = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [7.0, 5.0]])
    data = load_data(save(tmp_path / "a.npz", X=X, y=np.array([1, 1, -1, -1])), standardize=True)
    assert np.array_equal(data.features[:, 1], np.zeros(4))


def test_the_refusal_of_other_labels_says_how_to_name_them(tmp_path: Path) -> None:
    table = tmp_path / "data.csv"
    table.write_text("a,label\n1,benign\n2,malignant\n")
    with pytest.raises(InvalidInput, match="as in --classes benign,malignant"):
        load_data(table)


def test_named_classes_in_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "pets.csv"
    path.write_text("w,h,label\n1,2,cat\n2,1,dog\n3,1,fish\n2,2,cat\n")
    data = load_data(path, classes=("dog", "cat"))
    assert data.size == 3 and data.classes == ("dog", "cat") and int(np.sum(data.y == 1.0)) == 1


GOOD = {"X": np.eye(4), "y": np.array([1, -1, 1, -1])}
BAD_ARRAYS = {
    "NaN feature": (GOOD | {"X": np.where(np.eye(4) > 0, np.nan, 1.0)}, "feature 0 of row 0 is nan"),
    "labels not +-1": (GOOD | {"y": np.array([0, 1, 0, 1])}, "expected -1 and \\+1"),
    "NaN label": (GOOD | {"y": np.array([1, np.nan, 1, -1])}, "a label is nan"),
    "one label": (GOOD | {"y": np.ones(4)}, "expected -1 and \\+1"),
    "shapes": (GOOD | {"y": np.ones(3)}, "shape"),
    "no y": ({"X": np.eye(4)}, "no array 'y'"),
    "zero row": (GOOD | {"X": np.diag([1.0, 0.0, 1.0, 1.0])}, "is zero"),
    "complex": (GOOD | {"X": np.eye(4) * 1j}, "complex"),
    "objects": (GOOD | {"X": np.array([[None] * 4] * 4, dtype=object)}, "not a readable"),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_archives_get_one_clear_line(case: str, tmp_path: Path) -> None:
    arrays, message = BAD_ARRAYS[case]
    with pytest.raises(InvalidInput, match=message) as caught:
        load_data(save(tmp_path / "bad.npz", **arrays))
    assert "\n" not in str(caught.value)


def test_every_truncation_of_an_archive_is_refused(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.npz", **GOOD).read_bytes()
    for length in range(0, len(whole), 37):
        path = tmp_path / "cut.npz"
        path.write_bytes(whole[:length])
        with pytest.raises(InvalidInput, match="not a readable|no array"):
            load_data(path)


BAD_TABLES = {
    "a,b\n1,2\n": "0 columns of the header are called 'label'",
    "": "0 columns of the header are called 'label'",
    "a,label,label\n1,1,1\n": "2 columns of the header are called 'label'",
    "a,label\n1,1\n2,\n": "row 3: the label is empty",
    "a,label\n": "at least one row",
    "a,label\n1,1\n2\n": "row 3: 1 fields",
    "a,label\nx,1\n": "row 2, column 'a': 'x'; expected a finite number",
    "a,b,label\n1,2,1\n1,nan,-1\n": "row 3, column 'b': 'nan'",
}


@pytest.mark.parametrize("text", BAD_TABLES)
def test_bad_tables_get_one_clear_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=BAD_TABLES[text]):
        load_data(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": ("0", "17")}, "unknown class '17'"),
        ({"classes": ("0", "0")}, "two different"),
        ({"classes": ("0",)}, "two different"),
        ({"classes": ("0", "1"), "samples": 1}, "at least 2"),
        ({"classes": ("0", "1"), "samples": 10**6}, "only 360"),
        ({"classes": ("0", "1"), "bias": 1.0}, "bias is 1.0"),
        ({"classes": ("0", "1"), "bias": float("nan")}, "bias is nan"),
        ({"classes": ("0", "1"), "seed": -1}, "seed is -1"),
        ({}, "name two classes"),
    ],
)
def test_bad_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        load_data("digits", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["mnist", "missing.npz", "missing.csv"])
def test_unknown_sources(source: str) -> None:
    with pytest.raises(InvalidInput, match=source):
        load_data(source)
