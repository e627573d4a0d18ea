"""What must not be true after a quarter, each asked in plain SQL, past every model and service of ours."""

from datetime import datetime

from benchmarks.checks.stage import asked_of_the_database, overlaps

KEEPS = "a.state <> 'cancelled'"
SESSION = f"a.workshop_id IS NULL AND a.hold_expires_at IS NULL AND {KEEPS}"


def violations(now: datetime, kind: str) -> dict[str, int]:
    """Name of each rule -> how often it is broken at the end, `now`. `kind` is "postgres" or "sqlite"."""
    postgres = kind == "postgres"
    at = now.isoformat(sep=" ")[:19] + ("+00" if postgres else "")
    weekday = (
        "(EXTRACT(ISODOW FROM substr(a.wall_start, 1, 10)::date) - 1)"
        if postgres
        else "((CAST(strftime('%%w', substr(a.wall_start, 1, 10)) AS INTEGER) + 6) %% 7)"
    )
    date = "substr(a.wall_start, 1, 10)" + ("::date" if postgres else "")
    begins = "substr(a.wall_start, 12, 5)" + ("::time" if postgres else "")
    length = (
        'EXTRACT(EPOCH FROM a."end" - a.start) / 60'
        if postgres
        else "(strftime('%%s', a.\"end\") - strftime('%%s', a.start)) / 60"
    )

    def minutes(clock: str) -> str:
        """A wall time as minutes of the day."""
        if postgres:
            return f"(EXTRACT(EPOCH FROM {clock}) / 60)"
        return f"(CAST(substr({clock}, 1, 2) AS INTEGER) * 60 + CAST(substr({clock}, 4, 2) AS INTEGER))"

    def covers(table: str) -> str:
        """Whether the row's wall times hold the whole session; 00:00 as an end is midnight."""
        ends = f"CASE WHEN {minutes(table + '.ends')} = 0 THEN 1440 ELSE {minutes(table + '.ends')} END"
        return f"{minutes(table + '.starts')} <= {minutes(begins)} AND {minutes(begins)} + {length} <= {ends}"

    same_instant = (
        "a.wall_start::timestamptz = a.start"
        if postgres
        else "CAST(strftime('%%s', a.wall_start) AS INTEGER) = CAST(strftime('%%s', a.start) AS INTEGER)"
    )
    on_the_clock = (
        "to_char(a.start AT TIME ZONE a.zone, 'YYYY-MM-DD\"T\"HH24:MI') = substr(a.wall_start, 1, 16)"
        if postgres
        else same_instant
    )
    appointment = (
        "r.subject = 'appointment:' || a.id::text"
        if postgres
        else "r.subject = 'appointment:' || substr(a.id,1,8)||'-'||substr(a.id,9,4)||'-'||substr(a.id,13,4)||'-'||substr(a.id,17,4)||'-'||substr(a.id,21)"
    )
    subject = (
        "e.subject_id = a.id::text" if postgres else appointment.replace("r.subject", "'appointment:' || e.subject_id")
    )
    told_why = (
        "EXISTS (SELECT 1 FROM audit_event e WHERE e.subject_type = 'bookings.appointment' AND "
        f"{subject} AND e.reason <> '' AND e.action IN ('appointment.booked', 'appointment.moved', 'appointment.resized'))"
    )
    last_placed = (
        "(SELECT MAX(e.id) FROM audit_event e WHERE e.subject_type = 'bookings.appointment' AND "
        f"{subject} AND e.action IN ('appointment.booked', 'appointment.moved', 'appointment.held', 'offer.made'))"
    )
    asked = {
        "sessions outside opening hours without a reason": f"""
            SELECT COUNT(*) FROM bookings_appointment a WHERE {SESSION} AND NOT {told_why}
            AND NOT EXISTS (SELECT 1 FROM bookings_travel t WHERE t.therapist_id = a.therapist_id)
            AND NOT EXISTS (SELECT 1 FROM bookings_weeklyhours h WHERE h.therapist_id = a.therapist_id
                AND h.weekday = {weekday} AND h.valid_from <= {date}
                AND (h.valid_until IS NULL OR h.valid_until >= {date}) AND {covers("h")})
            AND NOT EXISTS (SELECT 1 FROM bookings_override o WHERE o.therapist_id = a.therapist_id
                AND o."on" = {date} AND NOT o.closed AND {covers("o")})""",
        "sessions on a day that an override closes": f"""
            SELECT COUNT(*) FROM bookings_appointment a JOIN bookings_override o
            ON o.therapist_id = a.therapist_id AND o."on" = {date} AND o.closed AND o.starts IS NULL
            WHERE {SESSION} AND NOT {told_why}""",
        "sessions put into time off that was known": f"""
            SELECT COUNT(*) FROM bookings_appointment a JOIN bookings_timeoff t ON t.therapist_id = a.therapist_id
            AND t.start < a."end" AND t."end" > a.start WHERE {SESSION} AND NOT {told_why}
            AND {last_placed} > (SELECT MIN(e.id) FROM audit_event e WHERE e.action = 'time_off.added'
                AND e.subject_id = CAST(t.id AS varchar))""",
        "sessions over a time an outside calendar calls busy": f"""
            SELECT COUNT(*) FROM bookings_appointment a JOIN bookings_outsidebusy b ON b.therapist_id = a.therapist_id
            AND b.start < a."end" AND b."end" > a.start WHERE {SESSION} AND NOT {told_why}""",
        "wall time that is not the instant": f"SELECT COUNT(*) FROM bookings_appointment a WHERE NOT ({same_instant})",
        "wall time that is not the zone's": f"SELECT COUNT(*) FROM bookings_appointment a WHERE NOT ({on_the_clock})",
        "sessions whose length is not their time": f"""
            SELECT COUNT(*) FROM bookings_appointment a JOIN bookings_service s ON s.id = a.service_id WHERE {SESSION}
            AND {length} <> s.minutes AND NOT EXISTS (SELECT 1 FROM bookings_change c WHERE c.appointment_id = a.id
                AND c.kind = 'resized')""",
        "workshops with more seats than their capacity": "SELECT COUNT(*) FROM bookings_workshop w WHERE w.seats_taken > w.capacity",
        "seats lost or counted twice": """
            SELECT COUNT(*) FROM bookings_workshop w WHERE w.state = 'planned' AND w.seats_taken <> (SELECT COUNT(*)
            FROM bookings_seat s WHERE s.workshop_id = w.id AND s.state IN ('taken', 'offered'))""",
        "seats of workshops that were cancelled": """
            SELECT COUNT(*) FROM bookings_seat s JOIN bookings_workshop w ON w.id = s.workshop_id
            WHERE w.state = 'cancelled' AND s.state <> 'cancelled'""",
        "runners in a workshop and a session at once": f"""
            SELECT COUNT(*) FROM bookings_seat s JOIN bookings_appointment w ON w.workshop_id = s.workshop_id
            JOIN bookings_appointment a ON a.runner_id = s.runner_id AND a.start < w."end" AND w.start < a."end"
            WHERE s.state = 'taken' AND s.friend = '' AND w.state <> 'cancelled' AND {SESSION}""",
        "wishes with two winners": """
            SELECT COUNT(*) FROM (SELECT o.entry_id FROM bookings_offer o WHERE o.state = 'accepted'
            AND o.entry_id IS NOT NULL GROUP BY o.entry_id HAVING COUNT(*) > 1) twice""",
        "wishes called booked that nobody accepted": """
            SELECT COUNT(*) FROM bookings_waitlistentry w WHERE w.state = 'booked' AND NOT EXISTS
            (SELECT 1 FROM bookings_offer o WHERE o.entry_id = w.id AND o.state = 'accepted')""",
        "offers open past their time": f"SELECT COUNT(*) FROM bookings_offer o WHERE o.state = 'open' AND o.answer_until <= '{at}'",
        "open offers that keep no time": """
            SELECT COUNT(*) FROM bookings_offer o JOIN bookings_appointment a ON a.id = o.hold_id
            WHERE o.state = 'open' AND a.state <> 'held'""",
        "ended offers that still keep a time": """
            SELECT COUNT(*) FROM bookings_offer o JOIN bookings_appointment a ON a.id = o.hold_id
            WHERE o.state IN ('declined', 'expired', 'withdrawn') AND a.state = 'held'""",
        "holds without an end or longer than a week": """
            SELECT COUNT(*) FROM bookings_appointment a WHERE a.state = 'held' AND (a.hold_expires_at IS NULL
            OR a.hold_expires_at > a.start)""",
        "messages doubled under one key": """
            SELECT COUNT(*) FROM (SELECT 1 FROM reminders_reminder r GROUP BY r.person_id, r.subject, r.kind, r.occasion,
            r.channel HAVING COUNT(*) > 1) twice""",
        "messages that failed or hang": "SELECT COUNT(*) FROM reminders_reminder r WHERE r.state IN ('failed', 'unknown', 'claimed')",
        "reminders sent after their session was cancelled": f"""
            SELECT COUNT(*) FROM bookings_appointment a JOIN reminders_reminder r ON {appointment}
            WHERE a.state = 'cancelled' AND r.state = 'sent' AND r.kind IN ('visit_24h', 'visit_1h')
            AND r.sent_at > a.cancelled_at""",
        "reminders waiting for a session that is cancelled": f"""
            SELECT COUNT(*) FROM bookings_appointment a JOIN reminders_reminder r ON {appointment}
            WHERE a.state = 'cancelled' AND r.state = 'due' AND r.kind IN ('visit_24h', 'visit_1h', 'booked', 'moved', 'resized')""",
        "sessions to come without their reminder": f"""
            SELECT COUNT(*) FROM bookings_appointment a WHERE {SESSION} AND a.state = 'booked' AND a.start > '{at}'
            AND NOT EXISTS (SELECT 1 FROM reminders_reminder r WHERE {appointment}
                AND r.kind IN ('visit_24h', 'visit_1h') AND r.state IN ('due', 'sent'))""",
        "sessions with two reminders of one kind to come": f"""
            SELECT COUNT(*) FROM (SELECT a.id, r.kind FROM bookings_appointment a JOIN reminders_reminder r ON {appointment}
            WHERE r.state = 'due' AND r.kind IN ('visit_24h', 'visit_1h') GROUP BY a.id, r.kind HAVING COUNT(*) > 1) twice""",
        "sessions that began and stand as a hold": f"""
            SELECT COUNT(*) FROM bookings_appointment a JOIN bookings_offer o ON o.hold_id = a.id
            WHERE a.state = 'held' AND a.start <= '{at}'""",
        "days with more sessions than the limit": f"""
            SELECT COUNT(*) FROM (SELECT a.therapist_id, {date} AS day FROM bookings_appointment a
            JOIN bookings_dailycap c ON c.therapist_id = a.therapist_id AND c.service_id IS NULL
            WHERE {SESSION} AND NOT {told_why} GROUP BY a.therapist_id, {date} HAVING COUNT(*) > MIN(c.most)) over_it""",
    }
    found = {f"overlaps of one {name}": count for name, count in overlaps().items()}
    return found | {name: asked_of_the_database(sql)[0][0] for name, sql in asked.items()}
