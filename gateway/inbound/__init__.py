"""What comes in: Alertmanager's webhooks, the REST API, probes and scrapes."""
