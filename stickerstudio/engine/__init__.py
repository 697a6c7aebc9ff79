"""torch: devices, the generation loop, blending LoRAs. No Qt."""
