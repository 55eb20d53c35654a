"""The vocabulary: frozen, typed values without I/O. Times and durations are whole milliseconds (times since the epoch)."""
