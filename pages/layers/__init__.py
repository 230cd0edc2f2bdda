"""Step 3: what trains and what it costs. It knows the layer tree and the freeze plan."""
