"""Where things are: in a checkout, in a wheel, in a frozen bundle; and the user's own folders."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP = "stickerstudio"


def _bundled() -> Path:
    if getattr(sys, "frozen", False):  # PyInstaller unpacks beside the program
        return Path(getattr(sys, "_MEIPASS", Path(sys.executable).parent))
    package = Path(__file__).resolve().parent.parent
    inside = package / "_bundled"  # a wheel carries resources/ and loras/ here
    return inside if inside.is_dir() else package.parent


@dataclass(frozen=True, slots=True)
class Paths:
    """Every folder the program uses. Nothing else in the program builds such a path.

    Attributes:
        resources, bundled_loras: what came with the program; read only.
        library: the stickers and their index.
        models, loras: what the user added or downloaded.
        state: settings, window layout, chat transcript.
        cache: thumbnails; may be deleted at any time.
    """

    resources: Path
    bundled_loras: Path
    library: Path
    models: Path
    loras: Path
    state: Path
    cache: Path

    @property
    def bundled_models(self) -> Path:
        """Models that came with the program, one folder each."""
        return self.resources / "models"

    @property
    def locales(self) -> Path:
        """Compiled message catalogues."""
        return self.resources / "locales"

    @classmethod
    def default(cls, library: Path | None = None) -> Paths:
        """The system's usual places; `library` puts the stickers elsewhere."""
        root = _bundled()
        data = platformdirs.user_data_path(APP, appauthor=False)
        return cls(
            resources=root / "resources",
            bundled_loras=root / "loras",
            library=(library or data / "library").absolute(),
            models=data / "models",
            loras=data / "loras",
            state=platformdirs.user_state_path(APP, appauthor=False),
            cache=platformdirs.user_cache_path(APP, appauthor=False),
        )

    @classmethod
    def under(cls, root: Path) -> Paths:
        """Everything of the user's below `root`: for tests and portable use."""
        bundled = _bundled()
        return cls(
            resources=bundled / "resources",
            bundled_loras=bundled / "loras",
            library=root / "library",
            models=root / "models",
            loras=root / "loras",
            state=root / "state",
            cache=root / "cache",
        )
