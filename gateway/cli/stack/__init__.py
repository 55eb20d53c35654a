"""A whole stack on this machine: Prometheus, two Alertmanagers and the evaluation service around a gateway."""
