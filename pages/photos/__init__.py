"""Step 1: the photos of a project, imported, sorted and split. It knows the photo store."""
