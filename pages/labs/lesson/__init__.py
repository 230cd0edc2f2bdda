"""The lesson: guess, experiment, sentence, step by step. It starts experiments as the labs do."""
