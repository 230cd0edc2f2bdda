"""Step 5: new photos and the classifier's answers. It asks the query worker."""
