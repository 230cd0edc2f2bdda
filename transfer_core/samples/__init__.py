"""Sample sets to start with, drawn here or fetched. It knows how pictures are drawn and what a set is called."""
