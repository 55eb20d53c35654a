"""Rules as values: what a set of rule files says once it was read."""
