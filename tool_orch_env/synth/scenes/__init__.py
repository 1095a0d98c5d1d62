"""Tasks from scenarios: slots are drawn from the recorded world until everything that a scenario demands holds.

`world` looks up recorded and derived responses, `scene` evaluates one scenario with its slots filled, `search` fills
the slots by backtracking, `build` writes the task, and `make` makes many, the same ones in any number of processes.
"""
