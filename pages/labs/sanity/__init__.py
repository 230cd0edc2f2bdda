"""The page of Frozen or not?, its chart and its result. It knows only its own lab."""
