"""Slack: render, send, look for what was sent, judge the answers."""
