"""The process that runs one job, and the one that answers a page's questions.

It knows every room but the command line.
"""
