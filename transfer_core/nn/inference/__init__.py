"""Answers for new photos, from a trained classifier or from the base's own ImageNet layer. It trains nothing."""
