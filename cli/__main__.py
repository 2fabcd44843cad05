"""``python -m robustntk.cli`` is the same as ``robustntk``."""

from .app import main

if __name__ == "__main__":
    main()
