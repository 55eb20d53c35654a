"""Read, compile and reload the rule files."""
