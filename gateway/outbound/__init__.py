"""The way out to people: a folder for each kind of destination, which renders (pure), sends and judges the
answers.

`registry.py` names all kinds, and `kind.py` says what each has to provide.
"""
