"""The lab Evaluate: what a trained classifier gets wrong, and how good it is on photos it did not learn from."""
