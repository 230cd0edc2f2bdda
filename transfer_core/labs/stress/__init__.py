"""The lab Stress test: what becomes of a trained classifier's answers when photos are harder to read."""
