import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402 (the settings module is named first)

application = get_wsgi_application()
