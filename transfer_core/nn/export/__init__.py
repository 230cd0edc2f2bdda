"""Assembles one Keras model, preprocessing inside, saves it, and checks that the file answers alike.

It trains nothing.
"""
