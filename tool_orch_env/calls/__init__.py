"""Tool calls: parsing messages, validating arguments, building call results, and rendering them.

`episode.Episode` runs a call through these steps: parse, look up, validate (only on a miss), result, score, render.
"""
