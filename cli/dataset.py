"""The data options as one data set, or as a data set with its perturbation set; numbers among them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..verify import Dataset, PerturbationSet


def read_dataset(
    data: str, *, classes: str | None, samples: int | None, seed: int, bias: str, standardize: bool = False
) -> "Dataset":
    """Load the data that ``--data --classes --samples --seed --bias --standardize`` describe.

    Raises InvalidInput, from the loader, naming what is wrong with them.
    """
    from ..verify import load_data

    names, height = read_classes(classes), read_bias(bias)
    return load_data(data, classes=names, samples=samples, seed=seed, bias=height, standardize=standardize)


def read_problem(
    data: str,
    *,
    classes: str | None,
    samples: int | None,
    seed: int,
    bias: str,
    delta: str,
    standardize: bool = False,
    perturbation: str = "cap",
    pixel_range: str | None = None,
) -> "tuple[Dataset, PerturbationSet]":
    """The data and the perturbation sets around them.

    Raises InvalidInput, also where sets of opposite labels meet, naming the two rows: no theorem applies then.
    """
    from ..verify.sets.named import perturbation_set
    from ..verify.sets.separation import check_separation

    radius, limits = real_number("--delta", delta), read_pixel_range(pixel_range)
    perturbations = perturbation_set(perturbation, radius, bias=read_bias(bias), pixel_range=limits)
    dataset = read_dataset(data, classes=classes, samples=samples, seed=seed, bias=bias, standardize=standardize)
    check_separation(perturbations, dataset.centers(perturbations), dataset.y)
    return dataset, perturbations


def read_bias(text: str) -> float | None:
    """``--bias``: a number, or None for ``none``."""
    return None if text.strip().lower() == "none" else real_number("--bias", text)


def read_pixel_range(text: str | None) -> tuple[float, float] | None:
    """``LOW,HIGH`` as two numbers, or None where none were given."""
    if text is None:
        return None
    low, comma, high = text.partition(",")
    if not (low.strip() and comma and high.strip()) or "," in high:
        raise ValueError(f"--pixel-range is {text!r}: expected two numbers, as in 0,16")
    return real_number("--pixel-range", low.strip()), real_number("--pixel-range", high.strip())


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
