"""`make chaos`: whole gateways under trouble of every kind, and a scorecard of what people would have noticed."""
