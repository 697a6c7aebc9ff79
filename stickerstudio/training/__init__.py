"""Training sets, captions, settings and presets without torch: shared by window and trainer."""
