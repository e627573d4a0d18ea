"""Typed work outlives a log-in that ran out: it is kept, and stands in the form again after log-in."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponseBase, JsonResponse, QueryDict

SESSION_KEY = "kept_work"
OWNER_COOKIE = "last_person"
OWNER_SALT = "clinic.core.kept"
OWNER_AGE = timedelta(hours=12)
LARGEST = 100_000  # characters of form data worth keeping in a session
SECRETS = ("csrfmiddlewaretoken", "password", "password1", "password2", "code", "token")


class LoginRequired(LoginRequiredMiddleware):
    """Every page needs a log-in unless its view is marked `public`.

    A form that arrives after the session has ended is kept (without secrets) for the person whose session it was,
    and shown again by `typed` once that same person is back.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = super().__call__(request)  # type: ignore[assignment]  # the sync chain
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            owner = signing.dumps(str(user.pk), salt=OWNER_SALT)
            if read_owner(request) != str(user.pk):
                response.set_cookie(
                    OWNER_COOKIE, owner, max_age=OWNER_AGE, httponly=True, samesite="Lax", secure=request.is_secure()
                )
        return response

    def handle_no_permission(self, request: Any, view_func: object) -> HttpResponseBase:  # type: ignore[override]
        if request.path.startswith("/api/"):
            return JsonResponse(
                {
                    "code": "not_authenticated",
                    "message": "Log in, or send a token.",
                    "fields": {},
                    "request_id": request.id,
                },  # type: ignore[attr-defined]
                status=401,
            )
        if request.method != "POST":
            return self.to_login(request, request.get_full_path())
        owner, data = read_owner(request), without_secrets(request.POST)
        came_from = urlsplit(request.headers.get("Referer", ""))
        page = request.get_full_path()
        if came_from.netloc == request.get_host() and came_from.path:
            page = came_from.path + (f"?{came_from.query}" if came_from.query else "")
        if owner and len(data) <= LARGEST:
            request.session[SESSION_KEY] = {"owner": owner, "path": urlsplit(page).path, "data": data}
        return self.to_login(request, page)

    def to_login(self, request: HttpRequest, page: str) -> HttpResponseBase:
        """To the log-in page, and from there to `page`; htmx is told to move the whole window."""
        response = redirect_to_login(page)
        if request.headers.get("HX-Request"):
            response.status_code = 204
            response["HX-Redirect"] = response["Location"]
        return response


def read_owner(request: HttpRequest) -> str:
    try:
        return str(signing.loads(request.COOKIES.get(OWNER_COOKIE, ""), salt=OWNER_SALT, max_age=OWNER_AGE))
    except signing.BadSignature:
        return ""


def without_secrets(data: QueryDict) -> str:
    kept = data.copy()
    for name in SECRETS:
        kept.pop(name, None)
    return kept.urlencode()


def typed(request: HttpRequest) -> QueryDict | None:
    """What to fill a form with: the posted data, or what the same person had typed on this page before the log-in ran out.

    None when there is neither, so that `Form(typed(request))` starts unbound. Kept work is handed out once.
    """
    if request.method == "POST":
        return request.POST
    kept = request.session.get(SESSION_KEY)
    if not kept or kept["path"] != request.path or kept["owner"] != str(request.user.pk):
        return None
    del request.session[SESSION_KEY]
    request.kept_work = True  # type: ignore[attr-defined]  # the page says so
    return QueryDict(kept["data"])


def forget_strangers_work(sender: object, request: HttpRequest, user: object, **_: object) -> None:
    """Somebody else logged in on this browser: what the last person typed is gone."""
    kept = request.session.get(SESSION_KEY)
    if kept and kept["owner"] != str(getattr(user, "pk", "")):
        del request.session[SESSION_KEY]


user_logged_in.connect(forget_strangers_work, dispatch_uid="core.forget_strangers_work")
