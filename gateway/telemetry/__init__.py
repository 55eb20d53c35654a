"""The gateway speaks about itself: log lines and metrics."""
