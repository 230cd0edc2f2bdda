"""What changed between two runs: photos fixed and broken, and how far layers moved.

`settings` is light; `run` works.
"""
