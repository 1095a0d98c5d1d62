"""A Gymnasium environment for training and benchmarking agents that orchestrate tools.

Importing registers `ToolOrch-v0` and nothing else: the public names load their modules on first use.
"""
