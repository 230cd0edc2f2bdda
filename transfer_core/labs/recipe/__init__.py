"""The steps of fine-tuning side by side, and what happens when one is skipped. All but the `run` modules is light."""
