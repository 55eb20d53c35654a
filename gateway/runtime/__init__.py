"""Keep a process running: the store's connection, workers and background tasks."""
