"""The numerical inequalities of docs/theory.md, a module for each part of it."""
