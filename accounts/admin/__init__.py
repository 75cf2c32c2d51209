"""The admin of people: the queue of requests, grants and protocols, the audit trail; users for administrators only."""

from accounts.admin import access, audit, grants, people, protocols, registrations  # noqa: F401
