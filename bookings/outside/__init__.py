"""Calendars that therapists keep elsewhere: fetched and read in a process of their own, as a stranger's file should be.

Nothing here knows Django or the database. `python -m bookings.outside` takes one question on its standard input and
gives one answer; what it may cost in time, memory and bytes is bounded, whatever the other side sends.
"""
