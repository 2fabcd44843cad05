"""The calculator: ``robustntk width`` as a page that answers while one types.

`question` turns fields into the command line that they stand for, `answer` gives what that command gives, `curves` the
width against epsilon for every theorem, `prediction` the infinite-width run, `figures` and `view` show them, `page` is
the marimo app around all this, and `server` serves it.
"""
