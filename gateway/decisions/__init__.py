"""Pure decisions: values and `now` in, a verdict with a named reason out.

No clock, store, log or environment.
"""
