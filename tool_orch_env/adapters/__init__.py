"""Integrations with trainers and protocols, one per file, on the shared core in `session`.

No file here imports a third-party package at module level, except `verifiers`. If one is
missing, the error names the extra to install.
"""
