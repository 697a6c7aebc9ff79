"""How far a training is, on disk: written whole or not at all, and checked before it goes on."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stickerstudio.core.atomic import write_bytes_atomic
from stickerstudio.core.errors import BadFileError, disk_errors
from stickerstudio.core.i18n import tr

FORMAT = 1


@dataclass(slots=True)
class Best:
    """The best row of samples so far, and the weights that painted it."""

    step: int
    score: float
    tensors: dict[str, Tensor]


@dataclass(slots=True)
class State:
    """Everything that a training needs to go on as if nothing had happened.

    Attributes:
        key: what it is the state of: settings, drawings and base; see `run.key_of`.
        step: steps done.
        tensors: the adapters' weights.
        optimiser, scaler: as torch keeps them; the scaler's is empty without float16.
        seconds: of work so far.
        sampled: the last step whose row of samples is on disk; −1 for none.
    """

    key: str
    step: int
    tensors: dict[str, Tensor]
    optimiser: dict[str, Any]
    scaler: dict[str, Any] = field(default_factory=dict[str, Any])
    seconds: float = 0.0
    sampled: int = -1
    best: Best | None = None


def save(state: State, path: Path) -> None:
    """Write it; what was there stays whole until it is on disk.

    Raises:
        DiskError: there is no room, or the disk fails. Nothing saved before is lost.
    """
    best = state.best
    stream = io.BytesIO()
    torch.save(
        {
            "format": FORMAT,
            "key": state.key,
            "step": state.step,
            "tensors": state.tensors,
            "optimiser": state.optimiser,
            "scaler": state.scaler,
            "seconds": state.seconds,
            "sampled": state.sampled,
            "best": None if best is None else [best.step, best.score, best.tensors],
        },
        stream,
    )
    with disk_errors(path):
        write_bytes_atomic(path, stream.getvalue())


def load(path: Path, key: str) -> State | None:
    """The state in `path`; None where there is none.

    Raises:
        DiskError: it cannot be read.
        BadFileError: it is damaged, from another version, or of other settings or drawings.
    """
    with disk_errors(path):
        if not path.exists():
            return None
        raw = path.read_bytes()
    try:
        # only plain data and tensors: a pickle with anything else in it is refused by torch
        data: Any = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
        version = data["format"]
        if version != FORMAT:
            raise _cannot_go_on(path, tr("another version of Sticker Studio wrote it"))
        if data["key"] != key:
            raise _cannot_go_on(path, tr("the settings, the drawings or the model have changed"))
        best = data["best"]
        return State(
            key=key,
            step=int(data["step"]),
            tensors=data["tensors"],
            optimiser=data["optimiser"],
            scaler=data["scaler"],
            seconds=float(data["seconds"]),
            sampled=int(data["sampled"]),
            best=None if best is None else Best(int(best[0]), float(best[1]), best[2]),
        )
    except BadFileError:
        raise
    except Exception as error:
        raise _cannot_go_on(path, tr("it is damaged")) from error


def _cannot_go_on(path: Path, why: str) -> BadFileError:
    return BadFileError(
        tr("The training cannot go on where it was."),
        tr("Its state in {path} does not fit: {why}.", path=path, why=why),
        tr("Begin it again; your drawings are where they were."),
    )
