"""Pixels after the model: cutting out, outlining, fitting. No Qt, no torch."""
