"""The page of Evaluate and its result. It knows only its own lab."""
