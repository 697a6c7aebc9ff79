"""The command line: the same engine and library as the window's, without a display.

Exit codes: 0 done, 2 wrong usage, 3 something on the user's side, 4 a fault of ours, 130
interrupted. With --json one JSON object goes to stdout and nothing else does.
"""

from stickerstudio.cli.main import main

__all__ = ["main"]
