"""The page of What changed, its chart and its result. It knows only its own lab."""
