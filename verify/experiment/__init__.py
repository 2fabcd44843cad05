"""The main job end to end: configuration, run folder, figure and report (theory section 6)."""
