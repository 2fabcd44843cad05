"""Every claim of the registry: its label is in the theory, it holds, and its falsified version is refuted."""

import re
from pathlib import Path

import pytest

from robustntk.bounds import InvalidInput
from robustntk.verify.checking import cases
from robustntk.verify.checking.claim import Claim
from robustntk.verify.checking.registry import all_claims, choose, get_claim
from robustntk.verify.checking.search import search

THEORY = (Path(__file__).resolve().parents[3] / "docs" / "theory.md").read_text(encoding="utf-8")
CLAIMS = all_claims()
COVERED = {
    *(f"E{number}" for number in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11)),
    *("E1.a", "E1.b", "E1.c", "E1.post", "E2.a", "E2.b", "E2.c", "E2.d"),
    *("E4.a", "E4.b", "E4.c", "E4.d", "E4.e", "E4.f", "E5.a", "E5.b", "E10.a", "E10.b", "E11.a", "E11.b", "E11.c"),
}
# These compile training steps or certify with many threads: fewer examples in the fast tests.
COSTLY = ("trainer", "linearised", "touching", "remainder", "E4.e", "operator norm", "fewest iterations")


def quick(claim: Claim) -> int:
    return 4 if any(name in claim.id for name in COSTLY) else 12


def test_ids_are_unique_and_every_inequality_of_the_theory_is_covered() -> None:
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    assert {claim.theorem for claim in CLAIMS} >= COVERED


@pytest.mark.parametrize("label", sorted({claim.theorem for claim in CLAIMS}))
def test_every_label_is_stated(label: str) -> None:
    if label.startswith("section"):
        assert re.search(rf"^## {label[-1]}\. ", THEORY, re.MULTILINE)
    else:
        assert re.search(rf"\*\*{re.escape(label)}[ ,.(]", THEORY)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_no_counterexample_is_found(claim: Claim) -> None:
    found = search(claim, examples=quick(claim), seed=1)
    assert not found.refuted, found.snippet
    assert 0.0 <= found.ratio <= 1.0
    assert eval(repr(found.case), vars(cases)) == found.case


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if not claim.slack], ids=lambda claim: claim.id)
def test_a_right_side_20_per_cent_too_small_is_refuted(claim: Claim) -> None:
    assert search(claim.falsified(), examples=2000, shrink=False).refuted


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if claim.slack], ids=lambda claim: claim.id)
def test_claims_with_slack_are_refuted_once_the_right_side_is_small_enough(claim: Claim) -> None:
    if claim.id != "E8/errors":
        assert search(claim.falsified(1e-3), examples=2000, shrink=False).refuted


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if not claim.slack], ids=lambda claim: claim.id)
def test_the_fault_is_found_for_other_seeds_too(claim: Claim, seed: int) -> None:
    assert search(claim.falsified(), examples=2000, seed=seed, shrink=False).refuted


def test_claims_are_chosen_by_id_and_by_label() -> None:
    assert [claim.id for claim in choose(["E1.a/ball"])] == ["E1.a/ball"]
    assert {claim.id for claim in choose(["E1.a"])} == {"E1.a", "E1.a/ball", "E1.a/centre", "E1.a/direction"}
    assert {claim.theorem for claim in choose(["E5"])} == {"E5", "E5.a", "E5.b"}
    assert choose() == choose([]) == CLAIMS
    assert get_claim("E1.a").id == "E1.a"


@pytest.mark.parametrize("name", ["E12", "", "E1.a/", "e1"])
def test_unknown_claims_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="unknown claim"):
        choose([name])
