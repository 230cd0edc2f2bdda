"""What the base says to a photo before it has seen any of yours. `settings` is light; `run` does the work."""
