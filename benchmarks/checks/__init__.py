"""The ten hard things of booking, each a check that one command repeats: `python -m benchmarks.checks 1` to `10`."""
