"""Engines carry out runs; each file is one way, or a part of it. Import the file you need: nothing is loaded here."""

__all__: list[str] = []
