"""Runs the frozen prefix once for each photo and keeps what it gives.

It knows the engines that compute it, and checks each against Keras.
"""
