"""Training a LoRA: peft adapters on a frozen model, driven by accelerate."""
