"""The values that statistics are made of: events, settings, compacted days, and the rows of a report."""
