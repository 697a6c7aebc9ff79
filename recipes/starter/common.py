"""Small things every step shares: atomic checkpoints, logs, seeds, schedules."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

import torch
import torch.multiprocessing as mp
from torch import Tensor


def pick_device(name: str) -> torch.device:
    """``auto`` is CUDA where there is one, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def save_atomic(state: dict[str, Any], path: Path) -> None:
    """Write a checkpoint so that a kill at any moment leaves the old or the new one."""
    partial = path.with_suffix(path.suffix + ".partial")
    with partial.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


class Optimiser(Protocol):
    """What of torch's optimisers a training here needs."""

    @property
    def param_groups(self) -> list[dict[str, Any]]: ...

    def state_dict(self) -> dict[str, Any]: ...

    def zero_grad(self, set_to_none: bool = True) -> None: ...

    def step(self) -> Any: ...


def save_training(path: Path, optimiser: Optimiser, step: int, clock: Clock, **kept: Any) -> None:
    """Write ``kept``, the weights first of all, with what the training needs to go on."""
    state = {"optimiser": optimiser.state_dict(), "step": step, "seconds": clock.seconds()}
    save_atomic({**kept, **state}, path)


def load_state(path: Path) -> dict[str, Any] | None:
    """The checkpoint, or None where there is none yet."""
    if not path.exists():
        return None
    return torch.load(path, map_location="cpu", weights_only=True)


def cosine(progress: float, warmup: float = 0.02, floor: float = 0.02) -> float:
    """Learning-rate factor over a run: linear warm-up, then a cosine down to ``floor``."""
    if progress < warmup:
        return max(progress / warmup, 0.01)
    along = min((progress - warmup) / (1 - warmup), 1.0)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * along))


def descend(loss: Tensor, optimiser: Optimiser) -> None:
    """One step down, its gradient's norm held to 1."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    moved = [each for group in optimiser.param_groups for each in group["params"]]
    torch.nn.utils.clip_grad_norm_(moved, 1.0)
    optimiser.step()


class Clock:
    """Wall-clock seconds of a run, carried over from one process to the next."""

    def __init__(self, before: float = 0.0) -> None:
        self._before = before
        self._start = time.monotonic()

    def seconds(self) -> float:
        """Seconds trained so far, earlier processes included."""
        return self._before + time.monotonic() - self._start


def log(path: Path, **values: Any) -> None:
    """Append one JSON line to a log and show it."""
    line = json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in values.items()})
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    print(line, flush=True)


class Turns:
    """Counts the steps that several workers take together."""

    def __init__(self, done: int, total: int) -> None:
        self._next = mp.get_context("spawn").Value("q", done)
        self.total = total

    def peek(self) -> int:
        """The number of the step to do next."""
        return min(self._next.value, self.total)

    def take(self) -> int | None:
        """The number of the step to do now, or None when all are done."""
        with self._next.get_lock():
            step = self._next.value
            if step >= self.total:
                return None
            self._next.value = step + 1
            return step


def _worker(work: Callable[..., None], rank: int, *args: Any) -> None:
    parent = mp.parent_process()
    if parent is not None:
        # A killed first process must not leave workers behind that train for nobody.
        Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    torch.set_num_threads(1)
    work(rank, *args)


def side_by_side(work: Callable[..., None], workers: int, *args: Any) -> None:
    """Run ``work(rank, *args)`` in this process as rank 0 and in ``workers - 1`` others.

    They share the weights in memory and update them without waiting for each other ("Hogwild"):
    on a machine that others use too, threads that wait for each other spend most of their time
    waiting. With one worker a run is the same every time; with more it is only nearly so.
    """
    if workers > 1:
        torch.set_num_threads(max(1, torch.get_num_threads() // workers))
    context = mp.get_context("spawn")
    others = [
        context.Process(target=_worker, args=(work, rank, *args), daemon=True)
        for rank in range(1, workers)
    ]
    for process in others:
        process.start()
    work(0, *args)
    for process in others:
        process.join()
