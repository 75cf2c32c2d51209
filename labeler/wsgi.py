"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeler.settings")
application = get_wsgi_application()

from annotation import workers  # noqa: E402  (needs Django to be set up)

workers.start()
