"""The admin of people: the queue of requests, grants and protocols, the audit trail; users for administrators only."""

from accounts.admin import audit, grants, people, registrations  # noqa: F401
