"""The page of the recipe, its form, charts and result. It knows only its own lab."""
