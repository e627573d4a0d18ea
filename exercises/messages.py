def register_kinds() -> None:
    """Placeholder until the kinds below are written."""
