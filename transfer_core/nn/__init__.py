"""The only rooms that import TensorFlow, beside the `run` modules of the labs and the worker.

What is below knows the folders and facts of the light rooms, and no lab.
"""
