"""Read, compile and reload the rule files.

The reading is in `files/`, what the rules mean in `gateway/model/rules/`.
"""
