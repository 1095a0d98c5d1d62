"""`ToolOrchSlots-v0`: the tasks of `ToolOrch-v0` with structured observations, for agents that are not language models.

The agent sees arrays instead of text: the content of the request (`request_graph`), and the values found in call
results (`request_encoding`, `encoding`). It picks a tool and one candidate value per parameter. That choice becomes a
JSON call, which `episode.Episode` answers and scores like any other call. See docs/slots.md.
"""
