"""Scaling laws: grids of runs, resumable and parallel, and exponents fitted to them (`robustntk sweep`)."""
