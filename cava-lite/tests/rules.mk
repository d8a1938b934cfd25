# SPDX-License-Identifier: Apache-2.0
#
# make check: everything below; make fuzz: FUZZ_SECONDS a target; make regold: new golden files.

T := $(O)/tests
FUZZ_SECONDS ?= 60

$(eval $(call spec_rules,tiny,tests/tiny,$(T)/tiny))

TEST_FLAGS := $(BASE) -D_GNU_SOURCE $(GENERATED_INCLUDES) -Itests -I../userspace/marshal

$(T)/vendor.o: tests/vendor.c
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) -Itests/tiny -c -o $@ $<

$(T)/tiny/ava-server-tiny: $(T)/vendor.o

$(T)/roundtrip: tests/roundtrip.c tests/tap.h $(T)/tiny/libava-tiny.so
	$(CC) $(TEST_FLAGS) -o $@ $< -L$(T)/tiny -lava-tiny -Wl,-rpath,$(T)/tiny

$(T)/unit: tests/unit.c $(wildcard ../userspace/marshal/*.c) $(wildcard ../userspace/include/ava/*.h)
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) -fsanitize=address,undefined -fno-sanitize-recover -o $@ \
		$(filter %.c,$^) -lcmocka

# --- fuzzing: the generated decoders over the generated stand-in of the vendor ---------

FUZZED := tiny opencl
FUZZ_FLAGS := -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	-DAVA_NO_MAIN -Wno-deprecated-declarations -Wno-unknown-attributes $(GENERATED_INCLUDES)
FUZZ_SRC := tests/fuzz.c ../userspace/marshal/cs.c ../userspace/marshal/cs_serve.c \
	../userspace/marshal/handle.c
FUZZ_ENV := ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1

# $(1): name, $(2): directory of the spec, $(3): where its parts are
define fuzz_rules
$(T)/fuzz-$(1): $(FUZZ_SRC) $(wildcard $(2)/server.c) $(3)/$(1)_common.h
	@mkdir -p $$(@D)
	$(CLANG) $(FUZZ_FLAGS) -I$(2) -I$(3) -o $$@ $(FUZZ_SRC) $(wildcard $(2)/server.c) \
		$(3)/$(1)_server.c $(3)/$(1)_table.c $(3)/$(1)_mock.c
endef
$(eval $(call fuzz_rules,tiny,tests/tiny,$(T)/tiny))
$(eval $(call fuzz_rules,opencl,specs/opencl,$(O)/opencl))

fuzz: $(foreach f,$(FUZZED),$(T)/fuzz-$(f))
	@for f in $(FUZZED); do \
		mkdir -p $(T)/found-$$f && \
		$(FUZZ_ENV) $(T)/fuzz-$$f -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -rss_limit_mb=4096 \
			-artifact_prefix=$(T)/crash-$$f- -print_final_stats=1 \
			$(T)/found-$$f tests/corpus/$$f 2>$(T)/fuzz-$$f.log && \
		echo "ok - $$f fuzzed for $(FUZZ_SECONDS) s" || \
		{ tail -30 $(T)/fuzz-$$f.log | sed 's/^/# /'; echo "not ok - $$f fuzzed"; exit 1; }; \
	done

check: all $(T)/roundtrip $(T)/unit $(T)/tiny/ava-server-tiny $(foreach f,$(FUZZED),$(T)/fuzz-$(f))
	@CAVA=$(CAVA) OUT=$(T) FUZZED="$(FUZZED)" $(FUZZ_ENV) tests/run

regold: $(CAVA)
	@CAVA=$(CAVA) OUT=$(T) tests/run regold

.PHONY: check fuzz regold
