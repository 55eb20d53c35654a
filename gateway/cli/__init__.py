"""The commands of `gateway`, one file a subject."""
