"""Fuzz targets: each takes bytes and asserts a law of the package.

`make fuzz` searches for bytes that break one, guided by coverage (atheris, in an environment of its own);
tests/test_fuzz_corpus.py replays what was kept, without atheris. `targets.TARGETS` lists them.
"""
