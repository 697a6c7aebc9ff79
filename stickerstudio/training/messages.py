"""What a training and who watches it say to each other. Plain data: it crosses a process boundary.

Pictures cross as files in the training's folder: they are on disk before they are told of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stickerstudio.core.errors import ErrorReport
from stickerstudio.core.messages import DeviceChoice

Phase = Literal["loading", "encoding", "prior", "training", "sampling", "report"]


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """Begin the training kept in `folder` (training.jobs), or go on with it."""

    job_id: int
    folder: Path
    device: DeviceChoice = "auto"


@dataclass(frozen=True, slots=True)
class TrainingPhase:
    """What is done now: `done` of `total`, or 0 of 0 where it cannot be counted."""

    job_id: int
    phase: Phase
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How it is held in memory, said before the first step. All in bytes.

    Attributes:
        device: "cpu", "cuda", "mps".
        dtype: the frozen weights'.
        needed, free: at its highest point, by estimate; and what there is.
        batch: pictures at once; accumulation: how often, for one step.
        text: a sentence for the user, in the language of the process.
    """

    job_id: int
    device: str
    device_name: str
    dtype: str
    needed: int
    free: int
    batch: int
    accumulation: int
    checkpointing: bool
    optimiser: str
    text: str


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """One optimiser step is done. `seconds_left` is 0 until enough steps were measured."""

    job_id: int
    step: int
    steps: int
    loss: float
    learning_rate: float
    seconds_per_step: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class TrainingSample:
    """A row of samples after `step` steps; step 0 is the base's own. All 0 … 1.

    Attributes:
        files: one picture for each sample prompt.
        style: how near they are to the drawings, 0 the base, 1 the drawings themselves.
        kept: the share that still shows its subject.
        best: the best row so far.
    """

    job_id: int
    step: int
    files: tuple[Path, ...]
    prompts: tuple[str, ...]
    style: float
    kept: float
    best: bool


@dataclass(frozen=True, slots=True)
class TrainingSaved:
    """The state is on disk: from here it goes on, whatever happens."""

    job_id: int
    step: int


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """It is finished: the file is in the user's LoRAs, and `report` beside the state."""

    job_id: int
    lora: Path
    report: Path
    recommended_weight: float


TrainingEvent = (
    TrainingPhase | TrainingPlan | TrainingStep | TrainingSample | TrainingSaved | TrainingResult
)
EmitTraining = Callable[[TrainingEvent], None]


@dataclass(frozen=True, slots=True)
class TrainingTrouble:
    """A training that could not go on; for the window."""

    error: ErrorReport
