"""How the events of the audit trail are chained: what is hashed and how it is written down. docs/audit.md says it, too.

An event is one JSON object, its members in the order of FIELDS, without spaces, everything beyond ASCII as `\\uXXXX`.
Its hash is the SHA-256 of that text; the text holds the hash of the event before, which chains them.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

FIELDS = (
    "sequence",
    "at",
    "actor",
    "actor_name",
    "role",
    "protocol",
    "ip",
    "request_id",
    "project",
    "object_type",
    "object_id",
    "action",
    "field",
    "old",
    "new",
    "reason",
    "previous_hash",
)
AT = FIELDS.index("at")
BEGINNING = ""  # what the first event has as its previous hash


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def serialise(values: Sequence) -> str:
    """Return the text of an event that is hashed; `values` are those of FIELDS, in this order."""
    texts = [*values]
    texts[AT] = moment(texts[AT])
    return json.dumps(dict(zip(FIELDS, texts, strict=True)), separators=(",", ":"))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
