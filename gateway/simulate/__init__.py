"""The same decisions without a running gateway: `gateway explain`."""
