"""The figures of statistics: events in, a report out."""
