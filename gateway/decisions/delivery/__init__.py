"""Decide what to send next to one target, and what an answer means."""
