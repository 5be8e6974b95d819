# A short front for CMake: `make help` lists the targets. Everything made goes below build/.

MAKEFLAGS += --no-print-directory
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PREFIX ?= /usr/local

# What the sanitizers of build/asan are told; an error of theirs ends the program and so fails the test.
SANITIZER_ENV = ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
CTEST = ctest --output-on-failure --no-tests=error --no-label-summary --parallel $(JOBS)

# Programs that are not built by default: `make check` builds them, so that they go on building.
BENCHES = cathaya-bench cathaya-acme-load cathaya-pool-load cathaya-gateway-bench cathaya-ctlog-bench

# packages-SET-SET: those sets of scripts/get-packages are installed, in one go.
PACKAGES = packages-build packages-build-bench packages-build-demo packages-build-check packages-build-check-lint packages-build-lint packages-build-fuzz

.DEFAULT_GOAL := help
# The steps follow each other as written; inside a step ninja, ctest and cppcheck use all cores.
.NOTPARALLEL:
.PHONY: help build demo check test lint bench fuzz soak-crash soak-gateway soak-monitor format install clean openssl peers $(PACKAGES)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

build: build/.release ## the program build/cathaya, and what it needs first (packages, OpenSSL)
	@cmake --build build --parallel $(JOBS) --target cathaya_program libcathaya.so libcathaya-tls.so

demo: packages-build-demo build ## the whole ecosystem on loopback, with a table of what happened
	@build/cathaya demo

check: packages-build-check-lint build build/.clang build/.asan ## everything: gcc, clang, sanitizers, lint, all tests
	@cmake --build build --parallel $(JOBS) --target all $(BENCHES)
	@cmake --build build/clang --parallel $(JOBS)
	@cmake --build build/asan --parallel $(JOBS)
	@$(MAKE) peers
	@scripts/lint
	@$(SANITIZER_ENV) $(CTEST) --test-dir build/asan -L '^(unit|vectors|fuzz)$$'
	@$(CTEST) --test-dir build

test: packages-build-check build ## the tests on the release build alone; TESTS=regex selects
	@cmake --build build --parallel $(JOBS)
	@$(MAKE) peers
	@$(CTEST) --test-dir build $(if $(TESTS),-R '$(TESTS)')

lint: packages-build-lint build ## layers, limits, banned calls, cppcheck, headers, exports
	@scripts/lint

bench: packages-build-bench build ## measure, and print the figures: a quarter of an hour, on a machine that does nothing else
	@cmake --build build --parallel $(JOBS) --target $(BENCHES)
	@build/cathaya-bench
	@scripts/bench-acme
	@scripts/bench-gateway
	@scripts/bench-ctlog

fuzz: packages-build-fuzz openssl build/.fuzz ## fuzz: MINUTES=n for each target or TOTAL=n for all, TARGETS="a b", JOBS=n
	@cmake --build build/fuzz --parallel $(JOBS)
	@MINUTES='$(MINUTES)' TOTAL='$(TOTAL)' TARGETS='$(TARGETS)' JOBS='$(JOBS)' scripts/fuzz

soak-crash: packages-build-check build ## the crash test at length: ROUNDS=n
	@cmake --build build --parallel $(JOBS)
	@CATHAYA_CRASH_ROUNDS='$(or $(ROUNDS),2000)' $(CTEST) --test-dir build -L crash --timeout 86400

soak-gateway: packages-build-check build ## the life of a gateway's sites at length: RENEWALS=n
	@cmake --build build --parallel $(JOBS)
	@$(MAKE) peers
	@CATHAYA_LIFE_RENEWALS='$(or $(RENEWALS),12)' CATHAYA_LARGE=1 $(CTEST) --test-dir build -R 'e2e/gateway_' --parallel 1 --timeout 86400

soak-monitor: packages-build-check build ## a monitor on logs that are killed, busy and broken, and honest: MINUTES=n
	@cmake --build build --parallel $(JOBS)
	@CATHAYA_SOAK_MINUTES='$(or $(MINUTES),60)' $(CTEST) --test-dir build -R 'e2e/ct_soak' --timeout 86400

format: ## lay out the C code by .clang-format
	@git ls-files '*.c' '*.h' | xargs -r clang-format -i

install: build ## install below DESTDIR/PREFIX (PREFIX is /usr/local)
	@cmake --install build --prefix '$(PREFIX)'

clean: ## remove build/ (the OpenSSL that was got stays in the user's cache)
	@rm -rf build

$(PACKAGES): packages-%:
	@scripts/get-packages $(subst -, ,$*)

# What tests run beside that is no Debian package. Where one cannot be had its tests say that they are skipped: the others
# still say whether the code is good.
peers:
	@scripts/get-npm
	@scripts/get-openssl --program || true
	@scripts/get-peers certspotter || true

openssl: packages-build
	@scripts/get-openssl

# build/.NAME: CMake has been run for the preset NAME. Ninja runs it again by itself when a CMakeLists.txt changes,
# but does not know of the presets.
build/.%: CMakePresets.json | openssl
	@mkdir -p build
	@cmake --preset $* --log-level=NOTICE >build/.$*.log 2>&1 || { cat build/.$*.log >&2; exit 1; }
	@touch $@
