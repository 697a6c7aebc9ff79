"""The demonstration of the trainer: what is held out stays out, and the figures are right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from recipes.starter import (
    codec,
    demonstrate,
    lora_art,
    render,
    style_examination,
    style_judge,
    timed_training,
    train_lora,
)
from recipes.starter.concepts import CONCEPTS
from recipes.starter.sources import EMOJIBASE
from stickerstudio.core.paths import Paths
from stickerstudio.training import jobs
from stickerstudio.training.messages import TrainingOrder, TrainingResult, TrainingSaved
from stickerstudio.training.report import TrainingReport
from tests.starter.drawings import drawing, manifest
from tests.training.drawings import fill

STYLE = train_lora.STYLES[0]


def test_every_loss_is_trained_alike_and_judged_on_the_way_by_what_was_drawn() -> None:
    standard = train_lora.settings_of(STYLE, "quick", 0, seed=3)
    assert standard.steps == 1200
    drawn = [f"thing {place}" for place in range(40)]
    wanted = {each.loss: each for each in demonstrate.trainings(standard, drawn)}
    assert set(wanted) == {"ordinary", "x0", "teacher"}
    assert len({each.name for each in wanted.values()}) == 3
    assert all(set(each.sample_prompts) <= set(drawn) for each in wanted.values())
    assert all(len(each.sample_prompts) == 10 for each in wanted.values())
    # without the base's own pictures the teacher's loss would be another's
    assert [wanted[loss].prior_share for loss in ("ordinary", "x0", "teacher")] == [0, 0, 0.25]


def row(what: str, style: float, first: float) -> style_examination.Row:
    return style_examination.Row(what, style, first, 0.9, 0.5, 0.987)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages in which the style draws sixteen concepts, one of them twice."""
    concepts = CONCEPTS[:16]
    art = tmp_path / "packages" / train_lora.art_of(STYLE).drawings.package.folder
    words = tmp_path / "packages" / EMOJIBASE.folder
    for folder in (art, words, words / "en", words / "zh-hant"):
        folder.mkdir(parents=True)
        (folder / "package.json").write_text("{}")
    icons = {f"icon-{place}": {"body": ""} for place in range(17)}
    codes = {concept: f"icon-{place}" for place, concept in enumerate(concepts)}
    (art / "icons.json").write_text(json.dumps({"icons": icons}))
    (art / "chars.json").write_text(json.dumps({**codes, f"{concepts[0]}-fe0f": "icon-16"}))
    known = [{"hexcode": c, "group": 0, "label": "a thing"} for c in concepts]
    for language in ("en", "zh-hant"):
        (words / language / "data.json").write_text(json.dumps(known))
    monkeypatch.setattr(train_lora.manifest, "load", lambda work: manifest())
    monkeypatch.setattr(lora_art, "paint", lambda svg, side: Image.new("RGBA", (side, side)))
    return tmp_path


def test_no_held_out_concept_is_in_the_folder(work: Path) -> None:
    folder = work / "drawings"
    folder.mkdir()
    (folder / "of an earlier run.png").touch()
    out = demonstrate.hold_out(work, STYLE, folder)
    names = {c: w.en[0].replace("/", " ") for c, w in train_lora.load_words(manifest()).items()}
    there = {path.stem for path in folder.glob("*.png")}
    assert len(out) == 2
    assert there == {names[concept] for concept in set(CONCEPTS[:16]) - set(out)}
    captions = {line for path in folder.glob("*.txt") for line in path.read_text().splitlines()}
    assert captions.isdisjoint(names[concept] for concept in out)


def test_every_eighth_by_code_point_is_held_out() -> None:
    concepts = [f"{number:X}" for number in range(0x9FF0, 0x9FF0 + 24)]
    assert demonstrate.held_out(reversed(concepts)) == tuple(concepts[::8])
    assert demonstrate.held_out(["1F600", "203C"]) == ("203C",)


def test_the_sheet_shows_ten_spread_over_the_held_out() -> None:
    concepts = [str(number) for number in range(77)]
    wanted = ["0", "7", "15", "23", "30", "38", "46", "53", "61", "69"]
    assert demonstrate.shown(concepts) == wanted


class Constant(torch.nn.Module):
    """Says of every picture that it is in one style, with a certainty of its own."""

    def __init__(self, logit: float) -> None:
        super().__init__()
        self.logits = torch.tensor([0.0, logit])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(len(x), 2)


def test_a_style_judge_was_taught_no_drawing_of_what_it_judges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taught: list[set[float]] = []

    def spied(pictures: torch.Tensor, labels: torch.Tensor, *_: object) -> torch.nn.Module:
        assert ((pictures[:, 0, 0, 0] >= 0.5).long() == labels).all()
        taught.append({round(2 * float(value) % 1, 3) for value in pictures[:, 0, 0, 0]})
        return Constant(len(taught))

    monkeypatch.setattr(style_judge, "teach", spied)
    concepts = [f"thing {place}" for place in range(7)] * 2
    values = torch.cat([torch.arange(7) / 20, torch.arange(7) / 20 + 0.5])  # twice: the concept
    pictures = values.view(-1, 1, 1, 1).expand(-1, 3, 8, 8)
    judge = style_judge.StyleJudge(pictures, np.repeat([0, 1], 7), concepts, seed=0)
    chances = judge(pictures, concepts)
    assert len(taught) == style_judge.FOLDS
    for place, chance in enumerate(chances[:, 1]):
        by = round(np.log(chance / (1 - chance))) - 1
        assert round(2 * float(values[place]) % 1, 3) not in taught[by]
        assert all(len(each) >= 5 for each in taught)
    assert judge.accuracy == judge.last_or_not == 0.5


def test_a_net_learns_to_tell_two_hands_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style_judge, "STEPS", 12)
    monkeypatch.setattr(style_judge, "BATCH", 8)
    torch.manual_seed(0)
    drawn = codec.to_float(np.stack([render.on_white(drawing(n, 0)) for n in range(8)]))[
        ..., ::2, ::2
    ]
    drawn[4:] *= 0.3
    labels = torch.repeat_interleave(torch.arange(2), 4)
    net = style_judge.teach(drawn, labels, 2, np.random.default_rng(0))
    assert not net.training
    with torch.no_grad():
        assert (net(drawn).argmax(1) == labels).all()


def test_rank_correlation_gives_ties_their_mean_rank() -> None:
    rising = np.array([1.0, 2.0, 30.0, 400.0])
    assert style_examination.spearman(rising, rising**3) == pytest.approx(1)
    assert style_examination.spearman(rising, -rising) == pytest.approx(-1)
    tied = np.array([0.0, 0.0, 1.0, 1.0])
    assert style_examination.spearman(tied, rising) == pytest.approx(0.894427)
    most = style_examination.spearman(np.repeat([0.0, 0.5, 1.0, 1.5], 200), np.arange(800.0))
    assert most == pytest.approx(0.968, abs=5e-4)


def test_what_is_told_of_a_loss() -> None:
    rows = (row("drawings", 0.001, 1.0), row("weight 0", 0.01, 0.95), row("weight 1", 0.9, 0.8))
    result = style_examination.Result("x0", 0.0, 1200, 1000, 6.04, 11.5, rows, 0.91234, 1.0)
    told = style_examination.told(result, "ink")
    assert "1200 steps in 6.0 minutes (11.5 CPU minutes); kept was step 1000." in told
    assert "| weight 1 | 0.900 | 80.0 % | 90.0 % | 50.0 % | 99 % |" in told
    assert "0.912 over all samples" in told
    assert "from weight 0 to 1: 15.0 points." in told
    assert "| | P(ink) |" in told


class OneStep:
    """Does as the trainer does, and counts."""

    trained = 0

    def __init__(self, paths: Paths) -> None:
        pass

    def train(self, order: TrainingOrder, emit: object, is_cancelled: object) -> None:
        assert callable(emit)
        OneStep.trained += 1
        job = jobs.load(order.folder)
        emit(TrainingSaved(1, 1))
        if OneStep.trained == 1:
            raise KeyboardInterrupt
        empty = TrainingReport("", "", "", 7, 0, 0.0, (), (), (), 1.0, "")
        empty.save(job.report)
        emit(TrainingResult(1, job.folder, job.report, 1.0))


def test_a_training_goes_on_and_is_done_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed_training, "Trainer", OneStep)
    paths, folder = Paths.under(tmp_path / "studio"), fill(tmp_path / "drawings")
    settings = train_lora.settings_of(STYLE, "quick", 9, seed=0)
    with pytest.raises(KeyboardInterrupt):
        timed_training.train(paths, settings, folder, "cpu")
    note = tmp_path / "studio" / "state" / "training" / STYLE.name / "cost.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"minutes": 5.0}))
    outcome = timed_training.train(paths, settings, folder, "cpu")
    assert (outcome.steps, outcome.best_step) == (9, 7)
    assert outcome.minutes >= 5.0
    assert timed_training.train(paths, settings, folder, "cpu") == outcome
    assert OneStep.trained == 2
    longer = train_lora.settings_of(STYLE, "quick", 10, seed=0)
    assert timed_training.train(paths, longer, folder, "cpu").minutes < 5.0
    assert OneStep.trained == 3
