"""Property-based search for counterexamples to every lemma and theorem (`robustntk check`)."""
