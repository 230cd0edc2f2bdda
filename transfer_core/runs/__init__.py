"""What a job is asked, says and leaves: configuration, events, the run's folder, progress, checkpoint and hints.

It knows the photos' manifest and the base's facts, and never loads Keras.
"""
