"""Trains the head and the suffix on what is cached, from a run's folder to its report.

It knows everything else under `nn`.
"""
