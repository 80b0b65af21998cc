# The same scripts as package.json, for hands that type make. Needs Node 20 or newer and npm, nothing else.
PNPM := npx -y pnpm@12

.DEFAULT_GOAL := help
.PHONY: help install build test lint verify start clean

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 12

install: ## Install exactly what the lockfile says
	$(PNPM) install --frozen-lockfile

build: install ## Compile every package and app
	$(PNPM) run build

test: install ## Run every test
	$(PNPM) test

lint: install ## Lint, with types
	$(PNPM) run lint

verify: install ## Format, lint, types, unused code, unit tests: what CI asks first
	$(PNPM) run verify

start: install ## Run Millrace on an embedded PostgreSQL
	$(PNPM) start

clean: ## Remove everything that a build or a test run leaves behind
	$(PNPM) run clean
