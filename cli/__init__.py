"""The command line over the three rooms: plans, radii, kernels and whole verified runs.

Every command prints a table, or one JSON object with ``--json``; it exits with 0 only when what was asked
for holds, with 1 when it does not hold or stays inconclusive, and with 2 on bad input.

    $ robustntk width --radius 3.91 --dim 65 --epsilon 0.5
"""
