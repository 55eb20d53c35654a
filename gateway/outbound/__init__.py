"""Who is told: one file per kind of destination, each rendering (pure), sending and judging the answer."""
