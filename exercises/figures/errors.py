"""What can be wrong with a figure's data."""


class FigureError(ValueError):
    """A figure entry that cannot be drawn: says which file, which line, which key, and what to do.

    ``path`` is the way to the key inside the entry, as ("side", "frames", 2, "hip").
    """

    def __init__(self, message: str, *, path: tuple = (), source: str = "", line: int | None = None) -> None:
        self.reason = message
        self.path = path
        self.source = source
        self.line = line
        super().__init__(message)

    def __str__(self) -> str:
        place = self.source or "figure"
        if self.line is not None:
            place += f":{self.line}"
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).lstrip(".")
        return f"{place}: {key}: {self.reason}" if key else f"{place}: {self.reason}"

    def at(self, *, source: str, lines: dict[tuple, int]) -> "FigureError":
        """The same error with its file and the line of the nearest key that is written there."""
        path = self.path
        while path and path not in lines:
            path = path[:-1]
        return FigureError(self.reason, path=self.path, source=source, line=lines.get(path, 1))
