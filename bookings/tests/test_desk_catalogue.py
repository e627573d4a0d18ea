"""Staff change services, rooms and equipment, in sentences, with a trace."""

from collections.abc import Callable

import pytest
from django.test import Client

from bookings.models import Equipment, Service, TreatmentRoom
from bookings.services.catalogue import save_equipment, save_room, save_service
from clinic.audit.models import Event
from clinic.core.errors import DomainError, Forbidden
from clinic.people.models import User

pytestmark = pytest.mark.django_db

TYPED = {
    "name": "Run lab, treadmill",
    "summary": "",
    "place": "clinic",
    "price": "120.50",
    "minutes": "60",
    "buffer_before_min": "0",
    "buffer_after_min": "10",
    "slot_step_min": "30",
    "min_notice_min": "120",
    "horizon_days": "60",
    "change_notice_h": "24",
    "late_fee_percent": "50",
    "equipment_kind": "treadmill",
    "position": "9",
    "is_active": "on",
}


def test_a_service_is_entered_and_changed_with_all_its_rules(
    staff: User, therapist: User, other_therapist: User, client_of: Callable[[User], Client]
) -> None:
    save_equipment(piece=None, name="Treadmill 1", kind="Treadmill", is_active=True, by=staff)
    desk = client_of(staff)
    people = [therapist.therapist.pk, other_therapist.therapist.pk]
    assert desk.post("/services/new/", {**TYPED, "therapists": people})["Location"] == "/services/"
    made = Service.objects.get()
    assert (made.slug, made.price_pence, made.equipment_kind, made.therapists.count()) == (
        "run-lab-treadmill",
        12050,
        "treadmill",
        2,
    )
    desk.post(f"/services/{made.slug}/", {**TYPED, "minutes": "75", "therapists": people[:1]})
    made.refresh_from_db()
    assert (made.slug, made.minutes, list(made.therapists.all())) == ("run-lab-treadmill", 75, [therapist.therapist])
    changed = Event.objects.get(action="service.changed").changes
    assert changed["minutes"] == [60, 75]
    assert changed.keys() == {"minutes", "therapists"}
    wrong = desk.post(f"/services/{made.slug}/", {**TYPED, "minutes": "3", "price": "x"})
    assert wrong.status_code == 422
    assert "A whole number from 5 to 480." in wrong.content.decode()
    assert "Pounds and pence, as in 68.50." in wrong.content.decode()
    assert 'value="Run lab, treadmill"' in wrong.content.decode()
    made.refresh_from_db()
    assert made.minutes == 75


def test_the_verbs_refuse_what_cannot_be(staff: User, therapist: User, visit: Service) -> None:
    with pytest.raises(Forbidden):
        save_service(service=visit, rules={"name": "Mine"}, therapists=[], by=therapist)
    for rules, field in (
        ({"minutes": 2}, "__all__"),
        ({"equipment_kind": "sauna"}, "equipment_kind"),
        ({"name": ""}, "name"),
    ):
        with pytest.raises(DomainError) as refused:
            save_service(service=visit, rules=rules, therapists=[], by=staff)
        assert field in refused.value.fields
    visit.refresh_from_db()
    assert (visit.minutes, visit.name, visit.therapists.count()) == (45, "Follow-up", 1)


def test_rooms_and_equipment_are_added_renamed_and_taken_out_of_use(
    staff: User, visit: Service, client_of: Callable[[User], Client]
) -> None:
    desk = client_of(staff)
    desk.post("/rooms/", {"do": "room", "room-name": "Room 1", "room-is_active": "on"})
    room = TreatmentRoom.objects.get()
    again = desk.post("/rooms/", {"do": "room", "room-name": "Room 1", "room-is_active": "on"})
    assert (again.status_code, TreatmentRoom.objects.count()) == (422, 1)
    assert "There is one of this name already." in again.content.decode()
    prefix = f"room-{room.pk}"
    desk.post("/rooms/", {"do": "room", "pk": room.pk, f"{prefix}-name": "Blue room"})
    room.refresh_from_db()
    assert (room.name, room.is_active) == ("Blue room", False)
    piece = save_equipment(piece=None, name="Treadmill 1", kind="treadmill", is_active=True, by=staff)
    Service.objects.filter(pk=visit.pk).update(equipment_kind="treadmill")
    with pytest.raises(DomainError) as refused:
        save_equipment(piece=piece, name="Treadmill 1", kind="treadmill", is_active=False, by=staff)
    assert refused.value.code == "still_needed"
    save_equipment(piece=None, name="Treadmill 2", kind="treadmill", is_active=True, by=staff)
    save_equipment(piece=piece, name="Treadmill 1", kind="treadmill", is_active=False, by=staff)
    assert list(Equipment.objects.filter(is_active=True).values_list("name", flat=True)) == ["Treadmill 2"]
    with pytest.raises(Forbidden):
        save_room(room=None, name="x", is_active=True, by=visit.therapists.get().user)
    assert desk.post("/rooms/", {"do": "room", "pk": "x", "room-x-name": "y"}).status_code == 404
    assert Event.objects.filter(action__in=("treatmentroom.entered", "treatmentroom.changed")).count() == 2


def test_the_back_office_only_looks_at_the_catalogue(client_of, staff, visit) -> None:
    staff.is_staff = staff.is_superuser = True
    staff.save()
    room = TreatmentRoom.objects.create(name="Room 1")
    desk = client_of(staff)
    for thing in (visit, room):
        url = f"/admin/bookings/{thing._meta.model_name}/"
        assert desk.get(f"{url}{thing.pk}/change/").status_code == 200
        assert desk.post(f"{url}{thing.pk}/change/", {"name": "Another name"}).status_code == 403
        assert desk.get(f"{url}add/").status_code == 403
        thing.refresh_from_db()
        assert thing.name != "Another name"
