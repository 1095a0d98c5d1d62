"""`ToolOrchSlots-v0`: the tasks of `ToolOrch-v0` for agents that do not read.

The agent sees arrays in place of text: what the request states (`statement`), and the values in replies with what a
reader would see in them (`reading`, `encoding`). It picks a tool and a value for each parameter; what it picked becomes
a JSON call that `episode.Episode` parses, checks, replays and scores like any other. See docs/slots.md.
"""
