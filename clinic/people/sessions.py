from importlib import import_module

from django.conf import settings


def forget_ended_sessions() -> None:
    """Delete sessions that have run out, with whatever typed work they still keep. As often as you like."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
