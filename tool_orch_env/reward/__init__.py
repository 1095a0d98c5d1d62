"""Scoring an episode: configurations, the graduated score, and the formulas it is compared with."""
