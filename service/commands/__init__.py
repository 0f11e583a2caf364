"""What the command line does: import and export, ask, check a set-up, load and remove the
sample.
"""
