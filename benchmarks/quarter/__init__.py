"""A quarter of the clinic in minutes: `python -m benchmarks.quarter`."""
