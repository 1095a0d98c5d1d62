"""The version of this package, and nothing else, so that every module can import it."""

__version__ = "0.1.0"
