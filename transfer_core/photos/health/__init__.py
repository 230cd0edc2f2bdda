"""Whether photos are fit to learn from: how they look, which are nearly the same, what gives their class away.

Needs no network: NumPy over the squares that a network would see, and the headers of the files.
"""
