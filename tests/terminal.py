"""What a process writes to a terminal of its own."""

import os


def everything_shown(ours: int) -> bytes:
    """All that comes out of our end of a pseudo-terminal until the other end is closed; ours is closed then, too."""
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # Linux says so at the end
        pass
    os.close(ours)
    return shown
