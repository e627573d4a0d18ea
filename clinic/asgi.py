import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

from django.core.asgi import get_asgi_application  # noqa: E402 (the settings module is named first)

application = get_asgi_application()
