"""Engines that check a step of a proof: SMT over the reals, SymPy, balls over the whole line, induction, citations."""
