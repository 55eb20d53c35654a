"""PagerDuty: render, send, judge the answers."""
