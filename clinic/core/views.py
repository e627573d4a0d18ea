from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", {"page": request.get_full_path()}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What could not even be read; for what is too large the page says so."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        reason = "That was more than we can take at once. Nothing was stored. Go back, shorten it, and send it again."
        return render(request, "400.html", {"reason": reason}, status=413)
    return render(request, "400.html", status=400)
