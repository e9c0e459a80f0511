# SPDX-License-Identifier: Apache-2.0
# Thin, over meson and ninja. `make SAN=address,undefined test` and `make SAN=thread test` build beside build/.
SAN ?=
BUILD ?= build$(if $(SAN),-$(subst $(comma),-,$(SAN)))
comma := ,
MESON_OPTIONS := $(if $(SAN),-Db_sanitize=$(SAN) -Doptimization=1) $(MESON_ARGS)
PORT ?= 8420
DATA ?= data
ARGS ?=
FUZZ_SECONDS ?= 20

# Quiet when there is nothing to do.
ninja = if ninja -n -C $(BUILD) $(1) | grep -q 'no work to do'; then :; else ninja -C $(BUILD) $(1); fi

all: $(BUILD)/build.ninja
	@$(call ninja,src/prog/pugmark libpugmark man/pugmark.conf.5)
	@ln -sf src/prog/pugmark $(BUILD)/pugmark

all-tests: all
	@$(call ninja)

$(BUILD)/build.ninja: | bootstrap
	@meson setup $(BUILD) $(MESON_OPTIONS) >$(BUILD)-setup.log 2>&1 || { cat $(BUILD)-setup.log; rm -f $(BUILD)-setup.log; exit 1; }
	@rm -f $(BUILD)-setup.log

bootstrap:
	@script/bootstrap build

run: all
	@BUILD=$(BUILD) PORT=$(PORT) DATA=$(DATA) script/run $(ARGS)

test: all-tests
	@script/bootstrap test
	@BUILD=$(BUILD) SAN=$(SAN) script/test $(TESTS)

check:
	@script/bootstrap test
	@tools/check

tidy: all
	@script/bootstrap test
	@BUILD=$(BUILD) tools/tidy

bench: all-tests
	@script/bootstrap test
	@script/bootstrap bench
	@BUILD=$(BUILD) bench/run

fuzz:
	@script/bootstrap test
	@FUZZ_SECONDS=$(FUZZ_SECONDS) test/fuzz/run $(FUZZ_ARGS)

exam: all-tests
	@script/bootstrap test
	@BUILD=$(BUILD) test/exam/run.mjs

install: all
	@meson install -C $(BUILD) --no-rebuild

clean:
	@rm -rf build build-* console/dist

.PHONY: all all-tests bootstrap run test check tidy bench fuzz exam install clean
