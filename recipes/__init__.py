"""Recipes that make what the program ships; they are not part of the program."""
