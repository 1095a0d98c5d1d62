"""Trainers and protocols that play episodes: one per file, on the shared core of `session`.

No file here imports a third-party package at its top: a missing one is told with the extra to install.
"""
