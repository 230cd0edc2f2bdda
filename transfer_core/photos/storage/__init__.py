"""What a photo store has on disk: originals by content, thumbnails, and a SQLite database with an undo log."""
