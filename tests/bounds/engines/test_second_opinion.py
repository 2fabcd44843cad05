"""cvc5 answers through text, keeps to its time, and may be missing."""

from importlib.util import find_spec

import pytest

from robustntk.bounds.engines import second_opinion as module
from robustntk.bounds.engines.second_opinion import second_opinion

installed = pytest.mark.skipif(find_spec("cvc5") is None, reason="cvc5 is not installed")


def question(*claims):
    return "(declare-fun x () Real)" + "".join(f"(assert {claim})" for claim in claims) + "(check-sat)"


@installed
@pytest.mark.parametrize(
    ("claims", "answer"),
    [(["(< (* x x) 0.0)"], "unsat"), (["(= (* x x) 2.0)", "(> x 0.0)"], "sat")],
)
def test_an_answer_comes_back(claims, answer):
    assert second_opinion(question(*claims), seconds=20) == answer


@installed
def test_what_is_no_question_has_no_answer():
    assert second_opinion("(declare-fun", seconds=20) == "unknown"


def test_a_process_that_overruns_its_time_is_ended(monkeypatch, tmp_path):
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time\ntime.sleep(600)\nprint('unsat')\n")
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    monkeypatch.setattr(module, "__file__", str(sleeper))
    assert second_opinion(question("(> x 0.0)"), seconds=0.01) == "unknown"


def test_without_cvc5_there_is_no_opinion(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert second_opinion(question("(> x 0.0)"), seconds=1) == "missing"
