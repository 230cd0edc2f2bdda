"""A trained classifier for use elsewhere: written in a format, asked about the person's own photos, and packed."""
