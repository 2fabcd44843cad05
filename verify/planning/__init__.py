"""From data to a plan: the robust minimum-norm problem, comparators at drawn networks, plans (theory E4, E6)."""
