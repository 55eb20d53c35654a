"""The vocabulary: frozen, typed values without I/O.

All times are whole milliseconds since the epoch, and all durations whole milliseconds.
"""
