from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"
    verbose_name = "Bookings"

    def ready(self) -> None:
        from bookings import messages, offer_letters, series_letters, workshop_letters
        from bookings.background import start_reading
        from bookings.services.ticking import tick
        from clinic.reminders.kinds import register_step

        messages.register_kinds()
        offer_letters.register_kinds()
        series_letters.register_kinds()
        workshop_letters.register_kinds()
        register_step("bookings.tick", tick)
        register_step("bookings.read_outside_calendars", start_reading)
