"""The page of the depth probe, its chart and its result. It knows only its own lab."""
