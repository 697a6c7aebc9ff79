"""The lane that owns the engine, the observable state and the user's verbs. QtCore only."""
