"""A whole stack on this machine: Prometheus, a pair of Alertmanagers and the evaluation service around a gateway."""
