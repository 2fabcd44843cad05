"""The proofs of the E theorems, one module for each, named after the module of the theorem."""
