"""Where photos come from: folders, zips and uploads, in the layouts and with the names that people have.

It opens no picture and keeps nothing: it gives files with a class and a split, and refusals in words.
"""
