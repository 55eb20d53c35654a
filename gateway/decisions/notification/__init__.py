"""Decide who should be told what of an incident, and when to look again."""
