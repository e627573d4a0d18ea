"""Searching a library of 2,000 exercises: the shipped ones, over and over, in the index that every search asks.

    python benchmarks/search.py

Prints the median of each query, and what the index took to make. No database: the index is the same for both.
"""

import copy
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

MANY, TARGET_MS = 2_000, 30.0
QUERIES = ("squat", "clam shell", "IT band", "hamstrng strech", "shin", "calf raise bent", "zzzz")


def main() -> None:
    import django

    django.setup()
    from exercises.library import read_all
    from exercises.models import Exercise
    from exercises.search import Index
    from exercises.shelves import SHELVES

    shipped = [Exercise(pk=number, slug=entry.slug, **entry.values) for number, entry in enumerate(read_all())]
    library = []
    for number in range(MANY):
        each = copy.copy(shipped[number % len(shipped)])
        each.pk, each.name = number, f"{each.name} {number // len(shipped)}"
        library.append(each)
    begun = time.perf_counter()
    index = Index(library)
    print(f"search: {MANY:,} exercises, index made in {(time.perf_counter() - begun) * 1000:.0f} ms")
    worst = 0.0
    for query in QUERIES:
        samples = []
        for _ in range(50):
            begun = time.perf_counter()
            answer = index.search(query)
            found = answer.narrow({"level": "easy"})
            counts = [answer.count({"level": "easy"}, shelf) for shelf in SHELVES]
            samples.append((time.perf_counter() - begun) * 1000)
        worst = max(worst, statistics.median(samples))
        print(
            f"  {query:18} {statistics.median(samples):6.2f} ms  {len(answer.places)} found, {len(found)} of them easy, {len(counts)} shelves counted"
        )
    print(f"  slowest median {worst:.2f} ms (target {TARGET_MS:.0f})")
    raise SystemExit(worst > TARGET_MS)


if __name__ == "__main__":
    main()
