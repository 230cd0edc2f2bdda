"""The command line: `thaw`. Every command is a thin layer over the Python interface, and prints what it returns."""
