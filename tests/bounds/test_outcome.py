import pytest

from robustntk.bounds import Outcome, Verdict


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome.proved("by cases"), Verdict.PROVED),
        (Outcome.refuted(3, "too small"), Verdict.REFUTED),
        (Outcome.inconclusive("not enough bits"), Verdict.INCONCLUSIVE),
        (Outcome.unsupported("no engine"), Verdict.UNSUPPORTED),
    ],
)
def test_an_outcome_is_neither_true_nor_false(outcome, verdict):
    assert outcome.verdict is verdict
    with pytest.raises(TypeError, match="not true or false"):
        bool(outcome)


def test_a_refutation_carries_its_counterexample():
    outcome = Outcome.refuted(3, "too small")
    assert str(outcome) == "refuted at 3: too small"
    assert outcome.to_json() == {"outcome": "refuted", "reason": "too small", "counterexample": "3"}
