"""Kernels in the forms that others expect: scikit-learn, neural-tangents, functions of jax."""
