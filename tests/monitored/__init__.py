"""What of the gateway is monitored: everything that can happen, found in its code, with what tells of it."""
