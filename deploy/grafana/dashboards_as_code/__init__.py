"""The dashboards of the gateway and of the causal-evaluation service as code.

`python -m dashboards_as_code render` writes them as JSON, `python -m dashboards_as_code import` sends them to a Grafana.
"""
