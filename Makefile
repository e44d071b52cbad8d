# kubectl kea. `make help` lists what there is.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
RELEASE := $(shell sed -n 's/^const Version = "\(.*\)"/\1/p' hack/internal/release/release.go)

# The pinned tools are compiled once for each change of their versions.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kubectl-kea
TOOLS := $(CACHE)/tools/$(shell cat hack/tools/go.mod hack/tools/go.sum | cksum | tr -d ' ')

LAB := cd lab && $(GO) run ./cmd/lab
# All of the lab but the binary with Kubernetes in it, which takes minutes to
# compile and holds nothing to test.
LAB_PACKAGES := ./cmd/lab/... ./cmd/pause/... ./internal/...

##@ Build

.PHONY: build
build: ## Build bin/kubectl-kea
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/kubectl-kea ./cmd/kubectl-kea

.PHONY: dist
dist: ## Build the archives of a release for every platform, into dist/
	$(GO) run ./hack/dist -version $(RELEASE) -out dist

.PHONY: krew-manifest
krew-manifest: dist ## Write plugins/krew.yaml from the archives
	$(GO) run ./hack/krew -version $(RELEASE) -dist dist write

.PHONY: docs
docs: ## Write the generated pages and the generated parts of the README
	$(GO) run ./hack/docs

.PHONY: clean
clean: ## Remove what was built; caches stay
	rm -rf bin dist

##@ Check

.PHONY: test
test: ## Run every test; the last line counts them
	@$(GO) build -o bin/testsum ./hack/testsum && bin/testsum

.PHONY: unit
unit: ## Run the unit and golden tests of all modules
	@failed=0; \
	$(GO) test $(TEST_FLAGS) ./... || failed=1; \
	(cd lab && $(GO) test $(TEST_FLAGS) $(LAB_PACKAGES)) || failed=1; \
	exit $$failed

.PHONY: lint
lint: $(TOOLS)/golangci-lint ## Run golangci-lint on the plugin and the lab
	@failed=0; \
	$(TOOLS)/golangci-lint run ./... || failed=1; \
	(cd lab && $(TOOLS)/golangci-lint run --config ../.golangci.yml $(LAB_PACKAGES)) || failed=1; \
	exit $$failed

.PHONY: krew-check
krew-check: $(TOOLS)/krew $(TOOLS)/validate-krew-manifest ## Have krew validate the manifest and install every archive
	$(GO) run ./hack/dist -version $(RELEASE) -out dist/check -quick
	$(GO) run ./hack/krew -version $(RELEASE) -dist dist/check -tools $(TOOLS) check

.PHONY: release-check
release-check: dist $(TOOLS)/krew $(TOOLS)/validate-krew-manifest ## As krew-check with the real archives, and the committed checksums must be exact
	$(GO) run ./hack/krew -version $(RELEASE) -dist dist -tools $(TOOLS) -exact check

.PHONY: verify
verify: docs ## Write the generated pages and fail when they were not current
	git diff --exit-code -- README.md docs
	@test -z "$$(git status --porcelain -- docs)" || { git status --short -- docs; exit 1; }

.PHONY: e2e
e2e: build $(if $(KUBECTL_KEA_E2E_CLUSTER),,deps) ## Run the end-to-end tests in the lab (Linux, root)
	@cd test/e2e && $(GO) test -tags e2e -count=1 -timeout 75m $(E2E_FLAGS) ./...

.PHONY: chaos
chaos: build deps ## Run every fault against every operation that moves a database, and the longer faults of a rotation, for hours, in the lab (Linux, root)
	@cd test/e2e && $(GO) test -tags 'e2e chaos' -count=1 -timeout 6h -run 'TestChaos' $(E2E_FLAGS) ./...

.PHONY: bench
bench: build ## Measure against kubectl; wants KUBECONFIG, takes KUBECTL
	$(GO) run ./hack/bench -binary bin/kubectl-kea $(BENCH_FLAGS)

.PHONY: bench-leases
bench-leases: build ## Measure leases at a million, and what a history costs; wants the scenarios large and load-balancing up, KUBECONFIG and psql, takes KUBECTL
	$(GO) run ./hack/bench-leases -binary bin/kubectl-kea $(BENCH_FLAGS)
	cd lab && $(GO) build -o ../bin/lab ./cmd/lab
	KEALAB_SOURCE=$(CURDIR)/lab $(GO) run ./hack/bench-history -binary bin/kubectl-kea -lab bin/lab $(BENCH_FLAGS)

.PHONY: bench-restore
bench-restore: build ## Measure a restore against one by hand, and cutovers under load; wants the scenario recovery up, KUBECONFIG, takes KUBECTL
	@cd lab && $(GO) build -o ../bin/lab ./cmd/lab
	KEALAB_SOURCE=$(CURDIR)/lab $(GO) run ./hack/bench-restore -binary bin/kubectl-kea $(BENCH_FLAGS)

.PHONY: bench-rotation
bench-rotation: build ## Measure what clients notice of rotations and maintenances; wants the scenario hot-standby up (and load-balancing, or not), KUBECONFIG, takes KUBECTL
	@cd lab && $(GO) build -o ../bin/lab ./cmd/lab
	KEALAB_SOURCE=$(CURDIR)/lab $(GO) run ./hack/bench-rotation -binary bin/kubectl-kea $(BENCH_FLAGS)

.PHONY: bench-carry
bench-carry: ## Measure what carrying leases to another database takes; wants the scenario hot-standby up, KUBECONFIG, takes KUBECTL
	$(GO) run ./hack/bench-carry $(BENCH_FLAGS)

##@ Lab

.PHONY: deps
deps: ## Install the Debian packages that the lab needs
	@hack/deps

.PHONY: demo
demo: deps build ## Raise the lab, let clients take leases, and look at it
	@$(LAB) demo

.PHONY: lab-up
lab-up: deps ## Raise a real cluster on this machine (Linux, root)
	@$(LAB) up $(LAB_FLAGS)

.PHONY: lab-down
lab-down: ## Take it down; nothing stays behind but caches
	@$(LAB) down

.PHONY: lab-status
lab-status: ## Show what of the lab runs
	@$(LAB) status

.PHONY: lab-logs
lab-logs: ## Show the lab's logs
	@$(LAB) logs $(LAB_FLAGS)

.PHONY: lab-shell
lab-shell: ## Open a shell inside the lab's network
	@$(LAB) shell

.PHONY: lab-kubeconfig
lab-kubeconfig: ## Print the path of the lab's kubeconfig
	@$(LAB) kubeconfig

##@ Help

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(TOOLS)/%:
	@echo "compiling $* once$(if $(filter %golangci-lint,$@), (some minutes))" >&2
	@mkdir -p $(TOOLS)
	cd hack/tools && $(GO) build -trimpath -ldflags '-s -w' -o $@ "$$($(GO) list tool | grep '/$*$$')"
