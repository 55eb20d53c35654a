"""What people order by hand: acknowledge, close, pause, bypass, silence, replay."""
