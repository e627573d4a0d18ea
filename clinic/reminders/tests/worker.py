"""A reminders worker for crash tests and the benchmark: the command itself, with a kind of its own and a short lease.

python -m clinic.reminders.tests.worker LEASE_SECONDS
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"


def main(lease_s: float) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    import django
    from django.conf import settings

    settings.TEMPLATES[0]["DIRS"] = [TEMPLATES, *settings.TEMPLATES[0]["DIRS"]]
    django.setup()
    from django.core.management import call_command

    from clinic.reminders import claims, kinds

    kinds.register(kinds.Kind("drill", "plain"))
    kinds._planners.clear()
    claims.LEASE = timedelta(seconds=lease_s)
    call_command("run_reminders", every=0.05)


if __name__ == "__main__":
    main(float(sys.argv[1]))
