import gzip
import json
import os
import sys
import tempfile
from pathlib import Path

from labeler.tests.installation import Installation
from labeler.tests.releases import FOLDER, HEAD, LOST
from labeler.tests.releases.test_upgrade import do


def main(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder, "site"), server="sqlite") as site:
        person = site.seed("2", "1")["people"][0]["annotation"]
        lost = do(site, "save", person, LOST, HEAD, 4)
        site.manage("backup", f"{folder}/backup.tar")
        facts = {"annotation": person, "lost": lost, "labels": do(site, "look")}
        (FOLDER / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n")
        (FOLDER / f"{name}.tar.gz").write_bytes(gzip.compress(Path(folder, "backup.tar").read_bytes(), 9, mtime=0))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeler.tests.settings")
    main(sys.argv[1])
