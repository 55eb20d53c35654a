"""Traces and logs for OpenTelemetry. Nothing imports this room unless the settings ask for it.

`gateway/runtime/tracing.py` is the one door to it; nothing else of the gateway knows OpenTelemetry.
"""
