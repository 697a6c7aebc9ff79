"""Step ``evaluate``: the table of figures for 1, 2 and 4 steps, and the sheets to look at.

Everything is scored by the judge (``judge/``), which was trained on art alone; what it says of the
art itself stands beside. Wordings and pairs are those kept from training (``heldout/``,
``concepts.held_out_pair``).
"""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from torch import Tensor
from torch.nn import functional

from recipes.starter import codec, export, manifest, poses
from recipes.starter.captions import (
    HELD_OUT_LISTS,
    STYLE_WORDS,
    Words,
    held_out_list,
    load_words,
    moods,
)
from recipes.starter.concepts import ADDED, REFERENCE, SUBJECTS, held_out_pair, key
from recipes.starter.gallery import sheets
from recipes.starter.judge import net
from recipes.starter.lpips import Lpips
from recipes.starter.painting import draw, reader
from recipes.starter.sources import ART, BASE_STYLES
from recipes.starter.train_vae import decoded, psnr, split
from stickerstudio.models.cards import read_card

STEPS = (1, 2, 4)
PAIRS = 150
"""Held-out two-thing prompts asked."""

SEEDS = 16
"""Pictures of one prompt of which the diversity is taken."""

WITH = ("{} with a {}", "{}和{}")


@dataclass
class Row:
    """One line of the table; ``values`` by number of steps, ``art`` what the drawings reach."""

    what: str
    bar: str
    values: dict[str, str] = field(default_factory=dict[str, str])
    art: str = "–"


class Opinion(NamedTuple):
    """Of each picture: the five likeliest concepts, the best first, and the likeliest style.

    ``offered`` is the likeliest among the styles that a prompt can ask for.
    """

    five: list[list[str]]
    style: list[str]
    offered: list[str]


class Ranking:
    """The judge's opinion of pictures (n, 3, 128, 128) in [-1, 1]."""

    def __init__(self, work: Path) -> None:
        self.model, self.concepts, self.styles = net.load(work)

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Opinion:
        """What it takes each picture for."""
        opinion = Opinion([], [], [])
        asked = [self.styles.index(each) for each in BASE_STYLES]
        for part in pictures.split(128):
            concept, style = self.model(net.halve(part.clamp(-1, 1)))
            five = concept.topk(5, 1).indices
            opinion.five.extend([self.concepts[i] for i in row] for row in five)
            opinion.style.extend(self.styles[i] for i in style.argmax(1))
            opinion.offered.extend(BASE_STYLES[i] for i in style[:, asked].argmax(1))
        return opinion


def percent(hits: int, of: int) -> str:
    """ "97.1" for 97.1 in a hundred."""
    return f"{100 * hits / max(of, 1):.1f}"


def names(words: dict[str, Words], seeds: int) -> tuple[list[str], list[tuple[str, str]]]:
    """Prompts by name with a style word, the styles taking turns, and what each should show."""
    prompts: list[str] = []
    wanted: list[tuple[str, str]] = []
    for turn in range(seeds):
        for place, (concept, w) in enumerate(words.items()):
            style = BASE_STYLES[(place + turn) % len(BASE_STYLES)]
            prompts.append(f"{w.en[0]}, {STYLE_WORDS[style][0]}")
            wanted.append((concept, style))
    return prompts, wanted


def two_things(words: dict[str, Words]) -> tuple[list[str], list[tuple[str, str]]]:
    """Prompts of held-out pairs in both languages, and the two concepts."""
    rng = np.random.default_rng(21)
    prompts: list[str] = []
    wanted: list[tuple[str, str]] = []
    while len(prompts) < PAIRS:
        subject = SUBJECTS[int(rng.integers(len(SUBJECTS)))]
        added = key(ADDED[int(rng.integers(len(ADDED)))])
        pair = subject, added
        if subject == added or not held_out_pair(*pair) or pair in wanted:
            continue
        if len(prompts) % 3 == 2:
            text = WITH[1].format(words[subject].zh[0], words[added].zh[0])
        else:
            text = WITH[0].format(words[subject].en[0], words[added].en[0])
        style = BASE_STYLES[len(prompts) % len(BASE_STYLES)]
        prompts.append(f"{text}, {STYLE_WORDS[style][0]}")
        wanted.append(pair)
    return prompts, wanted


def moody(
    words: dict[str, Words], pairs: list[tuple[str, str]]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Prompts such as "sleepy penguin" for those of ``pairs`` that a mood stands for."""
    known = [(subject, added) for subject, added in pairs if added in moods()]
    prompts: list[str] = []
    for place, (subject, added) in enumerate(known):
        mood, w = moods()[added], words[subject]
        text = f"{mood.zh[0]}{w.zh[0]}" if place % 3 == 2 else f"{mood.en[0]} {w.en[0]}"
        prompts.append(f"{text}, {STYLE_WORDS[BASE_STYLES[place % len(BASE_STYLES)]][0]}")
    return prompts, known


class Examination:
    """Fills the table, one group of rows after the other."""

    def __init__(self, pipe: StableDiffusionXLPipeline, work: Path, seeds: int = 2) -> None:
        self.pipe = pipe
        self.work = work
        self.seeds = seeds
        self.judge = Ranking(work)
        self.words = load_words(manifest.load(work))
        self.rows: list[Row] = []
        self.base = poses.base_drawings(work, BASE_STYLES)
        path = work / "card.json"
        path.write_text(json.dumps(export.card(work)), "utf-8")
        self.card = read_card(path)[0]

    def of_concepts(self) -> Tensor:
        """Recognition and style; returns the pictures at four steps."""
        first = Row("recognised concept, top-1 (%)", "65")
        five = Row("recognised concept, top-5 (%)", "88")
        style = Row("style word obeyed (%), among the three that can be asked for", "90")
        any_style = Row("… among all seven of the judge", "–")
        prompts, wanted = names(self.words, self.seeds)
        art = torch.cat(
            [codec.to_float(poses.render.on_white(self.base[place])[None]) for place in wanted]
        )
        pictures = art
        for steps in (0, *STEPS):
            if steps:
                pictures = draw(self.pipe, prompts, steps, range(len(prompts)))
            ranked, styles, offered = self.judge(pictures)
            n = len(wanted)
            values = (
                percent(sum(r[0] == c for r, (c, _) in zip(ranked, wanted, strict=True)), n),
                percent(sum(c in r for r, (c, _) in zip(ranked, wanted, strict=True)), n),
                percent(sum(s == want for s, (_, want) in zip(offered, wanted, strict=True)), n),
                percent(sum(s == want for s, (_, want) in zip(styles, wanted, strict=True)), n),
            )
            for row, value in zip((first, five, style, any_style), values, strict=True):
                if steps:
                    row.values[str(steps)] = value
                else:
                    row.art = value
        one, four = (float(first.values[s]) for s in ("1", "4"))
        ratio = Row("1 step against 4 steps: top-1", "0.9", {"1": f"{one / max(four, 0.1):.2f}"})
        self.rows += [first, five, style, any_style, ratio]
        return pictures

    def of_pairs(self) -> None:
        """Both things among the judge's first five; and, to compare, a thing not asked for."""
        both = Row("both things found, held-out pairs (%)", "20")
        alone = Row("… the subject alone (%)", "–")
        chance = Row("… subject and a second thing not asked for (%)", "–")
        prompts, wanted = two_things(self.words)
        seconds = poses.Seconds(self.base)
        art: list[Tensor] = []
        for place, (subject, added) in enumerate(wanted):
            style = BASE_STYLES[place % len(BASE_STYLES)]
            plain = poses.render.on_white(self.base[subject, style])
            art.append(codec.to_float(seconds.beside(plain, added, style)[None]))
        pictures = torch.cat(art)
        for steps in (0, *STEPS):
            if steps:
                pictures = draw(self.pipe, prompts, steps, range(len(prompts)))
            ranked = self.judge(pictures).five
            n = len(wanted)
            others = [wanted[(i + 7) % n][1] for i in range(n)]
            found = [s in r for r, (s, _) in zip(ranked, wanted, strict=True)]
            values = (
                percent(sum(f and wanted[i][1] in ranked[i] for i, f in enumerate(found)), n),
                percent(sum(found), n),
                percent(
                    sum(
                        f and others[i] in ranked[i] and others[i] != wanted[i][1]
                        for i, f in enumerate(found)
                    ),
                    n,
                ),
            )
            for row, value in zip((both, alone, chance), values, strict=True):
                if steps:
                    row.values[str(steps)] = value
                else:
                    row.art = value
        self.rows += [both, alone, chance, self._moods(wanted)]

    def _moods(self, pairs: list[tuple[str, str]]) -> Row:
        prompts, wanted = moody(self.words, pairs)
        row = Row("… both things, asked for by a mood: “sleepy penguin” (%)", "–")
        reads = reader(self.pipe, self.card)
        for steps in STEPS:
            pictures = draw(self.pipe, prompts, steps, range(len(prompts)), reads=reads)
            ranked = self.judge(pictures).five
            both = sum(set(pair) <= set(r) for pair, r in zip(wanted, ranked, strict=True))
            row.values[str(steps)] = percent(both, len(wanted))
        return row

    def of_wordings(self) -> None:
        """The four held-out lists: any drawing that answers, among the judge's first five.

        As the studio paints them, which reads unknown words first; and as typed.
        """
        reads = reader(self.pipe, self.card)
        as_typed = Row("… as typed, by the stock pipeline", "–")
        typed = {str(steps): 0 for steps in STEPS}
        total = {str(steps): [0, 0] for steps in STEPS}
        rows: list[Row] = []
        by_chance = [0, 0]
        for name in HELD_OUT_LISTS:
            asked = held_out_list(name)
            wordings = [text for text, _ in asked]
            prompts = [reads(text) for text in wordings]
            row = Row(f"held-out {name}, top-5 (%)", "50")
            for steps in STEPS:
                plain = self.judge(draw(self.pipe, wordings, steps, range(len(wordings)))).five
                hits = (bool(a & set(r)) for r, (_, a) in zip(plain, asked, strict=True))
                typed[str(steps)] += sum(hits)
                pictures = draw(self.pipe, prompts, steps, range(len(prompts)))
                ranked = self.judge(pictures).five
                pairs = list(zip(ranked, [a for _, a in asked], strict=True))
                hits = sum(bool(answers & set(r)) for r, answers in pairs)
                row.values[str(steps)] = percent(hits, len(asked))
                total[str(steps)][0] += hits
                total[str(steps)][1] += len(asked)
                if steps == STEPS[-1]:
                    turned = [*pairs[31:], *pairs[:31]]
                    by_chance[0] += sum(
                        bool(answers & set(r))
                        for (r, _), (_, answers) in zip(pairs, turned, strict=True)
                    )
                    by_chance[1] += len(asked)
            rows.append(row)
        values = {steps: percent(*counts) for steps, counts in total.items()}
        as_typed.values = {s: percent(n, total[s][1]) for s, n in typed.items()}
        chance = Row("… answers of another wording (chance, %)", "–", {"4": percent(*by_chance)})
        whole = Row("held-out wordings, all four, top-5 (%)", "50", values)
        self.rows += [whole, *rows, as_typed, chance]

    def of_diversity(self) -> None:
        """Pairwise LPIPS of seeds without a style word, over that of the concept's drawings."""
        distance = Lpips()
        everything = poses.base_drawings(self.work, tuple(art.style for art in ART))
        made: list[float] = []
        drawn: dict[str, list[float]] = {"base": [], "all": []}
        for concept in sorted(REFERENCE):
            prompts = [self.words[concept].en[0]] * SEEDS
            made.append(distance.pairwise(draw(self.pipe, prompts, 4, range(SEEDS))))
            for name, styles in (("base", BASE_STYLES), ("all", [a.style for a in ART])):
                real = [everything[concept, s] for s in styles if (concept, s) in everything]
                flat = [codec.to_float(poses.render.on_white(r)[None]) for r in real]
                drawn[name].append(distance.pairwise(torch.cat(flat)))
        mean = statistics.mean(made)
        self.rows += [
            Row(
                f"diversity: LPIPS of {SEEDS} seeds over that of the concept's {text} drawings",
                "0.35",
                {"4": f"{mean / statistics.mean(drawn[name]):.2f}"},
                "1",
            )
            for name, text in (("base", "3 base"), ("all", "3 to 7"))
        ]

    @torch.no_grad()
    def of_decoder(self) -> None:
        """What is lost by encoding and decoding drawings."""
        pictures, base, _, held = split(self.work)
        for name, chosen in (("held-out art", held), ("base drawings", base[::15].tolist())):
            x = codec.to_float(pictures[chosen])
            vae: Any = self.pipe.vae
            code = codec.load(self.work)
            again = torch.cat([decoded(vae, code.encode(p)) for p in x.split(16)])
            seen = torch.cat([decoded(vae, vae.encode(p).latent_dist.mode()) for p in x.split(16)])
            self.rows.append(
                Row(
                    f"VAE, {name}, dB (code; stock encoder)",
                    "29" if chosen is held else "–",
                    {"4": f"{psnr(again, x):.1f}; {psnr(seen, x):.1f}"},
                )
            )

    def of_copies(self, pictures: Tensor) -> None:
        """How many samples are nearer a training drawing than half the usual way to another."""
        known = torch.stack(
            [codec.to_float(poses.render.on_white(r)[None])[0] for r in self.base.values()]
        )
        small = functional.avg_pool2d(known, 4).flatten(1)
        apart = torch.cdist(small, small)
        apart.fill_diagonal_(torch.inf)
        limit = float(apart.min(1).values.median()) / 2
        nearest = torch.cdist(functional.avg_pool2d(pictures, 4).flatten(1), small).min(1).values
        rmse = limit / small.shape[1] ** 0.5 / 2
        self.rows.append(
            Row(
                f"nearer a training drawing than {rmse:.3f} RMSE at 32 px, half the median way "
                "between two drawings (%)",
                "–",
                {"4": percent(int((nearest < limit).sum()), len(nearest))},
            )
        )

    @torch.no_grad()
    def of_time(self, rounds: int = 7) -> None:
        """Seconds of a sticker alone, warm, on two threads, and of its parts."""
        threads = torch.get_num_threads()
        torch.set_num_threads(2)
        pipe: Any = self.pipe

        def seconds(act: Any) -> float:
            times: list[float] = []
            for _ in range(rounds):
                begin = time.perf_counter()
                act()
                times.append(time.perf_counter() - begin)
            return statistics.median(times)

        words = seconds(lambda: pipe.encode_prompt("otter", do_classifier_free_guidance=False))
        latent = torch.randn(1, codec.LATENT_CHANNELS, codec.LATENT_SIDE, codec.LATENT_SIDE)
        picture = seconds(lambda: decoded(pipe.vae, latent))
        whole = {str(s): seconds(lambda s=s: draw(pipe, ["otter"], s, [0])) for s in STEPS}
        torch.set_num_threads(threads)
        step = (whole["4"] - whole["1"]) / 3
        self.rows.append(
            Row(
                f"seconds a sticker, 2 threads (text {words:.3f}, a step {step:.3f}, "
                f"decoding {picture:.3f})",
                "0.3",
                {s: f"{v:.2f}" for s, v in whole.items()},
            )
        )


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | bar (CPU) | art | 1 step | 2 steps | 4 steps |", "|---|---|---|---|---|---|"]
    for row in rows:
        cells = [row.what, row.bar, row.art, *(row.values.get(str(s), "–") for s in STEPS)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def run(pipe: StableDiffusionXLPipeline, work: Path, seeds: int = 2) -> None:
    """Print and keep the table; write the sheets beside it."""
    examination = Examination(pipe, work, seeds)
    n = len(examination.words)
    print(f"{n} concepts x {len(BASE_STYLES)} styles", flush=True)
    pictures = examination.of_concepts()
    for part in (
        examination.of_pairs,
        examination.of_wordings,
        examination.of_diversity,
        examination.of_decoder,
        lambda: examination.of_copies(pictures),
        examination.of_time,
    ):
        print(table(examination.rows), flush=True)
        part()
    text = table(examination.rows)
    (work / "evaluation.md").write_text(text + "\n", "utf-8")
    rows = [asdict(row) for row in examination.rows]
    (work / "evaluation.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    print(text, flush=True)
    sheets(pipe, examination.words, work, examination.card)
