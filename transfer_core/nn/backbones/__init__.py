"""Builds the pretrained bases as Keras models and loads their weights.

It knows the catalogue, and nothing of photos or runs.
"""
