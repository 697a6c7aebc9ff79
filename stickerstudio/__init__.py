"""Sticker Studio: from words to a sticker in the chat, on the user's own machine."""

__version__ = "0.1.0"
