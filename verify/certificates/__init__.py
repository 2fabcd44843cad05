"""Certificates: bounds of a prediction on a whole perturbation set, sound in floating point (theory E4.c)."""
