"""The causal-evaluation service: it asks models questions about small causal graphs and scores their answers.

The right answers are known, since they are computed exactly. The gateway's demonstration observes this
service: it has metrics, logs, health checks, and switches that break it. `python -m evaluation` serves it.
"""

import gateway.storage.connections.redis_alone  # noqa: F401 - before all that imports redis

VERSION = "1.0.0"
