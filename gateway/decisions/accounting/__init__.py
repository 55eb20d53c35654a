"""Count what must balance, and record each verdict."""
