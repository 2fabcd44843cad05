"""What this site adds to Sphinx: see each module."""
