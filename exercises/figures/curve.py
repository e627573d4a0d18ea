"""A closed curve through the values of the key frames, without overshoot."""

from bisect import bisect_right
from collections.abc import Sequence


class LoopCurve:
    """Periodic monotone cubic through ``(times, values)``; the first value returns at ``period`` (seconds).

    Rests are two knots with the same value: the slope there is nought, so nothing drifts or springs.
    Source: Fritsch and Carlson 1980, SIAM J. Numer. Anal. 17:238-246, with the harmonic mean of Fritsch and Butland 1984.
    """

    def __init__(self, times: Sequence[float], values: Sequence[float], period: float) -> None:
        self.times = [*times, times[0] + period]
        self.values = [*values, values[0]]
        self.period = period
        self.slopes = self._slopes()

    def _slopes(self) -> list[float]:
        steps = [b - a for a, b in zip(self.times, self.times[1:], strict=False)]
        rises = [(b - a) / step for a, b, step in zip(self.values, self.values[1:], steps, strict=False)]
        slopes = []
        for i in range(len(rises)):
            before, after = rises[i - 1], rises[i]
            if before * after <= 0:
                slopes.append(0.0)
                continue
            left, right = 2 * steps[i] + steps[i - 1], steps[i] + 2 * steps[i - 1]
            slopes.append((left + right) / (left / before + right / after))
        return [*slopes, slopes[0]]

    def __call__(self, time: float) -> float:
        time = self.times[0] + (time - self.times[0]) % self.period
        i = min(bisect_right(self.times, time), len(self.times) - 1) - 1
        width = self.times[i + 1] - self.times[i]
        s = (time - self.times[i]) / width
        return (
            (1 + 2 * s) * (1 - s) ** 2 * self.values[i]
            + s * (1 - s) ** 2 * width * self.slopes[i]
            + s * s * (3 - 2 * s) * self.values[i + 1]
            + s * s * (s - 1) * width * self.slopes[i + 1]
        )
