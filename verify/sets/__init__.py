"""Perturbation sets: which points an adversary may put in the place of a data point (theory section 0)."""
