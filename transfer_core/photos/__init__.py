"""From a file's bytes to an upright RGB array, and from folders and zips to a project's photos, classes and split.

It knows nothing of networks.
"""
