"""The first page: projects, samples, deletions. It knows the workspace."""
