"""What is predicted beside what is measured: the anatomy of a proof along a run, the infinite-width limit."""
