"""Scoring: after the timing, every clip of the corpus goes through every codec, on all processors or on a cluster."""
