"""Webhook destinations: render, sign, send, judge the answers."""
