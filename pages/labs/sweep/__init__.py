"""The page of the depth sweep, its form, chart and result. It knows only its own lab."""
