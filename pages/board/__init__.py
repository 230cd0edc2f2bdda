"""The class's board: what everybody's best classifier reached, named only where its person wants it."""
