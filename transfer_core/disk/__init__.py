"""Where things lie: files written whole, the workspace and its paths, arrays, and the cache with its limit.

It knows nothing of photos or networks.
"""
