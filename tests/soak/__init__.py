"""`make soak`: alerts that fire and end for half an hour under kills, and whether memory grows."""
