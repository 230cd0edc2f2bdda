"""The page of the stress test and its result. It knows only its own lab."""
