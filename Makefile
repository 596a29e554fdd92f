# The two commands of a newcomer are `make run` and `make test`; CI calls the same targets (.ci/run).

SHELL := /bin/bash
CARGO ?= cargo

# In CI the artefacts live outside the checkout, so that a clean clone does not compile the world again.
ifeq ($(CI),true)
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/stopover-target
endif

.DEFAULT_GOAL := help
.PHONY: help run build test test-long bench bench-visible measure fmt lint deny docs dist clean prepare

help: ## Show what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

run: ## Build the server and serve the demo city on http://127.0.0.1:8080
	$(CARGO) run --release -- serve --demo

build: ## Build the release binary
	$(CARGO) build --release

test: prepare ## Run all tests on SQLite and on a throw-away PostgreSQL cluster
	scripts/with-postgres $(CARGO) test

test-long: prepare ## Run all tests, the long ones included, with more random cases
	PROPTEST_CASES=4096 STOPOVER_LONG=1 scripts/with-postgres $(CARGO) test -- --include-ignored

bench: ## Measure search and availability (STOPOVER_BENCH_LISTINGS=1000000 for a large corpus; docs/PERFORMANCE.md)
	$(CARGO) bench --bench percentiles --bench availability --bench search --bench edge --bench ledger

bench-visible: prepare ## Measure how soon a commit shows in searches, on SQLite and between two PostgreSQL nodes
	scripts/with-postgres $(CARGO) bench --bench visible

measure: build ## Measure the program from outside with Boston (STOPOVER_SHARED or ../shared/data/boston)
	scripts/measure --boston $(or $(STOPOVER_SHARED),../shared)/data/boston

fmt: ## Format the sources
	$(CARGO) fmt

lint: ## Check formatting and lints; warnings are errors
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings

deny: ## Check licences and advisories of the dependencies, where cargo-deny is installed
	@if command -v cargo-deny >/dev/null; then cargo deny check; \
	else echo "!!! cargo-deny is NOT installed: licences and advisories were NOT checked" >&2; fi

docs: ## Write docs/openapi.json and build the documentation of the sources
	$(CARGO) run --quiet -- export-openapi >docs/openapi.json
	$(CARGO) doc --no-deps --document-private-items

dist: ## Build the static binary that the container image and the releases ship
	RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs" $(CARGO) build --profile dist --target x86_64-unknown-linux-gnu

clean: ## Remove build artefacts; the data folder stays
	$(CARGO) clean

prepare:
	@scripts/prepare-tests
