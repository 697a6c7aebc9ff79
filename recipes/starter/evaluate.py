"""Step ``evaluate``: how often the model draws what it was asked, and sheets to look at.

A drawing counts as recalled when, of all plain training drawings, the nearest one shows the
concept asked for. Nearness is the mean squared difference of the codes (``codec.py``) of the
generated *picture*, so what the decoder loses counts too. It measures recall of the training
set, nothing more: a classifier that never saw these drawings would be a fairer judge.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import Tensor

from recipes.starter import codec, latents, manifest, sheet
from recipes.starter.captions import STYLE_WORDS, load_words
from recipes.starter.poses import Pose

REFERENCE = (
    "red heart",
    "otter",
    "cat face",
    "dog face",
    "grinning face",
    "crying face",
    "angry face",
    "sleeping face",
    "face with heart eyes",
    "thumbs up",
    "fire",
    "pizza",
    "rainbow",
    "sun",
    "birthday cake",
    "ghost",
    "robot",
    "penguin",
    "rocket",
    "hamburger",
)
"""The prompts the first milestone is judged by."""


@torch.no_grad()
def draw(
    pipe: StableDiffusionXLPipeline,
    prompts: list[str],
    steps: int,
    seeds: list[int],
    batch: int = 40,
) -> Tensor:
    """Pictures in [-1, 1], (n, 3, 128, 128), by the stock pipeline without guidance."""
    parts: list[Tensor] = []
    for i in range(0, len(prompts), batch):
        generators = [torch.Generator().manual_seed(s) for s in seeds[i : i + batch]]
        out: Any = pipe(
            prompt=prompts[i : i + batch],
            num_inference_steps=steps,
            guidance_scale=0.0,
            height=128,
            width=128,
            generator=generators,
            output_type="pt",
        )
        parts.append(out.images * 2 - 1)
    return torch.cat(parts)


def recall(
    pipe: StableDiffusionXLPipeline, work: Path, steps: int, wording: str, seed: int = 0
) -> dict[str, float]:
    """Shares of concepts whose nearest drawing is right (1), or among the nearest five concepts.

    ``wording``: ``en`` or ``zh`` asks by name with a style word, ``plain`` by name alone and
    ``phrase`` by an everyday phrase, where a concept has one.
    """
    rows, data = latents.load(work)
    plain = [i for i, p in enumerate(rows) if p == Pose(p.concept, p.style)]
    known = data[plain].flatten(1)
    concepts = [rows[i].concept for i in plain]
    styles = [rows[i].style for i in plain]
    words = load_words(manifest.load(work))
    prompts: list[str] = []
    wanted: list[tuple[str, str]] = []
    for concept, w in words.items():
        said = [*w.en_phrases[:1], *w.zh_phrases[:1]]
        if wording == "phrase":
            prompts += said
            wanted += [(concept, "")] * len(said)
            continue
        name = w.zh[0] if wording == "zh" else w.en[0]
        for style in ("",) if wording == "plain" else tuple(STYLE_WORDS):
            prompts.append(f"{name}, {STYLE_WORDS[style][0]}" if style else name)
            wanted.append((concept, style))
    seeds = [seed + i for i in range(len(prompts))]
    pictures = draw(pipe, prompts, steps, seeds)
    bytes_ = pictures.clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
    made = codec.load(work).encode_bytes(bytes_.permute(0, 2, 3, 1).numpy())
    distance = torch.cdist(made.flatten(1), known).square() / known.shape[1]
    first = five = style_right = 0
    misses: list[str] = []
    for i, (concept, style) in enumerate(wanted):
        order = distance[i].argsort().tolist()
        ranked = list(dict.fromkeys(concepts[j] for j in order[:40]))
        first += ranked[0] == concept
        five += concept in ranked[:5]
        style_right += styles[order[0]] == style
        if ranked[0] != concept:
            misses.append(prompts[i])
    n = len(wanted)
    result: dict[str, Any] = {"steps": steps, "wording": wording, "prompts": n}
    result |= {"top1": first / n, "top5": five / n}
    result["distance"] = float(distance.min(1).values.mean())
    if wording in ("en", "zh"):
        result["style"] = style_right / n
    result["missed"] = misses[:30]
    return result


def diversity(pipe: StableDiffusionXLPipeline, steps: int, seeds: int = 8) -> float:
    """Mean pairwise absolute difference of pictures of one prompt over seeds, of the full range."""
    values: list[float] = []
    for prompt in REFERENCE:
        pictures = draw(pipe, [prompt] * seeds, steps, list(range(seeds))).numpy() / 2
        pairs = [(a, b) for a in range(seeds) for b in range(a)]
        values.append(float(np.mean([np.abs(pictures[a] - pictures[b]).mean() for a, b in pairs])))
    return float(np.mean(values))


def reference_sheet(
    pipe: StableDiffusionXLPipeline, path: Path, steps: int = 4, quality: int = 80
) -> None:
    """The 20 prompts: a row in each style, and two rows without a style word (two seeds)."""
    pictures: list[Tensor] = []
    labels: list[str] = []
    for half in (REFERENCE[:10], REFERENCE[10:]):
        for style, seed in (("soft", 0), ("flat", 1), ("", 2), ("", 5)):
            prompts = [f"{p}, {style}" if style else p for p in half]
            pictures += list(draw(pipe, prompts, steps, [seed + 100 * i for i in range(10)]))
            labels += [p if style == "soft" else style for p in half]
    sheet.save(pictures, 10, path, labels, quality=quality)


def run(pipe: StableDiffusionXLPipeline, work: Path) -> None:
    """Print and keep the table of figures; write the sheets beside it."""
    results: list[dict[str, Any]] = []
    for steps, wording in ((1, "en"), (2, "en"), (4, "en"), (4, "zh"), (4, "plain"), (4, "phrase")):
        results.append(recall(pipe, work, steps, wording))
        print(json.dumps(results[-1], ensure_ascii=False), flush=True)
    results.append({"diversity": diversity(pipe, 4)})
    text = json.dumps(results, ensure_ascii=False, indent=1)
    (work / "evaluation.json").write_text(text, "utf-8")
    for steps in (1, 2, 4):
        reference_sheet(pipe, work / f"reference-{steps}.webp", steps)
