"""CLIP's tokenizer from nothing but its list of merges.

A single-file checkpoint carries no tokenizer, and every SDXL uses the same one: OpenAI CLIP's
byte-pair encoding (https://github.com/openai/CLIP, MIT). Its vocabulary follows from its merges:
256 bytes, the same ending a word, one token for each merge, and the two marks of begin and end.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from transformers.models.clip.tokenization_clip import CLIPTokenizer

from stickerstudio.core.errors import disk_errors

BEGIN, END = "<|startoftext|>", "<|endoftext|>"
POSITIONS = 77  # tokens CLIP reads, marks included
Merge = tuple[str, str]


def vocabulary(merges: Iterable[Merge]) -> dict[str, int]:
    """The token ids that go with `merges`, in CLIP's order."""
    alphabet = _byte_alphabet()
    tokens = [*alphabet, *(char + "</w>" for char in alphabet)]
    tokens += [left + right for left, right in merges]
    tokens += [BEGIN, END]
    return {token: index for index, token in enumerate(dict.fromkeys(tokens))}


def build_tokenizer(merges: Iterable[Merge], *, pad_token: str = END) -> CLIPTokenizer:
    """A tokenizer of 77 positions; SDXL's first encoder pads with END, its second with "!"."""
    pairs: Any = list(merges)  # transformers declares list[str] and wants pairs
    return CLIPTokenizer(vocabulary(pairs), pairs, pad_token=pad_token, model_max_length=POSITIONS)


def read_tokenizer(sdxl: Path, part: Literal["tokenizer", "tokenizer_2"]) -> CLIPTokenizer:
    """SDXL's own tokenizer, from resources/sdxl/merges.txt.

    Raises:
        NotFoundError, DiskError: the file is missing or cannot be read.
    """
    file = sdxl / "merges.txt"
    with disk_errors(file):
        lines = file.read_text(encoding="utf-8").splitlines()
    merges: list[Merge] = []
    for line in lines[1:]:  # the first line names the version
        left, right = line.split(" ")
        merges.append((left, right))
    return build_tokenizer(merges, pad_token=END if part == "tokenizer" else "!")


def _byte_alphabet() -> list[str]:
    """A printable stand-in for each byte, after GPT-2: printable ones stand for themselves."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(256 - len(printable))]
