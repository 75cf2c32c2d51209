"""Installations as earlier releases left them; `python -m labeler.tests.releases NAME` keeps one of the present.

Each is a backup of a SQLite installation, compressed, and beside it what people knew then: the digest of the labels at
every revision, and a save whose answer was lost.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
LOST = "3b241101-e2bb-4255-8caf-4136c566a962"  # the key of the save whose answer was lost
WAITING = "9f1b6e0a-7d0e-4b53-8c3e-6a7a35b8c4de"  # of one that has not been sent yet
HEAD = 2  # what `seed` has saved
