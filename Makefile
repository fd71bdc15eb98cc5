# Relève. `make help` lists the targets; `make check` is exactly what CI runs.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
GO          ?= go
BIN         := bin/releve
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
LDFLAGS     := -s -w -X main.version=$(VERSION)
BUILD       := CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)'
LAB         := ejabberd prosody lua-unbound
ZABBIX      := php-cgi php-cli php-pgsql postgresql zabbix-frontend-php zabbix-server-pgsql
# What also runs on emulated ARMs: what decodes, keeps and lets through.
EMULATED    := ./tic ./senml ./buffer/journal ./buffer/statefile ./federation ./federation/consent ./agent/series/...
# Packages that also run as 32-bit programs: what touches bytes, disks or numbers.
HOT         := ./tic/... ./senml/... ./buffer/... ./federation ./federation/consent/... ./agent/series/...

.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: charts
charts: ## uPlot for the page, from npm by its lockfile; without npm the curves stay as the server draws them
	@agent/status/npm/take.sh

.PHONY: build
build: charts ## the binary for this machine, in bin/
	@echo "building $(BIN) (a minute or so the first time)"
	@$(BUILD) -o $(BIN) ./agent

.PHONY: demo
demo: packages-demo build ## the whole path on this machine, until Ctrl-C (OFFLINE=1: without servers)
	@$(GO) build -o bin/demo ./federation/lab/demo
	@exec bin/demo -releve $(BIN) $(if $(OFFLINE),-offline)

.PHONY: fleet
fleet: packages-demo ## many agents on one ejabberd: memory, messages, and how they come back after a restart (N=200)
	@$(GO) build -o bin/fleet ./federation/lab/fleet
	@ulimit -n 65536 2>/dev/null || ulimit -n "$$(ulimit -Hn)"; exec bin/fleet -n $(or $(N),200)

.PHONY: transcripts
transcripts: packages ## what a client on slixmpp and an agent say to each other, as XML, on ejabberd and on Prosody, in DIR (default bin/transcripts)
	TRANSCRIPTS=$(abspath $(or $(DIR),bin/transcripts)) $(GO) test -count=1 -run '^TestIntegrationTranscripts$$' ./agent
	@ls $(abspath $(or $(DIR),bin/transcripts))/*.xml

.PHONY: screenshots
screenshots: ## every screen at every size, in light and dark, in French and English, in DIR (default bin/screenshots)
	@federation/lab/packages.sh chromium npm
	SCREENSHOTS=$(abspath $(or $(DIR),bin/screenshots)) $(GO) test -count=1 -run '^TestBrowser$$' ./federation/lab/browser
	@find $(abspath $(or $(DIR),bin/screenshots)) -name '*.png' | sort

.PHONY: test
test: packages check ## everything, installing what it needs: unit, fuzz seeds, real servers, 32 bits, cross-builds, emulated ARMs

.PHONY: check
check: charts tidy fmt vet lint race test-386 cross rebuild emulate clean-tree ## what CI runs, no more, no less

.PHONY: unit
unit: ## the fast tests only
	$(GO) test -short ./...

.PHONY: race
race: ## all tests with the race detector
	CGO_ENABLED=1 $(GO) test -race -timeout 40m ./...

.PHONY: test-386
test-386: ## the hot packages as a 32-bit program, as on an ARMv6
	CGO_ENABLED=0 GOARCH=386 $(GO) test -timeout 40m $(HOT)

.PHONY: bench
bench: ## speed and allocations, each beside its reference in the same run (BACKLOG_DAYS=2: quicker)
	BUFFER_BACKLOG_DAYS=$(or $(BACKLOG_DAYS),30) $(GO) test -timeout 60m -run '^$$' -bench . -benchmem ./tic/... ./senml ./buffer ./agent/series ./agent ./federation/quoalise ./federation/lognact ./federation/bmhs ./federation/pride ./federation/sen1

.PHONY: fuzz
fuzz: ## each decoder for FUZZTIME (default 20s)
	@$(GO) list ./... | while read -r package; do \
	  for name in $$($(GO) test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
	    $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(or $(FUZZTIME),20s) "$$package"; \
	  done; \
	done

.PHONY: soak
soak: packages packages-soak ## the long proofs: 1000 kills, 2000 power cuts, a GB on 32 bits and under qemu-arm, two days' wear, a year on disk, a month that waits in memory, an hour of random faults (hours)
	BUFFER_KILLS=1000 BUFFER_CUTS=200 $(GO) test -run '^(TestKill|TestPowerCut)$$' -timeout 4h -v ./buffer
	CGO_ENABLED=0 GOARCH=386 BUFFER_PROVE_MB=1024 $(GO) test -run '^(TestManyBytes|TestGuardIsNeeded)$$' -timeout 4h -v ./buffer
	@for version in 6 7; do \
	  CGO_ENABLED=0 GOARCH=arm GOARM=$$version $(GO) test -c -o bin/buffer.arm$$version ./buffer; \
	  BUFFER_PROVE_MB=$(or $(ARM_MB),1024) qemu-arm-static bin/buffer.arm$$version -test.run '^TestManyBytes$$' -test.timeout 24h -test.v; \
	  if BUFFER_UNGUARDED_DIR=$$(mktemp -d) qemu-arm-static bin/buffer.arm$$version -test.run '^TestManyBytes$$'; then \
	    echo "unguarded tables are whole on ARMv$$version: the proof proves nothing"; exit 1; fi; \
	done
	@for arch in amd64 386; do CGO_ENABLED=0 GOARCH=$$arch MEMORY_DAYS=30 $(GO) test -run '^TestIntegrationMemory$$' -timeout 2h -v ./agent; done
	FAULT_TIME=1h $(GO) test -run '^TestIntegrationRandomFaults$$' -timeout 2h -v ./agent
	WEAR_HOURS=48 WEAR_PERIODS='10s 1s' YEAR_DAYS=366 $(GO) test -run '^(TestWear|TestYear)$$' -timeout 4h -v ./agent

.PHONY: test-zabbix7
test-zabbix7: packages-release ## the tests of the Zabbix relay against Zabbix 7.0, in a Debian 13 of its own (root; 700 MB, minutes)
	@CGO_ENABLED=0 $(GO) test -c -o bin/lognact.test ./federation/lognact
	@federation/lab/debian13.sh bin/lognact.test '$(ZABBIX)' -test.run '^TestIntegrationZabbix$$' -test.v

.PHONY: cross
cross: charts ## the binary for every target of cross/targets, in cross/out/
	@GO='$(GO)' LDFLAGS='$(LDFLAGS)' cross/build.sh

.PHONY: rebuild
rebuild: ## one target again from nothing, elsewhere: the same bytes (after cross)
	@GO='$(GO)' LDFLAGS='$(LDFLAGS)' cross/rebuild.sh armv6

.PHONY: emulate
emulate: ## short tests of what decodes, stores and sends, and a meter decoded, on the CPU of each ARM target (after cross)
	@GO='$(GO)' cross/emulate.sh $(EMULATED)

.PHONY: resources
resources: packages-soak ## what the agent of each target takes: size, memory, processor time beside its decoder's, ARMs emulated (after cross; WINDOW=180 seconds)
	@GO='$(GO)' cross/resources.sh $(or $(WINDOW),180)

.PHONY: release
release: export CHARTS := required
release: packages-release cross ## tarballs, .deb, SBOM, SHA256SUMS and an apt repository in cross/out/ (RELEASE_KEY=… signs)
	@GO='$(GO)' cross/package.sh
	@cross/repository.sh

.PHONY: test-release
test-release: packages-release ## builds everything twice and compares, then lives through the life of a package in a Debian of its own (root)
	@GO='$(GO)' cross/reproduce.sh
	@cross/lifecycle.sh

.PHONY: image
image: packages-image release ## a card for a Raspberry Pi 3, 4 or Zero 2 (ARCH=armel: 1, Zero, Zero W): cross/out/image/releve_VERSION_ARCH.img.xz (root; cross/IMAGE.md)
	@cross/image.sh $(ARCH)

.PHONY: test-image
test-image: packages-image packages ## boots that image in an emulated machine: a meter, readings across two domains, a power cut (root; after image; ARCH=armel: that one)
	@image=$$(ls cross/out/image/releve_*_$(or $(ARCH),arm64).img) && IMAGE=$$(realpath "$$image") $(GO) test -count=1 -timeout 3h -v -run '^TestIntegrationImage$$' ./cross/image

.PHONY: fmt
fmt: ## fails on files that are not formatted
	@files=$$(gofmt -s -l .); test -z "$$files" || { echo "not formatted (gofmt -s -w):"; echo "$$files"; exit 1; }

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: lint
lint: ## staticcheck, at the version pinned in tools/go.mod
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

.PHONY: tidy
tidy: ## fails when go.mod or go.sum are not as go mod tidy leaves them
	$(GO) mod tidy -diff
	cd tools && $(GO) mod tidy -diff

.PHONY: clean-tree
clean-tree: ## fails in CI when the checks have left or changed a file
	@test -z "$${CI:-}" || { changes=$$(git status --porcelain); test -z "$$changes" || { echo "the tree is not clean:"; echo "$$changes"; exit 1; }; }

.PHONY: packages
packages: ## the Debian packages that the tests need
	@federation/lab/packages.sh $(LAB) $(ZABBIX) python3-slixmpp ser2net systemd udev qemu-user-static gcc gnupg jq xz-utils libc6-dev git e2fsprogs mount iproute2 chromium npm

.PHONY: packages-soak
packages-soak:
	@federation/lab/packages.sh qemu-user-static

.PHONY: packages-release
packages-release:
	@federation/lab/packages.sh apt-utils gnupg jq mmdebstrap npm xz-utils git

.PHONY: packages-image
packages-image:
	@federation/lab/packages.sh mmdebstrap arch-test qemu-user-static qemu-system-arm device-tree-compiler mtools dosfstools e2fsprogs fdisk xz-utils debian-archive-keyring

.PHONY: packages-demo
packages-demo:
	@test -n "$(OFFLINE)" || federation/lab/packages.sh $(LAB)

.PHONY: clean
clean: ## removes what make built
	rm -rf bin cross/out
