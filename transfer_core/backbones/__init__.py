"""Facts of the pretrained bases: catalogue, weights and their download, layer tree, freeze plan and cost.

It never loads Keras.
"""
