# make run    the whole clinic on http://127.0.0.1:8000 (PORT=8123 make run moves it)
# make test   the whole suite, on SQLite and, where they answer, on PostgreSQL and Redis

PYTHON := $(shell for name in python3.13 python3.12 python3.11 python3 python; do command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)

.PHONY: run test check clean

run test check: .python
	@$(PYTHON) -B clinic/make.py $@

.PHONY: .python
.python:
	@test -n "$(PYTHON)" || { echo "Stridewell needs Python 3.11 or newer, and this machine has none on its PATH. Install it and try again." >&2; exit 1; }

clean:
	rm -rf .venv node_modules .var staticfiles stridewell.sqlite3 stridewell.sqlite3-shm stridewell.sqlite3-wal
