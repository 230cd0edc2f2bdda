"""What a linear classifier gets right after each block. All but `run` is light."""
