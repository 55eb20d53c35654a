"""Commands that look for faults: `gateway doctor` and `gateway page-test`."""
