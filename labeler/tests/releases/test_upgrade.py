"""What earlier releases left is migrated, reads as it did, and takes the saves that were on their way."""

import gzip
import json

import pytest

from labeler.tests.installation import Installation
from labeler.tests.releases import FOLDER, HEAD, LOST, WAITING


def do(site: Installation, *words) -> dict:
    said = site.run("-m", "labeler.tests.releases.browser", *map(str, words))
    return json.loads(next(line for line in said.splitlines() if line.startswith("{")))


@pytest.mark.parametrize("release", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_an_installation_of_an_earlier_release_goes_on_after_migration(release, tmp_path):
    known = json.loads((FOLDER / f"{release}.json").read_text())
    (tmp_path / "backup.tar").write_bytes(gzip.decompress((FOLDER / f"{release}.tar.gz").read_bytes()))
    with Installation(tmp_path / "site", server="sqlite") as site:
        site.manage("restore", str(tmp_path / "backup.tar"))
        assert do(site, "look") == known["labels"]
        assert do(site, "save", known["annotation"], LOST, HEAD, 4) == known["lost"]
        waiting = do(site, "save", known["annotation"], WAITING, HEAD + 1, 5)
        assert (waiting["status"], waiting["revision"]) == (200, HEAD + 2)
        stale = do(site, "save", known["annotation"], WAITING, HEAD, 3)
        assert stale["status"] == 422
        site.manage("verify")
