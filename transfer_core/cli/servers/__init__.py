"""Commands that answer until they are ended."""
