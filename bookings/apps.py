from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"
    verbose_name = "Bookings"

    def ready(self) -> None:
        from bookings import messages
        from bookings.background import start_reading
        from bookings.letters import offers as offer_letters
        from bookings.letters import series as series_letters
        from bookings.letters import workshops as workshop_letters
        from bookings.services.ticking import tick
        from clinic.reminders.kinds import register_step

        messages.register_kinds()
        offer_letters.register_kinds()
        series_letters.register_kinds()
        workshop_letters.register_kinds()
        register_step("bookings.tick", tick)
        register_step("bookings.read_outside_calendars", start_reading)
