"""Who carries out a job and when: the engine, its queue, its processes and the worker that answers questions.

It knows a job's folder, and never loads Keras.
"""
