"""The gateway watches itself: its audit, health, heartbeat and own alerts."""
