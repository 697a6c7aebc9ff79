"""Judge a trained style by classifiers that saw only art: does it come, does the subject stay?

    python scripts/judge_style.py LORA --art ART --style NAME --seen FOLDER -o SHEET.webp

ART holds a folder for each style, its drawings named after what they show. The style's classifier
is a multinomial logistic regression on training.measure.style_features, the subject's a nearest
mean of structure_features; neither sees a drawing of FOLDER, which the LoRA was trained on. Paints
ten prompts that no caption names, with the starter, at four weights, and prints for each weight the
style's probability, the share of recognised subjects and the sharpness; then Spearman's rank
correlation of weight and probability over all samples.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import LoraWeight, Recipe
from stickerstudio.models.catalogue import Catalogue
from stickerstudio.models.loras import LoraShelf
from stickerstudio.training.dataset import TrainingSet, read_set
from stickerstudio.training.measure import sharpness, structure_features, style_features
from stickerstudio.training.report import unseen_prompts

WEIGHTS = (0.0, 0.5, 1.0, 1.5)
PROMPTS, SEEDS = 10, 2
SIZE = (128, 128)
Values = NDArray[np.float64]


def pixels_of(data: TrainingSet) -> list[NDArray[np.uint8]]:
    """Every drawing as a trainer would see it."""
    return [data.pixels(picture, SIZE, "#ffffff", 0.02) for picture in data.pictures]


class StyleClassifier:
    """Multinomial logistic regression by gradient descent, with a little weight decay."""

    def __init__(self, features: Values, labels: NDArray[np.int64], classes: int) -> None:
        self._mean, self._std = features.mean(axis=0), features.std(axis=0) + 1e-3
        x = self._scaled(features)
        wanted = np.eye(classes)[labels]
        self._w = np.zeros((x.shape[1], classes))
        for _ in range(600):
            p = self._softmax(x @ self._w)
            self._w -= 0.5 * (x.T @ (p - wanted) / len(x) + 1e-3 * self._w)

    def probabilities(self, features: Values) -> Values:
        """(n, classes)."""
        return self._softmax(self._scaled(features) @ self._w)

    def _scaled(self, features: Values) -> Values:
        x = (features - self._mean) / self._std
        return np.hstack([x, np.ones((len(x), 1))])

    def _softmax(self, scores: Values) -> Values:
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)


def spearman(a: Values, b: Values) -> float:
    """Rank correlation, ties given their mean rank."""

    def ranks(values: Values) -> Values:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        ends = counts.cumsum()
        return (ends - (counts - 1) / 2)[inverse]

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def main() -> int:
    """Exit status 0 when the table was printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lora", type=Path)
    parser.add_argument("--art", type=Path, required=True)
    parser.add_argument("--style", required=True)
    parser.add_argument("--seen", type=Path, required=True)
    parser.add_argument("-o", dest="sheet", type=Path, required=True)
    arguments = parser.parse_args()
    seen = read_set(arguments.seen)
    known = {picture.sha256 for picture in seen.pictures}
    folders = sorted(path for path in arguments.art.iterdir() if path.is_dir())
    styles = [folder.name for folder in folders]
    features, labels, structures, subjects = [], [], [], []
    for label, folder in enumerate(folders):
        data = read_set(folder)
        for picture, pixels in zip(data.pictures, pixels_of(data), strict=True):
            if picture.sha256 in known:
                continue
            features.append(style_features(pixels))
            labels.append(label)
            structures.append(structure_features(pixels))
            subjects.append(Path(picture.name).stem)
    x, y = np.array(features), np.array(labels)
    test = np.arange(len(x)) % 5 == 0
    held = StyleClassifier(x[~test], y[~test], len(styles))
    right = (held.probabilities(x[test]).argmax(axis=1) == y[test]).mean()
    print(f"style classifier: {right:.0%} right on held-out art, {len(styles)} styles")
    classifier = StyleClassifier(x, y, len(styles))
    names = sorted(set(subjects))
    own = np.array(subjects)
    means = np.array([np.array(structures)[own == name].mean(axis=0) for name in names])
    return judge(arguments, seen, classifier, styles.index(arguments.style), names, means)


def judge(
    arguments: Any,
    seen: TrainingSet,
    classifier: StyleClassifier,
    style: int,
    names: list[str],
    means: Values,
) -> int:
    """Paint and print."""
    from stickerstudio.engine.device import choose, probe
    from stickerstudio.engine.resident import ResidentModel

    paths = Paths.default()
    card = Catalogue(paths).find("starter")
    shelf = LoraShelf(paths)
    info = shelf.add(arguments.lora)
    machine = probe()
    model = ResidentModel(card, choose("cpu", machine), machine, shelf, paths.resources / "sdxl")
    trigger = info.trigger_words[0] if info.trigger_words else ""
    prompts = [name for name in unseen_prompts(card, seen, 60) if name in names][:PROMPTS]
    rows: list[list[NDArray[np.uint8]]] = []
    weights, chances = [], []
    print(f"{'weight':>6} {'P(style)':>9} {'subject':>8} {'sharpness':>10}")
    for weight in WEIGHTS:
        row: list[NDArray[np.uint8]] = []
        right = 0
        for number, prompt in enumerate(prompts):
            for seed in range(SEEDS):
                recipe = Recipe(
                    prompt=f"{prompt}, {trigger}" if weight else prompt,
                    seed=100 * number + seed,
                    num_inference_steps=card.default_steps,
                    guidance_scale=card.guidance_scale,
                    width=SIZE[0],
                    height=SIZE[1],
                    model=card.name,
                    loras=(LoraWeight(info.name, weight),) if weight else (),
                    cutout=False,
                )
                image = model.paint(
                    recipe,
                    start=None,
                    quick=False,
                    on_step=lambda step, steps: None,
                    is_cancelled=lambda: False,
                )
                pixels = np.asarray(image)
                row.append(pixels)
                right += names[int((means @ structure_features(pixels)).argmax())] == prompt
        p = classifier.probabilities(np.array([style_features(each) for each in row]))[:, style]
        weights += [weight] * len(row)
        chances += list(p)
        sharp = np.mean([sharpness(each) for each in row])
        print(f"{weight:6.1f} {p.mean():9.3f} {right / len(row):8.0%} {sharp:10.3f}", flush=True)
        rows.append(row[::SEEDS])
    print("Spearman, all samples:", round(spearman(np.array(weights), np.array(chances)), 3))
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in rows])
    PIL.Image.fromarray(sheet).save(arguments.sheet, quality=85)
    return 0


if __name__ == "__main__":
    sys.exit(main())
