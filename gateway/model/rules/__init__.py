"""Rules as values: the meaning of a set of rule files, apart from their syntax."""
