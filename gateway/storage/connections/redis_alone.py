"""Import redis-py without OpenTelemetry.

Where OpenTelemetry is installed redis-py imports 60 of its modules, and uses none of them unless it is
told to (`redis/observability/providers.py`).
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import cast

if not {"opentelemetry", "redis"} & sys.modules.keys():
    sys.modules["opentelemetry"] = cast("ModuleType", None)  # as if it was not installed
    try:
        import_module("redis.asyncio")
    finally:
        del sys.modules["opentelemetry"]
