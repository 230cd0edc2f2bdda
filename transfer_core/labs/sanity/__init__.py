"""Saved features and a frozen base give the same; each classic mistake does not. All but the `run` modules is light."""
