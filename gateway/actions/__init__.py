"""A person's time: acknowledge, close, retry, pause, bypass, silence, replay."""
