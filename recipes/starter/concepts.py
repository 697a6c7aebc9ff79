"""Which concepts the base model draws. The words for them are in ``words.json``."""

from __future__ import annotations

FACES = "😀😅😂😉😊😇🥰😍🤩😘😋😜🤗🤫🤔🤐😐😔😴😷🤢🥵🥶😵🤯🥳😎🤓😮😳🥺😢😭😱😤😡😠😈"
FIGURES = "💀💩🤡👻🤖👾🎅😺😻😿"
HEARTS = "❤💕💛💚💙💜💯💥💤💬"
HANDS = "👍👌✌👏🙏💪👋"
ANIMALS = "🐶🐱🐰🦊🐻🐼🐨🐯🦁🐷🐸🐵🐧🐤🦉🦄🦋🐢🐙🐳🦈🐘🦦🦔🐿🦖🙈"
PLANTS = "🌹🌻🌸🌵🌲🍁🍄"
SKY = "☀🌈⭐🌙⚡❄🔥💧🌊☔⛄✨"
FOOD = "🍎🍌🍉🍓🥑🍕🍔🍟🌭🍣🍜🍩🎂🍦☕🍵🍺🧋🍿"
THINGS = "🎉🎈🎁🎄🎃🎵🎸⚽🏀🎮🏆🚀✈🚗🚲🏠⏰💻📚💰💎👑🌍✅❌"

TURNABLE = ANIMALS + PLANTS + FOOD + "🌈🌙☁🔥🌊🎉🎸🚀✈🚗🚲🏆🏠👻💥🦖☔📷"
"""Drawings that may be mirrored: no writing, no hands, no faces whose look would change."""


def key(emoji: str) -> str:
    """The manifest's name of a single-character emoji."""
    return f"{ord(emoji):X}"


CONCEPTS: tuple[str, ...] = tuple(
    key(emoji)
    for emoji in FACES + FIGURES + HEARTS + HANDS + ANIMALS + PLANTS + SKY + FOOD + THINGS
)

SUBJECTS: tuple[str, ...] = tuple(key(emoji) for emoji in ANIMALS + FIGURES)
"""What one can talk to, and what a second thing is pasted on; faces keep their own meaning."""

REFERENCE: frozenset[str] = frozenset(
    key(emoji) for emoji in "❤🦦🐱🐶😀😢😠😴😍👍🔥🍕🌈☀🎂👻🤖🐧🚀🍔"
)
"""The concepts of the twenty prompts the model is judged by."""
