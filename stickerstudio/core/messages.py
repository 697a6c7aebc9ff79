"""What the window and the engine say to each other. Plain data: it crosses a process boundary.

Every event of a job carries its `job_id`; an event for a job nobody waits for any more is expected
and dropped. Pixels cross as bytes, never as tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from stickerstudio.core.errors import ErrorReport
from stickerstudio.core.recipe import Recipe
from stickerstudio.core.sticker import Sticker

DeviceChoice = Literal["auto", "cpu", "cuda", "mps"]


# --- to the engine ---


@dataclass(frozen=True, slots=True)
class Order:
    """Make `count` stickers: recipe.for_index(0), recipe.for_index(1), … and keep them."""

    job_id: int
    recipe: Recipe
    count: int = 1


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """Make one picture for the eye only; a newer preview makes this one worthless."""

    job_id: int
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class Sketch:
    """Make one picture for the eye only, once nothing more urgent waits: one of a grid, say.

    Unlike a preview it is not replaced by the next; it gives way to previews and orders, and is
    begun anew after them. A smaller `priority` comes sooner, equal ones as they were asked for.
    """

    job_id: int
    recipe: Recipe
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Warm:
    """Load `model` and encode nothing: so that the first sticker comes sooner."""

    job_id: int
    model: str


Job = Order | PreviewRequest | Sketch | Warm


# --- from the engine ---


@dataclass(frozen=True, slots=True)
class EngineReady:
    """The engine has imported what it needs. `reason` says why this device was chosen."""

    device: str  # "cpu", "cuda" or "mps"
    device_name: str  # "NVIDIA GeForce RTX 4060", "2 CPU cores"
    dtype: str  # "float32", "float16", "bfloat16"
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelLoading:
    """The model is being read from disk."""

    job_id: int
    model: str


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """The model is resident. `memory_plan` names how it is held (see engine.device)."""

    job_id: int
    model: str
    memory_plan: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """Step `step` of `steps` of sticker `index` of `count` is done."""

    job_id: int
    index: int
    count: int
    step: int
    steps: int
    seconds_left: float


@dataclass(frozen=True, slots=True)
class PreviewReady:
    """A preview's or a sketch's pixels: width × height × 4 bytes, RGBA, rows from the top.

    `read_as` holds what was painted under another name: pairs (as typed, as painted).
    """

    job_id: int
    width: int
    height: int
    rgba: bytes
    recipe: Recipe
    seconds: float
    unknown_words: tuple[str, ...] = ()
    read_as: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StickerReady:
    """A sticker that is already on disk."""

    job_id: int
    index: int
    sticker: Sticker


@dataclass(frozen=True, slots=True)
class JobDone:
    """All of the job was made."""

    job_id: int
    seconds: float


@dataclass(frozen=True, slots=True)
class JobCancelled:
    """The user stopped it; what was made before is kept."""

    job_id: int


@dataclass(frozen=True, slots=True)
class JobFailed:
    """It could not be finished; what was made before is kept."""

    job_id: int
    error: ErrorReport


Event = (
    EngineReady
    | ModelLoading
    | ModelLoaded
    | Progress
    | PreviewReady
    | StickerReady
    | JobDone
    | JobCancelled
    | JobFailed
)
Emit = Callable[[Event], None]
IsCancelled = Callable[[], bool]


class Generator(Protocol):
    """Runs jobs one at a time. In the engine process, in the command line and in tests alike."""

    def start(self) -> EngineReady:
        """Import what is needed and choose the device."""
        ...

    def run(self, job: Job, emit: Emit, is_cancelled: IsCancelled) -> None:
        """Do `job`, telling `emit` as it goes; it ends with JobDone, JobCancelled or JobFailed.

        `is_cancelled` is asked before each text encoding, UNet step and decode. Never raises.
        """
        ...

    def close(self) -> None:
        """Give back the memory."""
        ...
