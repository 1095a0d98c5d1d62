"""The score of an episode: configurations, the graduated reward, and the presets it is compared with."""
