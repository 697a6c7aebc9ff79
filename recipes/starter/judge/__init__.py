"""The judge: a classifier of concept and style, trained on art alone, that scores stickers."""
