"""Settings and secrets: the environment is read here and nowhere else."""
