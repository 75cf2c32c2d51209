"""Backups: everything that cannot be made again, in one file that proves itself.

The file is a plain tar archive:

1. ``database``: a snapshot, an SQLite file or a dump of `pg_dump -Fc`, taken first;
2. ``images/…`` and ``labels/…``: every stored file that the snapshot refers to. They are never rewritten, so copying
   them later than the database loses nothing;
3. ``manifest.jsonl``, the last: a line of facts, a line with size and SHA-256 for each member, and a line with the
   SHA-256 of the lines above. A file without it was cut off.

`making` writes it, `archive` knows the format, `databases` the two databases, `restoring` puts everything back.
"""
