"""Step ``tokens``: a small CLIP vocabulary of our own, learned from the captions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from recipes.starter import manifest, vocabulary
from recipes.starter.captions import STYLE_WORDS, Captioner, load_words
from recipes.starter.concepts import CONCEPTS
from recipes.starter.nets import BOS, TOKENS

START, END = "<|startoftext|>", "<|endoftext|>"

_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
"""CLIP's own way of cutting text into words."""

_UNICODE_OF_BYTE = {
    char: byte
    for byte, char in zip(
        [*range(33, 127), *range(161, 173), *range(174, 256)],
        [chr(b) for b in [*range(33, 127), *range(161, 173), *range(174, 256)]],
        strict=True,
    )
}


def bytes_of(token: str) -> bytes:
    """The bytes a byte-level token stands for."""
    known = dict(_UNICODE_OF_BYTE)
    missing = [b for b in range(256) if b not in known.values()]
    known |= {chr(256 + i): b for i, b in enumerate(missing)}
    return bytes(known[c] for c in token.removesuffix("</w>"))


def _splits_characters(token: str) -> bool:
    """Whether a token joins several Chinese characters; such merges are dropped.

    Words have no spaces there: with one token a character, 水獺 is found in 我愛你水獺 too.
    """
    text = bytes_of(token)
    return len(text) > 3 and any(byte > 127 for byte in text)


def corpus(work: Path, rounds: int = 40) -> list[str]:
    """Captions of every concept and style, enough to hold every word."""
    drawings = manifest.load(work)
    captioner = Captioner(load_words(drawings))
    rng = np.random.default_rng(0)
    texts: list[str] = []
    for words in captioner.words.values():
        every = [*words.en, *words.zh, *words.en_tags, *words.zh_tags]
        texts += [*every, *words.en_phrases, *words.zh_phrases] * 3
    for _ in range(rounds):
        for concept in CONCEPTS:
            style = [None, *STYLE_WORDS][int(rng.integers(1 + len(STYLE_WORDS)))]
            texts.append(captioner.single(concept, style, rng))
    # The rest of CLDR's English and Chinese keywords, so that other words cut into few pieces.
    for d in drawings:
        texts += [d.en, d.zh_hant, *d.en_tags, *d.zh_hant_tags]
    return [*texts, *vocabulary.english() * 2, *vocabulary.chinese() * 2]


def run(work: Path) -> None:
    """Train the merges and write the tokenizer folder, for old and new transformers alike."""
    bpe = Tokenizer(models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
    bpe.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PATTERN), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=40000,
        min_frequency=2,
        initial_alphabet=alphabet,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    bpe.train_from_iterator(corpus(work), trainer)
    learned = json.loads(bpe.to_str())["model"]["merges"]
    vocabulary = [*alphabet, *(char + "</w>" for char in alphabet)]
    merges: list[tuple[str, str]] = []
    for left, right in learned:
        token = left + right
        if len(vocabulary) == BOS:
            break
        if token in vocabulary or _splits_characters(token):
            continue
        vocabulary.append(token)
        merges.append((left, right))
    if len(vocabulary) != BOS:
        raise RuntimeError(f"only {len(vocabulary)} of {BOS} tokens found; lower nets.VOCABULARY")
    ids = {token: index for index, token in enumerate([*vocabulary, START, END])}
    folder = work / "tokenizer"
    folder.mkdir(exist_ok=True)
    pieces: Any = {"vocab": ids, "merges": merges}
    tokenizer = CLIPTokenizer(
        **pieces,
        unk_token=END,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        model_max_length=TOKENS,
    )
    tokenizer.save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False), "utf-8")
    text = "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges)
    (folder / "merges.txt").write_text(text, "utf-8")
    print(f"tokens: {len(ids)} in {folder}", flush=True)


def load(work: Path) -> CLIPTokenizer:
    """The tokenizer that :func:`run` wrote."""
    return CLIPTokenizer.from_pretrained(work / "tokenizer")
