"""Settings, driven by the environment (`.env.example` names every variable).

With nothing set this is the demonstration clinic on SQLite. `PRODUCTION=on` is the real clinic: it refuses to start
without its secrets and turns every protection on.
"""

import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

# One set of zone rules everywhere: the pinned tzdata package, never the machine's own files.
os.environ["PYTHONTZPATH"] = ""
import zoneinfo

zoneinfo.reset_tzpath(to=())

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

PRODUCTION = env.bool("PRODUCTION", default=False)
DEMO = env.bool("DEMO", default=not PRODUCTION)
DEBUG = env.bool("DEBUG", default=False)
TESTING = "pytest" in sys.modules

VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / ".var")))


def required_in_production(name: str, default: str) -> str:
    """The variable `name`; outside production `default` stands in. Raises ImproperlyConfigured naming what is missing."""
    value = env(name, default="")
    if value:
        return value
    if PRODUCTION:
        raise ImproperlyConfigured(
            f"{name} is not set. In production the clinic does not start without it: see .env.example."
        )
    return default


def local_secret() -> str:
    """A random key kept in the working folder, so that log-ins outlive a restart of the demonstration."""
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    kept = VAR_DIR / "secret_key"
    if not kept.exists():
        kept.write_text(secrets.token_urlsafe(50))
        kept.chmod(0o600)
    return kept.read_text().strip()


if PRODUCTION and DEBUG:
    raise ImproperlyConfigured(
        "DEBUG and PRODUCTION are both on. Turn DEBUG off: it shows patients' data in error pages."
    )
if PRODUCTION and DEMO:
    raise ImproperlyConfigured(
        "DEMO and PRODUCTION are both on. Turn DEMO off: its log-ins and its mailbox are public."
    )

SECRET_KEY = required_in_production("SECRET_KEY", "") or local_secret()
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        "SECRET_KEY is shorter than 50 characters. Make one with: python -c 'import secrets; print(secrets.token_urlsafe(64))'"
    )
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = required_in_production("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS holds *. Name the clinic's own host names.")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if PRODUCTION else []

# The clinic itself
CLINIC_NAME = env("CLINIC_NAME", default="Stridewell")
CLINIC_ZONE = env("CLINIC_ZONE", default="Europe/London")
CLINIC_ADDRESS = env("CLINIC_ADDRESS", default="14 Quayside Row, Bristol")
CLINIC_TOWN = env("CLINIC_TOWN", default="Bristol")
CLINIC_PHONE = env("CLINIC_PHONE", default="0117 496 0123")
CLINIC_CURRENCY = "GBP"
SITE_URL = required_in_production("SITE_URL", f"http://127.0.0.1:{env('PORT', default='8000')}").rstrip("/")
VIDEO_PROVIDER = env("VIDEO_PROVIDER", default="template")
VIDEO_ROOM_URL = env("VIDEO_ROOM_URL", default="https://meet.jit.si/{room}")
if "{room}" not in VIDEO_ROOM_URL:
    raise ImproperlyConfigured(
        "VIDEO_ROOM_URL needs {room} where the room's name goes, as in https://meet.clinic.example/{room}"
    )

INSTALLED_APPS = [
    "clinic.core",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_htmx",
    "clinic.audit",
    "clinic.people",
    "clinic.reminders",
    "exercises",
    "bookings",
    "assessments",
    "clinic.dashboard",
    "clinic.api",
    "clinic.demo",
]

MIDDLEWARE = [
    "clinic.core.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "clinic.api.middleware.ErrorShape",
    "clinic.core.middleware.DropBrokenCookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.core.middleware.SessionClock",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "clinic.core.middleware.RefuseNullBytes",
    "clinic.core.kept.LoginRequired",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.people.middleware.SecondFactorRequired",
    "clinic.core.middleware.DomainErrors",
    "clinic.api.middleware.OnceOnly",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
ASGI_APPLICATION = "clinic.asgi.application"
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
                "clinic.core.context.clinic",
            ],
            "builtins": ["django.templatetags.static", "clinic.core.templatetags.look"],
        },
    }
]
FORM_RENDERER = "clinic.core.forms.Renderer"

# Databases
DATABASE_URL = required_in_production("DATABASE_URL", f"sqlite:///{BASE_DIR / 'stridewell.sqlite3'}")
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
SILENCED_SYSTEM_CHECKS = ["models.W040"]  # covering indexes serve PostgreSQL; SQLite keeps the plain ones
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis: cache and broker. Without it the cache lives in the one web process, and a loop does the worker's work.
REDIS_URL = required_in_production("REDIS_URL", "")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = REDIS_URL or None

# Mail
EMAIL_URL = required_in_production("EMAIL_URL", "")
if EMAIL_URL:
    vars().update(environ.Env.email_url_config(EMAIL_URL))
EMAIL_BACKEND = env("EMAIL_BACKEND", default="") or (
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_URL else "clinic.demo.mailbox.Backend"
)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Stridewell <hello@stridewell.test>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
REPLY_TO_EMAIL = env("REPLY_TO_EMAIL", default=DEFAULT_FROM_EMAIL)

# People and log-in
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["clinic.people.backend.Backend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard:today"
ACCOUNT_ADAPTER = "clinic.people.adapter.Adapter"
ACCOUNT_FORMS = {
    "login": "clinic.people.forms.LogIn",
    "signup": "clinic.people.forms.SignUp",
    "reset_password": "clinic.people.forms.AskForReset",
    "reset_password_from_key": "clinic.people.forms.NewPassword",
    "change_password": "clinic.people.forms.ChangePassword",
    "add_email": "clinic.people.forms.AddAddress",
    "change_email": "clinic.people.forms.ChangeAddress",
    "reauthenticate": "clinic.people.forms.ConfirmPassword",
    "confirm_email_verification_code": "clinic.people.forms.AddressCode",
}
MFA_ADAPTER = "clinic.people.adapter.MfaAdapter"
MFA_FORMS = {
    "authenticate": "clinic.people.forms.SecondFactor",
    "reauthenticate": "clinic.people.forms.ConfirmSecondFactor",
    "activate_totp": "clinic.people.forms.ActivateApp",
    "add_webauthn": "clinic.people.forms.AddPasskey",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# By code, not by link: the runner goes on in the same window, and the time they chose is not lost.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = ACCOUNT_LOGIN_TIMEOUT = 30 * 60
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 5
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # this session stays, all the others end (their hash no longer fits)
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "dashboard:home"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = CLINIC_NAME
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = False  # a write per request is too dear; SessionClock keeps the time
MFA_TOTP_TOLERANCE = 1
REQUIRE_MFA = env.bool("REQUIRE_MFA", default=PRODUCTION)

# Sessions end after half an hour without a request, and at the latest after half a day; typed work is kept
# (clinic/core/kept.py).
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(timedelta(minutes=env.int("IDLE_MINUTES", default=30)).total_seconds())
SESSION_ABSOLUTE_HOURS = env.int("SESSION_ABSOLUTE_HOURS", default=12)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "clinic.core.views.csrf_failure"

# Transport and browser
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "payment",
        "usb",
    )
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# Words, zones, files
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = None
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("bootstrap", BASE_DIR / "node_modules" / "bootstrap" / "dist"),
    ("figtree", BASE_DIR / "node_modules" / "@fontsource-variable" / "figtree"),
]
ICONS_DIR = BASE_DIR / "node_modules" / "bootstrap-icons" / "icons"
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = VAR_DIR / "uploads"

# Calendars that therapists keep elsewhere are read from the open network alone, and from what is named here.
OUTSIDE_CALENDAR_NETWORKS = env.list("OUTSIDE_CALENDAR_NETWORKS", default=[])

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "clinic.api.authentication.Token",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["clinic.api.renderers.Json"],
    "DEFAULT_PARSER_CLASSES": ["clinic.api.parsers.Json"],
    "DEFAULT_PAGINATION_CLASS": "clinic.api.pagination.Cursor",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env("API_RATE_ANONYMOUS", default="120/min"),
        "user": env("API_RATE_PERSON", default="600/min"),
        "tokens": "10/min",
    },
    "EXCEPTION_HANDLER": "clinic.api.errors.handle",
    "NUM_PROXIES": env.int("NUM_PROXIES", default=0),
    "ALLOWED_VERSIONS": ["1"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
KNOX_TOKEN_MODEL = "people.ApiToken"
REST_KNOX = {"TOKEN_TTL": timedelta(days=90), "TOKEN_LIMIT_PER_USER": 10, "AUTO_REFRESH": False}
SPECTACULAR_SETTINGS = {
    "TITLE": "Stridewell API",
    "DESCRIPTION": "Booking, exercises, programmes and assessments of a clinic for runners.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "clinic.api.schema.document_shell",
    ],
}

# Jobs: Celery carries the tick and nothing else (clinic/reminders).
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SEND_TASK_EVENTS = False

LOGGING_CONFIG = None
from clinic.core.logs import configure as configure_logs  # noqa: E402 (logging reads the settings above)
from clinic.core.logs import strip_secret_address  # noqa: E402

configure_logs(json=PRODUCTION, level=env("LOG_LEVEL", default="WARNING" if TESTING else "INFO"))

SENTRY_DSN = env("SENTRY_DSN", default="")
if SENTRY_DSN:
    import sentry_sdk

    sentry_sdk.init(
        dsn=SENTRY_DSN,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=strip_secret_address,
    )

if TESTING:
    if REDIS_URL:  # each test process clears a cache of its own
        server, _, number = REDIS_URL.rpartition("/")
        worker = int(env("PYTEST_XDIST_WORKER", default="gw0").removeprefix("gw"))
        CACHES["default"]["LOCATION"] = f"{server}/{int(number) + worker}"
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    DATABASES["default"]["TEST"] = (
        {"NAME": str(VAR_DIR / "test.sqlite3")} if DATABASES["default"]["ENGINE"].endswith("sqlite3") else {}
    )
