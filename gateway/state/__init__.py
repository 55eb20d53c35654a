"""Read, decide, commit: what the rest of the program asks of a store."""
