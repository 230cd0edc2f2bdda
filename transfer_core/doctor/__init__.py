"""Looks over this installation and this computer, and says what is wrong and what to do."""
