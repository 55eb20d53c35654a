"""Judge the senders: what their peers report, and whether their heartbeats arrive."""
