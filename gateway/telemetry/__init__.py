"""What the gateway says about itself: log lines and metrics."""
