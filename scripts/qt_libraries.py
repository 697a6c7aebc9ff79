"""Print the Debian packages of the system libraries that Qt needs and this machine lacks.

Prints nothing where all is there, or on a system without `ldd`.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libzstd.so.1": "libzstd1",
}
PARTS = (
    "Qt/lib/libQt6Core.so.6",
    "Qt/lib/libQt6Gui.so.6",
    "Qt/lib/libQt6Widgets.so.6",
    "Qt/lib/libQt6Svg.so.6",
    "Qt/plugins/platforms/libqxcb.so",
    "Qt/plugins/platforms/libqoffscreen.so",
)


def missing_libraries() -> set[str]:
    """Sonames that the dynamic linker does not find for the parts of Qt we use."""
    spec = importlib.util.find_spec("PySide6")
    ldd = shutil.which("ldd")
    if spec is None or not spec.submodule_search_locations or ldd is None:
        return set()
    folder = Path(next(iter(spec.submodule_search_locations)))
    found: set[str] = set()
    for part in PARTS:
        if (folder / part).exists():
            answer = subprocess.run(
                [ldd, str(folder / part)], capture_output=True, text=True, check=False
            )
            found.update(re.findall(r"^\s*(\S+) => not found", answer.stdout, re.MULTILINE))
    return {name for name in found if not name.startswith("libQt6")}


def main() -> int:
    """Print one line of package names."""
    missing = missing_libraries()
    unknown = sorted(missing - PACKAGES.keys())
    if unknown:
        sys.stderr.write(f"Also missing, and of no package known here: {', '.join(unknown)}\n")
    packages = sorted({PACKAGES[name] for name in missing if name in PACKAGES})
    if packages:
        sys.stdout.write(" ".join(packages) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
