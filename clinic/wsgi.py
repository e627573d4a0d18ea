import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 (imports every view now, so that no visitor waits for it)
