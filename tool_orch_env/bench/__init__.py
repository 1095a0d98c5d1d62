"""Measuring policies. So far: the scripted ones, which need no model."""
