"""Figures and how sure they are: intervals, paired tests, metrics, the linear probe and drift.

It knows arrays of numbers only.
"""
