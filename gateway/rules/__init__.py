"""Rule files: how they are read, compiled and reloaded."""
