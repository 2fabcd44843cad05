"""Gram matrices larger than memory: blocks on disk, products and linear systems without the matrix, clusters."""
