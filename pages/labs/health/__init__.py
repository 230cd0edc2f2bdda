"""The page of Health and its result. It knows only its own lab."""
