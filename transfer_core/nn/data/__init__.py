"""Photos as pixels on disk, their augmented variants, and the batches that training reads.

It knows the manifest and the cache.
"""
