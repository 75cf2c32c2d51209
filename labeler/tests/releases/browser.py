"""What a member's browser does, in the installation it runs in; prints the answers as JSON.

python -m labeler.tests.releases.browser look                   the labels at every revision of every annotation
python -m labeler.tests.releases.browser save PK KEY HEAD VALUE one tile, as any release must take it
"""

import hashlib
import json
import sys

import django


def look() -> dict[str, dict[str, str]]:
    from annotation.models import Annotation

    return {
        str(annotation.pk): {str(number): digest(annotation, number) for number in range(annotation.head + 1)}
        for annotation in Annotation.objects.order_by("pk")
    }


def digest(annotation, number: int) -> str:
    """The SHA-256 of both planes of a revision, as they are answered."""
    from annotation.tests.test_loading import load, unpack

    labels = hashlib.sha256()
    for plane in (0, 1):
        _, tiles = unpack(load(browser_of(annotation), annotation, plane, revision=number))
        for place, pixels in sorted(tiles.items()):
            labels.update(repr((plane, *place)).encode() + pixels.tobytes())
    return labels.hexdigest()


def save(pk: str, key: str, head: str, value: str) -> dict:
    import numpy as np

    from annotation.models import Annotation
    from annotation.tests.painting import save_form, send

    annotation = Annotation.objects.get(pk=pk)
    form = save_form({(0, 1, 1): np.full((512, 512), int(value), np.uint8)})
    answer = send(browser_of(annotation), annotation, form, head=int(head), key=key)
    return {"status": answer.status_code, **answer.json()}


def browser_of(annotation):
    from django.test import Client

    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(annotation.member.user)
    return browser


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"look": look, "save": save}[sys.argv[1]](*sys.argv[2:])))
