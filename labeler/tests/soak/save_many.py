"""One process that saves again and again, in the installation it runs in: python -m labeler.tests.soak.save_many 7 150

It waits for a line on its input, saves the annotation of the first word as often as the second says, through the real
view, and prints how many seconds each save took.
"""

import json
import sys
import time

import django


def main(pk: int, saves: int) -> None:
    import numpy as np
    from django.test import Client

    from annotation.models import Annotation
    from annotation.tests.painting import save_form, send

    annotation = Annotation.objects.select_related("member__user").get(pk=pk)
    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(annotation.member.user)
    tile = np.zeros((512, 512), np.uint8)
    print("ready", flush=True)
    sys.stdin.readline()
    seconds = []
    for number in range(saves):
        tile[number % 512, : 1 + number % 500] = 1 + number % 5
        form = save_form({(0, number % 2, 0): tile})
        started = time.perf_counter()
        answer = send(browser, annotation, form)
        seconds.append(time.perf_counter() - started)
        assert answer.status_code == 200, answer.content
    print(json.dumps(seconds))


if __name__ == "__main__":
    django.setup()
    main(*map(int, sys.argv[1:]))
