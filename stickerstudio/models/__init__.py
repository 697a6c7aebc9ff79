"""What there is to generate with: model cards, LoRA files, downloads. No Qt, no torch."""
