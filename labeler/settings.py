"""All settings of Labeler, read from the environment; the README's table lists every variable.

Without any variable this is a safe default for one laptop: SQLite and files below `var/`, e-mail printed on the
console, reachable from 127.0.0.1 only.
"""

import os
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

# --- Core ------------------------------------------------------------------------------------------------------------

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
DEBUG = env.bool("DEBUG", default=False)


def local_secret_key() -> str:
    """The key of a laptop installation: made once, kept beside its data, readable by its owner only."""
    path = DATA_DIR / "secret-key"
    try:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"Set SECRET_KEY, or make {DATA_DIR} writable: {error}.") from error
    from django.core.management.utils import get_random_secret_key

    key = get_random_secret_key()
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key


SECRET_KEY = env.str("SECRET_KEY", default="") or local_secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "labeler.urls"
WSGI_APPLICATION = "labeler.wsgi.application"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-gb"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Apps ------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "labeler.apps.LabelerConfig",
    "accounts",
    "projects",
    "annotation",
    "labeler.apps.LabelerAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "labeler.apps.LabelerStaticFilesConfig",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "accounts.origin.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.PrivateMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.ApprovalRequiredMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- Database --------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'labeler.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A read that turns into a write cannot wait for the lock in SQLite's default mode; IMMEDIATE takes it at once.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# --- Accounts and sessions -------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
PASSWORD_RESET_TIMEOUT = 3600
SESSION_COOKIE_AGE = 12 * 3600

# --- IRB -------------------------------------------------------------------------------------------------------------

REQUIRE_PROTOCOL = env.bool("REQUIRE_PROTOCOL", default=False)
CERTIFICATE_DAYS = env.int("CERTIFICATE_DAYS", default=3 * 365)
REVIEW_DAYS = env.int("REVIEW_DAYS", default=180)
SIGNUP_EMAIL_DOMAINS = [domain.lower() for domain in env.list("SIGNUP_EMAIL_DOMAINS", default=[])]
DATA_USE_TEXT = env.str("DATA_USE_TEXT", default=str(BASE_DIR / "templates" / "accounts" / "data_use.txt"))

# --- E-mail ----------------------------------------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Labeler <labeler@localhost>")
# Whoever signs up confirms the address, if mail leaves the machine: IRB staff approve nobody before.
ACCOUNT_EMAIL_VERIFICATION = "optional" if env.str("EMAIL_URL", default="") else "none"

# --- Storage ---------------------------------------------------------------------------------------------------------
# images: the clean copies; labels: what people painted, never rewritten; cache: may be wiped at any time.

CACHE_MAX_BYTES = env.int("CACHE_MAX_BYTES", default=20_000_000_000)


def store(name: str) -> dict:
    """One storage alias: on S3 when S3_BUCKET is set, else below DATA_DIR."""
    if bucket := env.str("S3_BUCKET", default=""):
        return {
            "BACKEND": "labeler.storage.PrivateS3Storage",
            "OPTIONS": {
                "bucket_name": bucket,
                "location": name,
                "endpoint_url": env.str("S3_ENDPOINT_URL", default=None),
                "region_name": env.str("S3_REGION", default=None),
                "addressing_style": env.str("S3_ADDRESSING_STYLE", default="auto"),
                "signature_version": "s3v4",
            },
        }
    folder = str(DATA_DIR / name)
    if name == "cache":
        return {
            "BACKEND": "labeler.storage.CacheStorage",
            "OPTIONS": {"location": folder, "max_bytes": CACHE_MAX_BYTES},
        }
    return {"BACKEND": "labeler.storage.DurableStorage", "OPTIONS": {"location": folder}}


STORAGES = {
    "default": store("default"),
    "images": store("images"),
    "labels": store("labels"),
    "cache": store("cache"),
    "staticfiles": {"BACKEND": "labeler.storage.StaticStorage"},
}
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "labeler.finders.NodeModulesFinder",
]
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750

# --- Tasks -----------------------------------------------------------------------------------------------------------

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

# --- Imaging limits --------------------------------------------------------------------------------------------------

IMAGE_MAX_BYTES = env.int("IMAGE_MAX_BYTES", default=300_000_000)
IMAGE_MAX_PIXELS = env.int("IMAGE_MAX_PIXELS", default=100_000_000)
WORKER_PROCESSES = env.int("WORKER_PROCESSES", default=2)
# Whoever waits, for a child or for what another request makes, keeps a thread of the web server. Of its 8 threads 2 at
# work and 4 waiting leave 2 for saving, whatever is asked for: WORKER_PROCESSES + WORKER_WAITING ≤ threads − 2.
WORKER_WAITING = env.int("WORKER_WAITING", default=4)
WORKER_WAITING_PER_PERSON = env.int("WORKER_WAITING_PER_PERSON", default=2)
WORKER_MEMORY_BYTES = env.int("WORKER_MEMORY_BYTES", default=3_000_000_000)
INGEST_SECONDS = env.int("INGEST_SECONDS", default=60)
SUPERPIXEL_SECONDS = env.int("SUPERPIXEL_SECONDS", default=25)
SAVE_MAX_BYTES = env.int("SAVE_MAX_BYTES", default=64_000_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FILES = 2_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- Security --------------------------------------------------------------------------------------------------------

HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=365 * 24 * 3600 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
# How many reverse proxies of ours stand in front: what X-Forwarded-For says beyond those, a client may have made up.
TRUSTED_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUST_PROXY", default=0)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Logging ---------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "accounts.origin.RequestIdFilter"}},
    "formatters": {"plain": {"format": "{asctime} {levelname} [{request_id}] {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
