"""Run the benchmarks one after another, each in a process of its own, and print what they print.

`python -m benchmarks` runs all that fit a laptop; `python -m benchmarks NAME…` the named ones.
"""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys

import benchmarks

ON_REQUEST = {
    "blend_add",  # lays SDXL out in memory, takes a minute
    "blend_gpu",  # needs a GPU
    "true_size",  # writes 7 GB and takes minutes
}


def names() -> list[str]:
    """Every benchmark module, in alphabetical order."""
    found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name for name in found if not name.startswith("_"))


def main() -> int:
    """Exit status: how many benchmarks could not be run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names(), []], metavar="NAME")
    chosen = parser.parse_args().names or [name for name in names() if name not in ON_REQUEST]
    failed = 0
    for name in chosen:
        print(f"\n== {name}", flush=True)
        failed += (
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
            != 0
        )
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
