"""Widgets. No logic that could be tested without them."""
