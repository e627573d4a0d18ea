import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
# Under ASGI every request has a thread, and so a database connection, of its own: kept ones would pile up until
# PostgreSQL refuses more.
os.environ.setdefault("CONN_MAX_AGE", "0")

from django.core.asgi import get_asgi_application
from django.urls import get_resolver

application = get_asgi_application()
get_resolver().url_patterns  # noqa: B018 (imports every view now, so that no visitor waits for it)
