"""What crosses between the window and the engine is plain data: it can be pickled, and compared."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import get_args

import pytest

from stickerstudio.core import messages
from stickerstudio.core.errors import DiskError, report
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.core.sticker import Sticker

RECIPE = Recipe("水獺 ❤️", seed=7, loras=(LoraWeight("pixel", 0.5),))
STICKER = Sticker("1", Path("a") / "1.png", RECIPE, 128, 128, 1.5, 0.25)

EXAMPLES: list[object] = [
    messages.Order(1, RECIPE, 3),
    messages.PreviewRequest(2, RECIPE),
    messages.Sketch(2, RECIPE, priority=1),
    messages.Warm(3, "starter"),
    messages.EngineReady("cpu", "2 CPU cores", "float32", "No GPU was found.", 6.5),
    messages.ModelLoading(1, "starter"),
    messages.ModelLoaded(1, "starter", "resident", 0.5),
    messages.Progress(1, 0, 3, 2, 4, 1.25),
    messages.PreviewReady(2, 2, 1, b"12345678", RECIPE, 0.1, ("otter",)),
    messages.StickerReady(1, 0, STICKER),
    messages.JobDone(1, 2.5),
    messages.JobCancelled(1),
    messages.JobFailed(1, report(DiskError("Full.", "It is.", "Free some."))),
]


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_messages_cross_a_process_boundary_unchanged(message: object) -> None:
    assert pickle.loads(pickle.dumps(message)) == message
    assert hash(message) == hash(pickle.loads(pickle.dumps(message)))


def test_every_message_is_tried_here() -> None:
    kinds = {*get_args(messages.Job), *get_args(messages.Event)}

    assert kinds == {type(message) for message in EXAMPLES}


def test_every_event_of_a_job_names_it() -> None:
    for kind in get_args(messages.Event):
        if kind is not messages.EngineReady:
            assert "job_id" in kind.__slots__
