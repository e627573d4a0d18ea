"""A change of zone rules is found and told, never applied by itself."""

from io import StringIO

from django.core.management import call_command

from bookings.models import Appointment
from bookings.services import book_slot


def test_sessions_shifted_by_new_rules_are_listed(visit, hours, therapist, runner, thursday, now, clock) -> None:
    appointment = book_slot(
        service=visit, therapist=therapist.therapist, runner=runner.runner, start=thursday, by=runner, now=now
    )
    out = StringIO()
    call_command("check_zone_rules", stdout=out)
    assert out.getvalue() == "Every coming session stands at the time agreed.\n"
    Appointment.objects.update(
        wall_start="2026-11-26T09:00:00+01:00", start=thursday.replace(hour=8), busy_from=thursday.replace(hour=8)
    )
    out = StringIO()
    call_command("check_zone_rules", stdout=out)
    assert (
        f"{appointment.pk} Europe/London: agreed for 2026-11-26 09:00, now shown as 08:00; 2026-11-26 09:00 UTC would keep it"
        in out.getvalue()
    )
    assert Appointment.objects.get().start == thursday.replace(hour=8)
