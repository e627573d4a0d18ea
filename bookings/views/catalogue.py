"""Services, rooms and equipment: the lists, and the forms that change them. Staff alone."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bookings.forms.catalogue import EquipmentForm, RoomForm, ServiceForm
from bookings.models import Appointment, Equipment, Service, TreatmentRoom
from bookings.services.catalogue import save_equipment, save_room, save_service
from bookings.views.reader import signed_in
from clinic.core.errors import DomainError
from clinic.core.kept import typed
from clinic.people.access import role_required


@role_required("staff")
@require_safe
def service_list(request: HttpRequest) -> HttpResponse:
    """What can be booked, with its rules."""
    found = Service.objects.annotate(people=Count("therapists", distinct=True))
    return render(request, "bookings/services.html", {"services": found.order_by("-is_active", "position", "name")})


@role_required("staff")
@require_http_methods(["GET", "HEAD", "POST"])
def service_edit(request: HttpRequest, slug: str = "") -> HttpResponse:
    """One service, or a new one."""
    service = get_object_or_404(Service, slug=slug) if slug else None
    form = ServiceForm(typed(request), service=service)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                saved = save_service(
                    service=service,
                    rules=form.rules(),
                    therapists=form.cleaned_data["therapists"],
                    by=signed_in(request),
                )
            except DomainError as refused:
                blame(form, refused)
            else:
                messages.success(request, f"“{saved.name}” is saved. Sessions booked already stay as they were agreed.")
                return redirect("bookings:services")
    coming = Appointment.objects.upcoming(timezone.now()).filter(service=service).count() if service else 0
    return render(
        request, "bookings/service_edit.html", {"form": form, "service": service, "coming": coming}, status=status
    )


@role_required("staff")
@require_http_methods(["GET", "HEAD", "POST"])
def rooms(request: HttpRequest) -> HttpResponse:
    """Treatment rooms and equipment. Each row is a form of its own; `do` says what was sent, `pk` which row."""
    sent = typed(request)
    do, pk = (sent.get("do", ""), sent.get("pk", "")) if sent else ("", "")
    status = 200
    tried: Any = None
    if sent is not None and do in ("room", "equipment"):
        tried = (RoomForm if do == "room" else EquipmentForm)(sent, prefix=f"{do}-{pk}" if pk else do)
    if request.method == "POST":
        if tried is None:
            raise DomainError("We could not tell what to save. Open the page again.", code="bad_form")
        status = 422
        if tried.is_valid():
            try:
                saved = save_row(request, do, pk, tried.cleaned_data)
            except DomainError as refused:
                blame(tried, refused)
                status = refused.status
            else:
                messages.success(request, f"{saved.name} is saved. What is booked stays booked.")
                return redirect("bookings:rooms")

    def form_of(kind: str, row: Any) -> Any:
        prefix = f"{kind}-{row.pk}" if row is not None else kind
        if tried is not None and tried.prefix == prefix:
            return tried
        initial = {"name": row.name, "is_active": row.is_active, "kind": getattr(row, "kind", "")} if row else None
        return (RoomForm if kind == "room" else EquipmentForm)(prefix=prefix, initial=initial)

    context = {
        "rooms": [(each, form_of("room", each)) for each in TreatmentRoom.objects.order_by("position", "name")],
        "pieces": [(each, form_of("equipment", each)) for each in Equipment.objects.order_by("position", "name")],
        "new_room": form_of("room", None),
        "new_piece": form_of("equipment", None),
    }
    return render(request, "bookings/rooms.html", context, status=status)


def save_row(request: HttpRequest, do: str, pk: str, typed_in: dict[str, Any]) -> Any:
    """Write the row. Raises Http404 for one that does not exist."""
    model: Any = TreatmentRoom if do == "room" else Equipment
    row = get_object_or_404(model, pk=int(pk) if pk.isdecimal() and len(pk) < 10 else 0) if pk else None
    if do == "room":
        return save_room(room=row, **typed_in, by=signed_in(request))
    return save_equipment(piece=row, **typed_in, by=signed_in(request))


def blame(form: Any, refused: DomainError) -> None:
    """The refusal at the fields it is about, or above the form."""
    known = {("price" if name == "price_pence" else name): said for name, said in refused.fields.items()}
    placed = {name: said for name, said in known.items() if name in form.fields}
    for name, said in placed.items():
        form.add_error(name, said)
    if not placed:
        form.add_error(None, refused.message)
