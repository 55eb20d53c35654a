"""Read, decide and commit: what the rest of the program asks of a store, shard by shard."""
