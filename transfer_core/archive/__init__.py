"""A whole project as one zip: photos in class folders, choices, runs and experiments.

Any program can read it; Thaw makes a project of it again, on another computer too. What comes from elsewhere is trusted
no more than any upload: photos go through the importer, and only files of known names and kinds are taken.
"""
