from rest_framework.pagination import CursorPagination


class Cursor(CursorPagination):
    """Pages by cursor: stable while rows come and go. Views name their `ordering`; without one, newest rows first."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "-pk"
