"""The settings of the suite: those of a laptop, on a database and with a speed of their own."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="labeler-tests-"))
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{os.environ['DATA_DIR']}/db.sqlite3"

from labeler.settings import *  # noqa: F403
from labeler.settings import BASE_DIR, DATA_DIR, DATABASES, INSTALLED_APPS

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, not memory: with memory, parallel requests of browser tests meet "table is locked".
    DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA_DIR) / "test.sqlite3")}
DATABASES["default"].pop("CONN_MAX_AGE", None)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT = BASE_DIR / "static"  # exists, so that WhiteNoise does not warn
# The live server looks for this very name before it serves static files through the finders.
INSTALLED_APPS[INSTALLED_APPS.index("labeler.apps.LabelerStaticFilesConfig")] = "django.contrib.staticfiles"
ACCOUNT_RATE_LIMITS = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
