"""A classifier behind HTTP: a photo comes in as bytes, a form or JSON, and whatever comes, memory stays bounded."""
