"""The page of What it knows and its result. It knows only its own lab."""
