"""Photos that belong together, so that no split puts one to learn from and another to be checked on.

Nearly the same ones, and those of one burst of the camera.
"""
