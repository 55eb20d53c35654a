"""Agenda time: claim what is due, look at the state, then plan, deliver or expire.

Everything here may be done twice or be cut off anywhere: a lease ends by itself, an intent stands before each
send, and every commit is refused when what it was decided on has changed.
"""

from gateway.reconcile.loop import Reconciler

__all__ = ["Reconciler"]
