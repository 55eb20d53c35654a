"""Decide what a webhook's alerts mean: identity, episode, incident."""
