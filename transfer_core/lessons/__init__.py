"""Lessons: what a teacher opens. Steps of predict, observe, explain, each answered by an experiment of a lab.

A lesson is a value (`lesson`) or a file (`reading`); it knows labs by their names and settings, and runs nothing.
"""
