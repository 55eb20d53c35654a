"""`make bench`: what an alert costs, beside a real Alertmanager in the same run."""
