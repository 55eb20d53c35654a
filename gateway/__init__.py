"""The alert gateway: from Alertmanager's webhook to the people on call.

receive      inbound/webhooks/alertmanager.py      authenticates, caps and parses a webhook
normalise    decisions/intake/normalise.py         gives every alert labels, severity and identity, or a reason for quarantine
deduplicate  decisions/intake/deduplicate.py       copies, episodes: opened, repeated, changed, ended or ignored, with a reason
correlate    decisions/intake/correlate.py         the incident that an alert belongs to
suppress     decisions/suppression/suppress.py     who must not be told now, why, and until when
route        decisions/route.py                    who is told of it
plan         decisions/notification/plan.py        what each target should believe now, and when to look again
deliver      reconcile/, outbound/                 tells them once, and tells them that it ended
"""
