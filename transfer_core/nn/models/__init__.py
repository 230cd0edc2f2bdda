"""A model as a graph: its layer tree, blocks and FLOPs, and its partition into a frozen prefix and a trainable suffix.

It knows Keras models, and nothing of photos.
"""
