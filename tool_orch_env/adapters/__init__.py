"""Trainers and protocols that play episodes: one per file, on the shared core of `session`.

No file here imports a third-party package at its top, except `verifiers`. Where a package is missing, `UsageError`
names the extra to install.
"""
