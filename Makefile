# Poise: the commands of the house. Bare `make` prints them.

BUILD    = swift build -c release --product poise
POISE    = .build/release/poise
DEMO_OUT ?= runs/demo
BENCH_OPTIONS ?= --no-progress --grouping metric
# What swift-format looks at; links to Sources/PoiseKernels/Rows are not followed.
SWIFT_FILES = Package.swift Sources Tests Benchmarks Fuzzing/Package.swift Fuzzing/Sources

.PHONY: menu setup build demo demo-all demo-short test allocations sanitizers sanitizers-tests crashes long-runs human restaurants summaries lint format bench bench-baseline bench-check gradients fuzz interop docs clean

menu: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | awk -F '\t' '{ printf "  make %-16s %s\n", $$1, $$2 }'

setup: ## install OpenBLAS and LAPACKE if they are missing
	@sh Scripts/setup.sh

build: setup ## the poise command, optimised: .build/release/poise
	$(BUILD)

demo: build ## SFT, learned judges, IPO-MD, on the built-in task: minutes (DEMO_OUT=runs/demo)
	$(POISE) demo --out $(DEMO_OUT)

demo-all: build ## the same with all six algorithms
	$(POISE) demo --all --out $(DEMO_OUT)-all

demo-short: build ## the same path in seconds; shows that it works, not what it learns
	$(POISE) demo --quick --all --out $(DEMO_OUT)-short

test: setup ## all tests; those on published data need POISE_TEST_DATA
	$(if $(POISE_TEST_DATA),,@echo "POISE_TEST_DATA is not set: tests that read published data are skipped.")
	swift test --disable-xctest

allocations: setup ## in an optimised build: that a step allocates nothing, and what training adapters takes
	POISE_TEST_TARGETS="PoiseModelTests PoiseCLITests" swift test --disable-xctest -c release --scratch-path .build-optimized-tests -Xswiftc -enable-testing --filter 'AllocationTests|AdapterMemoryTests'

sanitizers: setup ## real commands on tiny models under the thread and the address sanitizer (SANITIZERS="thread")
	@sh Scripts/sanitizers.sh

sanitizers-tests: setup ## the tests under both, for as long as it takes (SANITIZERS, SANITIZERS_FILTER="WorkerPool|Sampler")
	@sh Scripts/sanitizers.sh tests

crashes: build ## runs that are killed and whose writes fail, a hundred and fifty times, end in the bytes of undisturbed ones
	@sh Scripts/crashes.sh

long-runs: build ## memory and the time of a step over ten thousand steps of every kind of training, five minutes
	@sh Scripts/long-runs.sh

human: build ## judges on published human preferences, ten minutes (needs POISE_TEST_DATA; HUMAN_OUT=runs/human)
	@sh Scripts/human-preferences.sh

restaurants: build ## two studies on people's texts, one of them with people's preferences, an hour (needs POISE_TEST_DATA; RESTAURANTS_OUT=runs/restaurants)
	@sh Scripts/restaurants.sh

summaries: build ## two architectures learn to summarise papers, an hour (needs POISE_TEST_DATA; SUMMARIES_OUT=runs/summaries)
	@sh Scripts/summaries.sh

gradients: build ## analytic against finite-difference gradients on this machine
	$(POISE) check-gradients

fuzz: setup ## every parser under libFuzzer, FUZZ_SECONDS=60 each (FUZZ_TARGETS="json game", FUZZ_JOBS=2); SECURITY.md
	@sh Scripts/fuzz.sh

bench: setup ## times of kernels and steps (BENCH_OPTIONS="--filter rmsNorm.*"); `poise bench` has limits
	cd Benchmarks && swift package --disable-sandbox benchmark $(BENCH_OPTIONS)

bench-baseline: setup ## record this build's times, to compare a later one with (BENCH_OPTIONS)
	cd Benchmarks && swift package --disable-sandbox --allow-writing-to-package-directory benchmark baseline update here $(BENCH_OPTIONS)

bench-check: setup ## an error where a median is a fifth slower than the recorded one (BENCH_OPTIONS)
	cd Benchmarks && swift package --disable-sandbox benchmark baseline check here $(BENCH_OPTIONS)

interop: build ## models and adapters of every family against Hugging Face's; installs PyTorch where it is missing
	@sh Tests/interop/run.sh

docs: setup ## reference and articles of PoiseGames as web pages: .build/documentation
	@sh Scripts/documentation.sh

lint: ## style, as an error
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)

format: ## style, in place
	swift format --in-place --parallel --recursive $(SWIFT_FILES)

clean: ## remove what was built; runs/ stays
	rm -rf .build .build-optimized-tests .build-sanitized Benchmarks/.build Fuzzing/.build
