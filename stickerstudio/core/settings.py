"""What the user chose in Settings, in a JSON file: read so that one bad value spoils no other."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

from stickerstudio.core.atomic import write_text_atomic
from stickerstudio.core.errors import disk_errors
from stickerstudio.core.i18n import LANGUAGES
from stickerstudio.core.messages import DeviceChoice

VERSION = 1
MOST_UPSCALE = 4  # what finish.enlarge can do
SHARP_SIDE = 512  # pixels; what WhatsApp, Telegram and Signal show stickers at
Dark = Literal["system", "light", "dark"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every choice that outlives the window.

    Attributes:
        language: a key of i18n.LANGUAGES; None follows the system.
        device: where the model runs.
        live_preview: whether a preview is made while the user types or drags.
        dark: the window's colours.
        model: the model chosen last: a name in the catalogue, or a path.
        upscale: how many times finished pictures are enlarged, 1 … 4; 0 is automatic: see
            `enlargement`.
        cutout: whether backgrounds are removed.
        hub_endpoint: a mirror of the model hub, http or https; None for the hub itself.
    """

    language: str | None = None
    device: DeviceChoice = "auto"
    live_preview: bool = True
    dark: Dark = "system"
    model: str = "starter"
    upscale: int = 0
    cutout: bool = True
    hub_endpoint: str | None = None


def enlargement(upscale: int, width: int, height: int) -> int:
    """How many times a picture of that size (pixels) is enlarged, 1 … 4.

    Args:
        upscale: as in Settings; automatic is as large as fits SHARP_SIDE.
    """
    return upscale or min(MOST_UPSCALE, max(1, SHARP_SIDE // max(width, height)))


def load(path: Path) -> Settings:
    """Read settings; what is missing or cannot be used takes its default. Never raises.

    A program must start whatever its settings file looks like, so even a disk that fails gives the
    defaults; what was passed over is logged.
    """
    good: dict[str, Any] = {}
    for key, value in _read(path).items():
        if key not in _CHECKS:
            continue
        if _CHECKS[key](value):
            good[key] = value
        else:
            _log.warning("%s: %s cannot be %.100r; the default is used", path, key, value)
    return Settings(**good)


def save(path: Path, settings: Settings) -> None:
    """Write settings, keeping what a newer version of the program put beside them.

    Raises:
        DiskError: the old file is still there, whole.
    """
    others = {key: value for key, value in _read(path).items() if key not in _CHECKS}
    version = others.get("version")
    others["version"] = max(VERSION, version) if type(version) is int else VERSION
    text = json.dumps({**others, **asdict(settings)}, ensure_ascii=False, indent=2)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomic(path, text + "\n")


def _read(path: Path) -> dict[str, Any]:
    try:
        data: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s cannot be read (%s); the defaults are used", path, error)
        return {}
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def _is_bool(value: object) -> bool:
    return type(value) is bool


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 4096 and value.isprintable()


def _is_address(value: object) -> bool:
    if not _is_name(value):
        return False
    try:
        parts = urlsplit(cast("str", value))
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "language": lambda value: value is None or (isinstance(value, str) and value in LANGUAGES),
    "device": lambda value: value in get_args(DeviceChoice),
    "live_preview": _is_bool,
    "dark": lambda value: value in get_args(Dark),
    "model": _is_name,
    "upscale": lambda value: type(value) is int and 0 <= value <= MOST_UPSCALE,
    "cutout": _is_bool,
    "hub_endpoint": lambda value: value is None or _is_address(value),
}
assert set(_CHECKS) == {field.name for field in fields(Settings)}
