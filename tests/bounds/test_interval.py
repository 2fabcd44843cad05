import json
import math

import pytest

from robustntk.bounds import Interval, InvalidInput


def test_an_interval_knows_its_width_and_members():
    interval = Interval(lower=1.0, estimate=2.0, upper=4.0)
    assert interval.width == 3
    assert interval.contains(1.0) and interval.contains(4.0)
    assert not interval.contains(math.nextafter(4.0, 5.0))
    assert not interval.contains(math.nan)


@pytest.mark.parametrize(
    "ends", [(2, 1, 3), (1, 4, 3), (math.nan, 1, 2), (1, math.nan, 2), (1, 1, math.nan), (-math.inf, 0, 1)]
)
def test_disordered_or_undefined_ends_are_refused(ends):
    with pytest.raises(InvalidInput, match="lower <= estimate <= upper"):
        Interval(*ends)


def test_an_infinite_upper_end_is_none_in_json():
    written = json.loads(json.dumps(Interval(1.0, 2.0, math.inf).to_json(), allow_nan=False))
    assert written == {"lower": 1.0, "estimate": 2.0, "upper": None}
