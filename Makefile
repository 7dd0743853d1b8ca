# Everything that is made is below build/.
#
#   make run        the demo: installs what is missing, builds, starts, shows
#   make test       all tests; installs what is missing
#
# Variables:
#
#   NGINX_SRC=dir   build against this nginx source tree (1.22 and later)
#                   instead of the installed nginx-dev
#   HC_NGINX=path   the nginx that runs the tests and the demo
#   HC_DEBUG=1      assertions on
#   CC=clang        another compiler
#   T='t/x.t ...'   the suites `make test-t` runs
#   PEER, SUITE, ID what `make conformance` runs

SHELL       := /bin/bash
# nginx lives in sbin, which is not in everybody's path
PATH        := $(PATH):/usr/sbin:/sbin
export PATH

NGINX_SRC   ?=
HC_NGINX    ?= nginx
HC_DEBUG    ?= 0
T           ?=
FUZZ_SECONDS ?= 10
SECONDS     ?= 300

top         := $(CURDIR)
B           := build
module      := $(B)/ngx_http_hc_module.so
sources     := $(wildcard ngx_http_hc_module.c src/*/*.c)
headers     := $(wildcard src/*/*.h)

export NGINX_SRC HC_NGINX HC_DEBUG CC


.PHONY: help deps build run tour test unit test-t layers docs proportions
.PHONY: check asan valgrind fuzz bench bench-quick bench-readme clean

help:
	@echo "make run       install what is missing, build, start the demo, play its tour"
	@echo "make test      install what is missing, run every test"
	@echo
	@echo "make build     $(module) (NGINX_SRC=dir: against that tree)"
	@echo "make deps      install what building and running need"
	@echo "make tour      as run, but stops after the tour; fails if a step differs"
	@echo "make unit      unit tests"
	@echo "make test-t    Test::Nginx suites (T='t/x.t': only those)"
	@echo "make layers    who may include whom, and symbol names"
	@echo "make check     layers, documentation, unit tests, proportions, two compilers"
	@echo "make asan      nginx with AddressSanitizer, every suite on it"
	@echo "make valgrind  unit tests and an nginx under memcheck"
	@echo "make fuzz      each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)"
	@echo "make bench-instructions  what a hit costs, counted by callgrind"
	@echo "make replay    a trace through the store (TRACE=file.csv[.gz] SIZE=5%)"
	@echo "make stress    processes over a tiny zone (SECONDS=300 KILL=1)"
	@echo "make bench-l1  ns of gets and puts, one process against two"
	@echo "make bench-herd  a thousand clients ask for one key at once"
	@echo "make memory-l1 payload of full zones, also after 10 million replacements"
	@echo "make bench     this module and its peers side by side, in ten minutes"
	@echo "make bench-quick  the same in one; make bench-readme: README from its results"
	@echo "make conformance  http-cache-tests (PEER=nginx|varnish|squid|trafficserver|all"
	@echo "               SUITE=checkout of the newer edition, ID=one-test)"
	@echo "make clean     remove build/"

deps:
	@util/deps.sh run

clean:
	rm -rf $(B)


# --- the module --------------------------------------------------------------

build: $(module)

# What the nginx build tree depends on beside file times; written when it
# changes, and then the tree is configured anew.

define obj_inputs
nginx: $(or $(NGINX_SRC),installed) $$(dpkg-query -W -f='$${Version}' nginx-dev 2>/dev/null)
cc: $(CC)
debug: $(HC_DEBUG)
sources: $(sources) $(headers)
recipe: $$(cat config util/configure.sh | cksum)
endef

export obj_inputs

.PHONY: force
force:

$(B)/obj.inputs: force
	@mkdir -p $(B)
	@eval "echo \"$$obj_inputs\"" > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(B)/obj/objs/Makefile: $(B)/obj.inputs
	@util/configure.sh $(B)/obj module

# a new file in place of the old: a running nginx keeps what it has mapped

$(module): $(B)/obj/objs/Makefile $(sources) $(headers)
	@echo "  building $@"
	@+$(MAKE) --no-print-directory -s -C $(B)/obj -f objs/Makefile modules
	@cp $(B)/obj/objs/ngx_http_hc_module.so $@.new
	@mv $@.new $@


# --- unit tests --------------------------------------------------------------

unit_lib    := $(wildcard src/base/hc_*.c src/policy/hc_*.c src/l1/hc_*.c src/flight/hc_*.c)
unit_tests  := $(patsubst t/unit/%.c,%,$(wildcard t/unit/*/*_test.c))
unit_cflags := -std=gnu11 -O1 -g -Wall -Wextra -Werror -MMD -MP \
               -DHC_DEBUG=1 -DHC_TEST_HOOKS=1
unit_libs   := -lcmocka -lyajl -lpthread
sanitize    := -fsanitize=address,undefined -fno-sanitize-recover=undefined

# $(1): directory below build/, $(2): extra flags

define unit_rules
$(B)/$(1)/lib/%.o: src/%.c
	@mkdir -p $$(@D)
	@$(CC) $(unit_cflags) $(2) -c -o $$@ $$<

$(B)/$(1)/libhc.a: $(patsubst src/%.c,$(B)/$(1)/lib/%.o,$(unit_lib))
	@rm -f $$@
	@ar rcs $$@ $$^

$(B)/$(1)/%_test: t/unit/%_test.c $(B)/$(1)/libhc.a
	@mkdir -p $$(@D)
	@echo "  cc $(1)/$$*"
	@$(CC) $(unit_cflags) $(2) -Isrc -o $$@ $$< $(B)/$(1)/libhc.a $(unit_libs)

-include $$(shell find $(B)/$(1) -name '*.d' 2>/dev/null)
endef

$(eval $(call unit_rules,unit,$(sanitize)))
$(eval $(call unit_rules,unit-plain,))

unit: $(addprefix $(B)/unit/,$(unit_tests))
	@util/run-units.sh $^


# --- suites ------------------------------------------------------------------

test-t: build
	@prove -It/lib $(if $(T),$(T),-r t)

# what may install comes before what is built, -j or not

test:
	@util/deps.sh test
	@+$(MAKE) --no-print-directory build
	@+$(MAKE) --no-print-directory unit
	@+$(MAKE) --no-print-directory layers docs
	@+$(MAKE) --no-print-directory test-t

layers:
	@util/layers.sh --self-test
	@util/layers.sh

docs:
	@util/docs.sh

proportions:
	@util/proportions.sh

# each compiler has a build directory, with warnings as errors (nginx's own
# flags say so)

check:
	@util/deps.sh check
	@+$(MAKE) --no-print-directory build
	@+$(MAKE) --no-print-directory layers docs proportions unit
	@if command -v clang >/dev/null; then \
	    $(MAKE) --no-print-directory B=$(B)/clang CC=clang build unit; \
	fi


# --- sanitizers --------------------------------------------------------------

asan:
	@util/deps.sh asan
	@+$(MAKE) --no-print-directory build
	@util/asan.sh $(T)

valgrind:
	@util/deps.sh valgrind
	@+$(MAKE) --no-print-directory build valgrind-units
	@util/valgrind.sh

# storms count what they get done in their time: too little under memcheck

.PHONY: valgrind-units
valgrind-units: $(addprefix $(B)/unit-plain/,$(filter-out %_storm_test,$(unit_tests)))
	@HC_UNDER='valgrind -q --error-exitcode=99 --leak-check=full --trace-children=yes' \
	    util/run-units.sh $^


# --- fuzz --------------------------------------------------------------------

fuzz_targets := $(patsubst t/fuzz/%_fuzz.c,%,$(wildcard t/fuzz/*_fuzz.c))

$(B)/fuzz/%_fuzz: t/fuzz/%_fuzz.c $(unit_lib) $(headers)
	@mkdir -p $(@D)
	@echo "  cc fuzz/$*"
	@clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -DHC_DEBUG=1 -DHC_TEST_HOOKS=1 \
	    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	    -Isrc -o $@ $< $(unit_lib) -lyajl -lpthread

.PHONY: fuzz-run
fuzz-run: $(patsubst %,$(B)/fuzz/%_fuzz,$(fuzz_targets))
	@for f in $(fuzz_targets); do \
	    mkdir -p $(B)/fuzz/corpus/$$f; \
	    seeds=t/fuzz/corpus/$$f; [ -d $$seeds ] || seeds=; \
	    echo "== fuzz $$f"; \
	    $(B)/fuzz/$${f}_fuzz -max_total_time=$(FUZZ_SECONDS) -verbosity=0 \
	        -print_final_stats=1 -artifact_prefix=$(B)/fuzz/ \
	        $(B)/fuzz/corpus/$$f $$seeds || exit 1; \
	done

fuzz:
	@util/deps.sh fuzz
	@+$(MAKE) --no-print-directory fuzz-run


# --- instructions ------------------------------------------------------------

.PHONY: bench-instructions

bench-instructions:
	@util/deps.sh instructions
	@+$(MAKE) --no-print-directory build
	@bench/instructions.sh


# --- benchmarks of the store -------------------------------------------------

# src without its hooks, and optimised as nginx's own build is or better; the
# stress has the hooks and assertions

bench_cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -MMD -MP

# $(1): directory below build/, $(2): extra flags

define bench_rules
$(B)/$(1)/lib/%.o: src/%.c
	@mkdir -p $$(@D)
	@$(CC) $(bench_cflags) $(2) -c -o $$@ $$<

$(B)/$(1)/libhc.a: $(patsubst src/%.c,$(B)/$(1)/lib/%.o,$(unit_lib))
	@rm -f $$@
	@ar rcs $$@ $$^

$(B)/$(1)/%.o: bench/%.c
	@mkdir -p $$(@D)
	@$(CC) $(bench_cflags) $(2) -c -o $$@ $$<

-include $$(shell find $(B)/$(1) -name '*.d' 2>/dev/null)
endef

$(eval $(call bench_rules,bench,))
$(eval $(call bench_rules,bench-hooks,-DHC_DEBUG=1 -DHC_TEST_HOOKS=1))

bench_link = echo "  ld $@" && $(CC) -o $@ $^ -lz -lyajl -lpthread -lm

$(B)/bench/replay: $(addprefix $(B)/bench/,replay.o trace.o lines.o libhc.a)
	@$(bench_link)

$(B)/bench/memory: $(addprefix $(B)/bench/,memory_main.o memory.o trace.o lines.o libhc.a)
	@$(bench_link)

$(B)/bench/throughput: $(addprefix $(B)/bench/,throughput.o libhc.a)
	@$(bench_link)

storm_objects := stress.o storm.o storm_points.o storm_worker.o storm_fill.o \
                 libhc.a

$(B)/bench-hooks/stress: $(addprefix $(B)/bench-hooks/,$(storm_objects))
	@$(bench_link)

$(B)/bench/herd: $(B)/bench/herd.o
	@$(bench_link)

.PHONY: replay stress memory-l1 bench-l1 bench-herd

replay:
	@[ -n "$(TRACE)" -a -n "$(SIZE)" ] || \
	    { echo "usage: make replay TRACE=file.csv[.gz] SIZE=bytes" >&2; exit 2; }
	@util/deps.sh tools
	@+$(MAKE) --no-print-directory -s $(B)/bench/replay
	@$(B)/bench/replay $(if $(filter-out 0,$(CHECK)),--check) \
	    $(if $(MAX_OBJECT),--max-object='$(MAX_OBJECT)') -- '$(TRACE)' '$(SIZE)'

stress:
	@util/deps.sh tools
	@+$(MAKE) --no-print-directory -s $(B)/bench-hooks/stress
	@$(B)/bench-hooks/stress --seconds=$(SECONDS) \
	    $(if $(filter-out 0,$(KILL)),--kill)

bench-l1:
	@util/deps.sh tools
	@+$(MAKE) --no-print-directory -s $(B)/bench/throughput
	@mkdir -p bench/out
	@$(B)/bench/throughput --json=bench/out/l1.json $(BENCH)

bench-herd:
	@util/deps.sh bench
	@+$(MAKE) --no-print-directory -s build $(B)/bench/herd
	@python3 bench/herd.py $(B)/bench/herd $(BENCH)

memory-l1:
	@util/deps.sh tools
	@+$(MAKE) --no-print-directory -s $(B)/bench/memory
	@$(B)/bench/memory $(if $(SIZE),--size='$(SIZE)') \
	    $(if $(MILLIONS),--millions='$(MILLIONS)') \
	    $(if $(TRACE),-- '$(TRACE)')


# --- demo --------------------------------------------------------------------

run:
	@util/deps.sh run
	@+$(MAKE) --no-print-directory build
	@exec python3 demo/run.py

tour:
	@util/deps.sh run
	@+$(MAKE) --no-print-directory build
	@exec python3 demo/run.py --check


# --- bench -------------------------------------------------------------------

# a peer that cannot be installed is named as skipped

define bench
@util/deps.sh bench
@util/deps.sh peers || :
@+$(MAKE) --no-print-directory build
@exec python3 bench/compare/run.py --plan $(1)
endef

bench:
	$(call bench,full)

bench-quick:
	$(call bench,quick)

bench-readme:
	@python3 bench/compare/readme.py


# --- conformance -------------------------------------------------------------

PEER  ?= hc
SUITE ?=
ID    ?=

.PHONY: conformance

conformance:
	@util/deps.sh conformance
	@$(if $(filter-out hc nginx,$(PEER)),util/deps.sh peers || :)
	@+$(MAKE) --no-print-directory build
	@exec python3 conformance/run.py --peer '$(PEER)' \
	    $(if $(SUITE),--suite '$(SUITE)') $(if $(ID),--id '$(ID)')
