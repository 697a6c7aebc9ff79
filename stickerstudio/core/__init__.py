"""The words of the domain: recipes, stickers, errors, settings, the library. No Qt, no torch."""
