"""Decide who must not be told now, why, and until when."""
