"""The data options as one data set, or as a data set with its perturbation set; numbers among them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..verify import Dataset, SphericalCap


def read_dataset(data: str, *, classes: str | None, samples: int | None, seed: int, bias: str) -> "Dataset":
    """Load the data that ``--data --classes --samples --seed --bias`` describe.

    Raises InvalidInput, from the loader, naming what is wrong with them.
    """
    from ..verify import load_data

    number = real_number("--bias", bias)
    return load_data(data, classes=read_classes(classes), samples=samples, seed=seed, bias=number)


def read_problem(
    data: str, *, classes: str | None, samples: int | None, seed: int, bias: str, delta: str
) -> "tuple[Dataset, SphericalCap]":
    """The data and the caps around them.

    Raises InvalidInput, also where caps of opposite labels meet, naming the two rows: no theorem applies then.
    """
    from ..verify import SphericalCap

    cap = SphericalCap(real_number("--delta", delta), real_number("--bias", bias))
    dataset = read_dataset(data, classes=classes, samples=samples, seed=seed, bias=bias)
    cap.check_separation(dataset.X, dataset.y)
    return dataset, cap


def read_classes(classes: str | None) -> tuple[str, str] | None:
    """``A,B`` as two names, or None where none were given."""
    if classes is None:
        return None
    first, comma, second = classes.partition(",")
    if not (first.strip() and comma and second.strip()) or "," in second:
        raise ValueError(f"--classes is {classes!r}: expected two classes, as in 0,1")
    return first.strip(), second.strip()


def read_slack(text: str) -> float:
    """The slack s of ``R(s) = (1 - s) R(0)``, theory section 6; ValueError outside [0, 1)."""
    slack = real_number("--slack", text)
    if not 0.0 <= slack < 1.0:
        raise ValueError(f"--slack is {text}: expected a number in [0, 1)")
    return slack


def real_number(option: str, text: str) -> float:
    """`text` as the nearest float64, for options that only enter floating-point computations."""
    from ..bounds import exact

    return float(exact(text, name=option))
