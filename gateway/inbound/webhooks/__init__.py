"""The endpoints that senders post to: Alertmanager's webhook and its event recorder."""
