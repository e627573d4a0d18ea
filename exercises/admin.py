"""The back office: the library and the records may be looked at, and are changed through the app alone."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from exercises.models import Exercise


@admin.register(Exercise)
class ExerciseAdmin(ModelAdmin):
    """Read only: the library is its files. Programmes, logs and races are clinical and stand on no page of the back office."""

    list_display = ("name", "category", "difficulty", "dose_words", "is_active")
    list_filter = ("category", "difficulty", "is_active")
    search_fields = ("name", "slug")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
