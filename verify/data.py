"""Data on the sub-sphere ``S_b``: bundled sets, .npz and .csv files, checked before anything else happens.

Order of the rows follows theory.md section 4: the rows of the two classes, permuted by
``numpy.random.default_rng(seed)``, the first n kept. The first class named is labelled +1.
"""

from __future__ import annotations

import csv
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from ..bounds import InvalidInput
from ..bounds.errors import expected_one_of
from .sets.embedding import on_sphere
from .sets.protocol import PerturbationSet

BUNDLED = ("breast_cancer", "digits", "wine")
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Dataset:
    """``X`` of shape (n, d), float64, unit rows whose last coordinate is ``bias``; ``y`` of shape (n,), +-1.0.

    ``features`` of shape (n, d - 1), or (n, d) where the bias is None, are the rows before `embed`: as they were given,
    or standardized.
    """

    X: Array
    y: Array
    bias: float | None
    source: str
    classes: tuple[str, str]
    features: Array

    @property
    def size(self) -> int:
        """Number n of samples."""
        return len(self.X)

    def centers(self, perturbations: PerturbationSet) -> Array:
        """The data in the coordinates of a perturbation set."""
        return self.X if perturbations.space == "sphere" else self.features

    @property
    def dimension(self) -> int:
        """Dimension d, the bias coordinate included."""
        return int(self.X.shape[1])


def load_data(
    source: str | Path,
    *,
    classes: Sequence[str | int] | None = None,
    samples: int | None = None,
    seed: int = 1,
    bias: float | None = 0.5,
    standardize: bool = False,
) -> Dataset:
    """Load, select, permute and embed a two-class data set.

    Args:
        source: a bundled set (`BUNDLED`), or a path to .npz (``X`` (n, d), ``y`` (n,)) or .csv (a header row, a column
            ``label``, every other column a feature).
        classes: the two classes, the first becoming +1. A file may omit them: its labels must then be -1 and +1.
        samples: how many rows to keep after the permutation; all by default.
        seed: of the permutation.
        bias: the constant last coordinate b in [0, 1); None for none.
        standardize: centre every feature and scale it to variance 1, over the rows kept (constant ones become 0). Only
            the direction of a row counts, so features with different units need it.

    Raises:
        InvalidInput: naming the offending value: an unreadable or truncated file, an unknown class, NaN, a zero row,
            labels that are not -1 and +1, a single class, or too few rows.
    """
    features, labels = _read(source)
    _check_features(features, str(source))
    names = _class_names(labels, classes, str(source))
    keep = np.isin(labels, names)
    features, labels = features[keep], labels[keep]
    order = np.random.default_rng(_checked_seed(seed)).permutation(len(labels))[: _sample_count(samples, len(labels))]
    signs = np.where(labels[order] == names[0], 1.0, -1.0)
    if len(set(signs.tolist())) < 2:
        raise InvalidInput(f"{source}: all {len(signs)} samples kept are of one class; expected both {names}")
    kept = _standardized(features[order]) if standardize else features[order]
    points, height = embed(kept, bias=bias), None if bias is None else float(bias)
    return Dataset(points, signs, height, str(source), (names[0], names[1]), kept)


def embed(features: Float[np.ndarray, "n k"], *, bias: float | None = 0.5) -> Float[np.ndarray, "n d"]:
    """Map rows ``u`` to ``(sqrt(1 - b^2) u / |u|, b)`` on ``S_b`` (theory section 0), or to ``u / |u|`` without bias.

    Raises:
        InvalidInput: if bias is neither None nor in [0, 1), or a row is zero or not finite.
    """
    if bias is not None and not (isinstance(bias, int | float) and math.isfinite(bias) and 0.0 <= bias < 1.0):
        raise InvalidInput(f"bias is {bias!r}: expected a number in [0, 1), or None")
    rows = np.asarray(features, np.float64)
    zero = np.flatnonzero(~np.any(rows, axis=1))
    if zero.size:
        raise InvalidInput(f"row {zero[0]} of the features is zero: expected a direction to put on the sphere")
    return np.asarray(on_sphere(rows, bias))


def _standardized(rows: Array) -> Array:
    from sklearn.preprocessing import StandardScaler

    return np.asarray(StandardScaler().fit_transform(rows), np.float64)


def _read(source: str | Path) -> tuple[Array, NDArray[np.str_]]:
    """Features (n, k) and labels as text (n,)."""
    if str(source) in BUNDLED:
        return _bundled(str(source))
    path = Path(source)
    if path.suffix not in {".npz", ".csv"}:
        raise InvalidInput(
            f"data is {str(source)!r}: {expected_one_of(source, BUNDLED, others='a path ending in .npz or .csv')}"
        )
    if not path.is_file():
        found = "found a folder" if path.is_dir() else "there is none of that name"
        raise InvalidInput(f"data is {str(path)!r}: expected a file, {found}")
    return _read_npz(path) if path.suffix == ".npz" else _read_csv(path)


def _bundled(name: str) -> tuple[Array, NDArray[np.str_]]:
    from sklearn import datasets

    features, labels = getattr(datasets, f"load_{name}")(return_X_y=True)
    return np.asarray(features, np.float64), np.array([str(label) for label in labels])


def _read_npz(path: Path) -> tuple[Array, NDArray[np.str_]]:
    try:
        # The file is opened here, so that it is closed even where numpy stumbles over a truncated archive.
        with path.open("rb") as handle, _archive(handle) as archive:
            missing = {"X", "y"} - set(archive.files)
            if missing:
                raise InvalidInput(
                    f"{path}: no array {sorted(missing)[0]!r}; expected X of shape (n, d) and y of shape (n,)"
                )
            features, labels = archive["X"], archive["y"]
    except InvalidInput:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile, KeyError) as error:
        raise InvalidInput(f"{path}: not a readable .npz file ({_one_line(error)})") from error
    if features.ndim != 2 or labels.shape != (len(features),):
        raise InvalidInput(f"{path}: X has shape {features.shape} and y {labels.shape}; expected (n, d) and (n,)")
    if features.dtype.kind not in "fiub":
        raise InvalidInput(f"{path}: X has dtype {features.dtype}; expected real numbers")
    return features.astype(np.float64), np.array([_label_text(label) for label in labels.tolist()])


def _archive(handle: BinaryIO) -> NpzFile:
    """The archive, of numbers and text only. Of any other file numpy would say that it could be loaded unsafely."""
    if not zipfile.is_zipfile(handle):
        raise ValueError("it is no zip archive, or not a whole one")
    handle.seek(0)
    found: NpzFile = np.load(handle, allow_pickle=False)
    return found


def _read_csv(path: Path) -> tuple[Array, NDArray[np.str_]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            rows = [row for row in csv.reader(handle) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path}: not a readable .csv file ({_one_line(error)})") from error
    header = rows[0] if rows else []
    if header.count("label") != 1:
        raise InvalidInput(f"{path}: {header.count('label')} columns of the header are called 'label'; expected one")
    column = header.index("label")
    if len(rows) == 1 or len(header) == 1:
        raise InvalidInput(f"{path}: expected at least one row and one feature column beside 'label'")
    features = np.array([_csv_row(path, line, row, header, column) for line, row in enumerate(rows[1:], start=2)])
    return features, np.array([_label_text(_maybe_number(row[column].strip())) for row in rows[1:]])


def _csv_row(path: Path, line: int, row: list[str], header: list[str], column: int) -> list[float]:
    if len(row) != len(header):
        raise InvalidInput(f"{path}, row {line}: {len(row)} fields; expected {len(header)} as in the header")
    if not row[column].strip():
        raise InvalidInput(f"{path}, row {line}: the label is empty; expected a class")
    values = []
    for name, text in zip(header, row, strict=True):
        if name == header[column]:
            continue
        try:
            values.append(float(text))
        except ValueError:
            values.append(math.nan)
        if not math.isfinite(values[-1]):
            raise InvalidInput(f"{path}, row {line}, column {name!r}: {text!r}; expected a finite number")
    return values


def _check_features(features: Array, source: str) -> None:
    if not features.size:
        raise InvalidInput(f"{source}: X has shape {features.shape}; expected at least one row and one column")
    bad = np.argwhere(~np.isfinite(features))
    if bad.size:
        row, column = bad[0]
        raise InvalidInput(
            f"{source}: feature {column} of row {row} is {features[row, column]}; expected finite numbers"
        )


def _class_names(labels: NDArray[np.str_], classes: Sequence[str | int] | None, source: str) -> list[str]:
    present = sorted(set(labels.tolist()))
    if classes is None:
        if present != ["-1", "1"]:
            shown = ", ".join(present[:6]) + (", ..." if len(present) > 6 else "")
            raise InvalidInput(
                f"{source}: labels are {shown}; expected -1 and +1, or name two classes, as in "
                f"--classes {present[0]},{present[-1]}"
            )
        return ["1", "-1"]
    names = [_label_text(_maybe_number(str(name).strip())) for name in classes]
    if len(names) != 2 or names[0] == names[1]:
        raise InvalidInput(f"classes {', '.join(map(str, classes))}: expected two different ones")
    for name in names:
        if name not in present:
            raise InvalidInput(f"{source}: unknown class {name!r}; {expected_one_of(name, present[:12])}")
    return names


def _sample_count(samples: int | None, available: int) -> int:
    if samples is None:
        return available
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 2:
        raise InvalidInput(f"samples is {samples!r}: expected an integer of at least 2")
    if samples > available:
        raise InvalidInput(f"samples is {samples}: only {available} rows of the two classes are available")
    return samples


def _checked_seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InvalidInput(f"seed is {seed!r}: expected a non-negative integer")
    return seed


def _maybe_number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _label_text(label: object) -> str:
    """One spelling per label: 1, 1.0, True and "1" are the same class; NaN is never one."""
    if isinstance(label, bytes):
        label = label.decode("utf-8", "replace")
    if isinstance(label, bool | int | float):
        number = float(label)
        if not math.isfinite(number):
            raise InvalidInput(f"a label is {label!r}: expected a class")
        return str(int(number)) if number == int(number) else repr(number)
    return str(label)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
