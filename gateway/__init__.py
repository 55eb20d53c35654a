"""The alert gateway: from Alertmanager's webhook to the people on call. The path of an alert, step by step:

receive      inbound/webhooks/alertmanager.py      authenticates, caps and parses a webhook
normalise    decisions/intake/normalise.py         gives every alert labels, severity and identity, or a reason for quarantine
deduplicate  decisions/intake/batch.py             applies copies and repeats to their alerts: opened, ended or nothing new
correlate    decisions/intake/assign_incidents.py  brings what opened into the incident that it belongs to
route        decisions/notification/members.py     finds who is to be notified of each member of an incident
suppress     decisions/notification/members.py     judges who must not be notified now, why, and until when
seat         decisions/notification/audience.py    brings the members to the targets that see them, fallbacks included
conclude     decisions/notification/conclude.py    says what each target should have been notified of, when, and why
resolve      decisions/notification/resolve.py     says whether the incident is over, and when to look at it again
deliver      reconcile/deliver.py                  notifies each target once, and of the end
"""
