"""What several pages share: the frame, the steps, and small pieces of pages too long for one file."""
