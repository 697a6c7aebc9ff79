"""What each chat platform accepts, and packs made to fit. No Qt, no torch."""

from stickerstudio.packs.reading import ImportedPack, ImportedSticker, read_any

__all__ = ["ImportedPack", "ImportedSticker", "read_any"]
