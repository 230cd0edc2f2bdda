"""Step 2: the base to start from, and its weights. It knows the catalogue."""
