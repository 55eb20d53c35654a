"""Everything that listens: Alertmanager's webhooks, the REST API, probes and scrapes."""
