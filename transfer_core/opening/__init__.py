"""Opens a Keras file that somebody brings, as a base or as a classifier, without trusting it.

It is looked through before Keras sees it (`keras_file`), read in a process of its own that can write one folder and
reach no network (`confined`), and what that process wrote is looked through again before anything else loads it.
"""
