"""A run for the whole room: what it learns, and what it says of one photo meanwhile, to be read from the last row."""
