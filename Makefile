# What people and CI type. `make help` lists it.
.PHONY: help setup build run test check validate thread-check dist install fuzz bench format-check clean
.DEFAULT_GOAL := help

release := .build/release
# How long `make fuzz` reads mutated files, and from which seed on; `make test` does so for a minute, beside its tests (Scripts/swift_tests).
SECONDS ?= 60
SEED ?= 1
# Where `make install` puts things.
PREFIX ?= /usr/local

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## installs what a build needs (Debian, Ubuntu), nothing where it is all there
	@Scripts/setup

build: setup ## .build/release/opsin, .build/release/libopsin.so
	@swift build -c release --product opsin
	@swift build -c release --product OpsinShared
	@ln -sf libOpsinShared.so $(release)/libopsin.so.0
	@ln -sf libopsin.so.0 $(release)/libopsin.so

run: build ## builds, then says what is on Examples/images/cat.jpg
	@$(release)/opsin classify Examples/images/cat.jpg

test: ## builds, then runs every test
	@Scripts/setup tests
	@$(MAKE) --no-print-directory build
	@Scripts/swift_tests
	@Scripts/python_tests
	@for tests in Tests/*/run.sh; do if [ -x "$$tests" ]; then echo "$$tests" && "$$tests" || exit 1; fi; done
	@echo "make test: all tests passed"

check: dist ## the tests of what is installed: tarball, wheel, consumers
	@Scripts/setup check
	@Scripts/python_tests --strict-types
	@Scripts/python_tests --cluster
	@Scripts/python_tests --long
	@Tests/ABITests/abi.sh
	@Scripts/docs
	@Tests/PackageTests/check.sh
	@Tests/ValidationTests/check.sh

validate: build ## all that runs on Vulkan under the Khronos validation layer (part of `make check`)
	@Scripts/setup check
	@Tests/ValidationTests/check.sh

thread-check: setup ## requests, streams and the CPU's threads under ThreadSanitizer, in a build of their own
	@Tests/ThreadTests/check.sh

dist: build ## dist/opsin-VERSION-linux-ARCH.tar.gz and a Python wheel
	@Scripts/setup check
	@Scripts/dist

docs: build ## the pages and the references of C, C++, Swift and Python as one site, .build/site
	@Scripts/setup check
	@Scripts/docs

install: build ## library, headers, command and models below PREFIX=/usr/local
	@Scripts/setup check
	@Scripts/dist stage "$(PREFIX)"

fuzz: ## mutated files at every reader: make fuzz SECONDS=60 SEED=1
	@swift build -c release --product OpsinFuzz
	@$(release)/OpsinFuzz --seconds $(SECONDS) --seed $(SEED)

bench: build ## times Opsin and its peers in one run (Benchmarks/README.md)
	@Benchmarks/run

format-check: ## the formatter's opinion of every Swift file
	@swift format lint --strict --parallel --recursive Package.swift $(wildcard Plugins) Sources Tests
	@echo "format-check: nothing to say"

clean: ## removes what builds and benchmarks made, the benchmark's environment too
	rm -rf .build Benchmarks/.venv Benchmarks/work
