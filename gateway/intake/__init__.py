"""Webhook time: parse what a sender posts, then store it together with what it changes."""
