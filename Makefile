# make run    sets up, measures every STFT that this machine can run, shows the report
# make test   sets up everything and passes all tests
# make lint   ruff, mypy, clang-format
# make reference, make kernels    measures what reports/reference shows, all of it or the C kernels alone
# make gate   measures the gate of bench compare itself (LOAD=none or busy, MINUTES=20)
# make sanitize, make fuzz    the C library and the emulated GPU under sanitizers, the library under fuzzers for seconds
PYTHON ?= python3
VENV ?= .venv
EXTRAS ?=
BIN := $(VENV)/bin
# the system's, else the one that setup brings; without the > a make before 4.3 would look for a program "command"
CMAKE = "$(or $(shell command -v cmake 2>/dev/null),$(BIN)/cmake)"

# tests of how time is measured, and of runs that are stopped half-way, want the processors for themselves
ALONE := $(addprefix tests/bench/,measure compare/test_interleave.py $(patsubst %,test_%.py,\
	doctor faults kills measuring pace selftest store worker))

# one process more than there are processors: many tests wait, for a deadline, a browser or a worker that is pinned
WORKERS := $$(($$(nproc) + 1))

.PHONY: run test lint format reference kernels gate sanitize fuzz setup clean

run: setup
	"$(BIN)/bench" run stft --impl all; code=$$?; "$(BIN)/bench" report && exit $$code

test: EXTRAS = all,dev
test: setup
	"$(BIN)/python" -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder tests $(addprefix --ignore=,$(ALONE))
	"$(BIN)/python" -m pytest $(ALONE)

lint: EXTRAS = all,dev
lint: setup
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"
	git ls-files '*.c' '*.h' '*.cu' '*.cuh' | xargs "$(BIN)/clang-format" --dry-run --Werror

format:
	"$(BIN)/ruff" check --fix .
	"$(BIN)/ruff" format .
	git ls-files '*.c' '*.h' '*.cu' '*.cuh' | xargs "$(BIN)/clang-format" -i

setup:
	@PYTHON="$(PYTHON)" VENV="$(VENV)" EXTRAS="$(EXTRAS)" sh tools/setup.sh

# what reports/reference shows, measured again; the machine must be at rest
reference: EXTRAS = all,dev
reference: setup
	VENV="$(VENV)" sh tools/reference.sh

kernels: EXTRAS = all,dev
kernels: setup
	VENV="$(VENV)" sh tools/kernels.sh

# GCC compiles in a third of the time, and leaves out nothing that sanitizers look for (Clang takes longer)
QUICKLY = -DCMAKE_C_FLAGS_RELEASE=-O1
sanitize: EXTRAS = all,dev
sanitize: setup
	$(CMAKE) -S csrc -B build/sanitize $(QUICKLY) -DAK_SANITIZE=address,undefined
	$(CMAKE) --build build/sanitize --parallel $$(nproc) --target check
	$(CMAKE) -S csrc -B build/tsan $(QUICKLY) -DAK_SANITIZE=thread
	$(CMAKE) --build build/tsan --parallel $$(nproc) --target check
	rm -f build/tsan/race.*
	EMULATED_FLAGS="-g -fsanitize=thread" TSAN_OPTIONS="halt_on_error=1 log_path=build/tsan/race" OPENBLAS_NUM_THREADS=1 \
		LD_PRELOAD=$$(gcc -print-file-name=libtsan.so) "$(BIN)/python" -m pytest -q -n auto --maxprocesses 4 \
		$(patsubst %,tests/cuda/test_%.py,impls kernels lanes sieve tensor) || { cat build/tsan/race.*; exit 1; }

# how often the gate cries wolf and how often it misses; pairs are kept, so that MINUTES may come in pieces
MINUTES ?= 20
LOAD ?= none
gate: EXTRAS = all,dev
gate: setup
	"$(BIN)/python" tools/gate.py --minutes $(MINUTES) --load $(LOAD)

# each fuzzer runs for FUZZ_SECONDS
FUZZ_SECONDS ?= 5
fuzz:
	@command -v clang >/dev/null || { echo "fuzz: Clang is needed: apt-get install clang libclang-rt-dev" >&2; exit 1; }
	@command -v $(CMAKE) >/dev/null || { echo "fuzz: CMake is needed: make setup, or apt-get install cmake" >&2; exit 1; }
	$(CMAKE) -S csrc -B build/fuzz -DCMAKE_C_COMPILER=clang -DAK_FUZZ=ON -DAK_FUZZ_SECONDS=$(FUZZ_SECONDS)
	$(CMAKE) --build build/fuzz --parallel $$(nproc) --target audiokern_static
	$(CMAKE) --build build/fuzz --target fuzz

clean:
	rm -rf build dist
