"""Training sets, captions, settings and presets, without torch: what the window and the trainer share."""
