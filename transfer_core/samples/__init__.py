"""Sample sets to start with, drawn on this computer. It knows how pictures are drawn and what a set is called."""
