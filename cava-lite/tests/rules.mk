# SPDX-License-Identifier: Apache-2.0
#
# make check: everything below; make fuzz: FUZZ_SECONDS a target; make regold: new golden files;
# make coverage: the matrices of Documentation/coverage.

T := $(O)/tests
FUZZ_SECONDS ?= 60

$(eval $(call spec_rules,tiny,tests/tiny,$(T)/tiny))

TEST_FLAGS := $(BASE) -D_GNU_SOURCE= $(GENERATED_INCLUDES) -Itests -I../userspace/marshal

$(T)/vendor.o: tests/vendor.c
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) -Itests/tiny -c -o $@ $<

$(T)/tiny/ava-server-tiny: $(T)/vendor.o

$(T)/roundtrip: tests/roundtrip.c tests/tap.h $(T)/tiny/libava-tiny.so
	$(CC) $(TEST_FLAGS) -o $@ $< -L$(T)/tiny -lava-tiny -Wl,-rpath,$(T)/tiny

$(T)/unit: $(wildcard tests/unit*.c) tests/unit.h $(wildcard ../userspace/marshal/*.c) ../userspace/common/log.c $(wildcard ../userspace/include/ava/*.h)
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) -fsanitize=address,undefined -fno-sanitize-recover -o $@ \
		$(filter %.c,$^) -lcmocka

# --- fuzzing: the generated decoders over the generated stand-in of the vendor ---------

FUZZED := tiny opencl
FUZZ_FLAGS := -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	-DAVA_NO_MAIN -Wno-deprecated-declarations -Wno-unknown-attributes $(GENERATED_INCLUDES)
FUZZ_SRC := tests/fuzz.c ../userspace/marshal/cs.c ../userspace/marshal/cs_serve.c \
	../userspace/marshal/bulk.c ../userspace/marshal/callback_serve.c ../userspace/marshal/handle.c
FUZZ_ASAN := allocator_may_return_null=1:quarantine_size_mb=16
# what a server's helpers keep for an object stays: the stand-in's objects never end
FUZZ_KEEPS := opencl
fuzz_env = ASAN_OPTIONS=$(FUZZ_ASAN):detect_leaks=$(if $(filter $(1),$(FUZZ_KEEPS)),0,1)

# $(1): name, $(2): directory of the spec, $(3): where its parts are
define fuzz_rules
$(T)/fuzz-$(1): $(FUZZ_SRC) $(wildcard $(2)/*.[ch]) $(wildcard ../userspace/include/ava/*.h) $(3)/$(1)_common.h
	@mkdir -p $$(@D)
	$(CLANG) $(FUZZ_FLAGS) -I$(2) -I$(3) -o $$@ $(FUZZ_SRC) $(wildcard $(2)/server*.c) \
		$(3)/$(1)_server.c $(3)/$(1)_table.c $(3)/$(1)_mock.c

# writes the calls of real programs as inputs, see tests/record.c
$(T)/record-$(1): tests/record.c $(3)/$(1)_common.h $(patsubst $(2)/%.c,$(3)/spec_%.o,$(wildcard $(2)/server*.c)) $(USERSPACE)/libava-server.a
	$(CC) $(GENERATED_FLAGS) -DAVA_NO_MAIN -DAVA_COMMON='"$(1)_common.h"' -I$(2) -I$(3) -o $$@ $$< \
		$(3)/$(1)_server.c $(3)/$(1)_table.c $(patsubst $(2)/%.c,$(3)/spec_%.o,$(wildcard $(2)/server*.c)) $(4) \
		$(USERSPACE)/libava-server.a -lseccomp -lcap-ng
endef
$(eval $(call fuzz_rules,tiny,tests/tiny,$(T)/tiny,$(T)/vendor.o))
$(T)/record-tiny: $(T)/vendor.o
$(eval $(call fuzz_rules,opencl,specs/opencl,$(O)/opencl,-lOpenCL))

# Calls that no guest makes, to the OpenCL server with the vendor's own library.
$(T)/hostile: tests/hostile.c tests/hostile_channel.c tests/hostile.h $(filter-out tests/fuzz.c,$(FUZZ_SRC)) $(wildcard specs/opencl/*.[ch]) \
		$(wildcard ../userspace/include/ava/*.h) $(O)/opencl/opencl_common.h
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) -Wno-unused-parameter -Wno-deprecated-declarations -DAVA_NO_MAIN \
		-fsanitize=address,undefined -fno-sanitize-recover -Ispecs/opencl -I$(O)/opencl -o $@ \
		tests/hostile.c tests/hostile_channel.c $(filter-out tests/fuzz.c,$(FUZZ_SRC)) $(wildcard specs/opencl/server*.c) \
		$(O)/opencl/opencl_server.c $(O)/opencl/opencl_table.c -lOpenCL -lcmocka

$(T)/headers: tests/headers.c specs/opencl/server_headers.c $(wildcard specs/opencl/*.h) ../userspace/common/rmtree.c
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) -Wno-deprecated-declarations -fsanitize=address,undefined \
		-fno-sanitize-recover -Ispecs/opencl -o $@ $(filter %.c,$^) -lOpenCL -lcmocka

# what was found is left in the build directory
fuzz: $(FUZZED:%=$(T)/fuzz-%)
	@n=0; failed=0; $(foreach f,$(FUZZED),n=$$((n + 1)); mkdir -p $(T)/found-$(f); \
	if $(call fuzz_env,$(f)) $(T)/fuzz-$(f) -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
			-rss_limit_mb=4096 -artifact_prefix=$(T)/crash-$(f)- \
			$(T)/found-$(f) tests/corpus/$(f) >$(T)/fuzz-$(f).log 2>&1; then \
		echo "ok $$n - $(f) fuzzed: $$(tail -1 $(T)/fuzz-$(f).log)"; \
	else \
		echo "not ok $$n - $(f) fuzzed"; failed=1; tail -30 $(T)/fuzz-$(f).log | sed 's/^/# /'; \
	fi;) echo "1..$$n"; exit $$failed

check: all $(T)/roundtrip $(T)/unit $(T)/hostile $(T)/headers $(T)/tiny/ava-server-tiny $(foreach f,$(FUZZED),$(T)/fuzz-$(f))
	@CAVA=$(CAVA) OUT=$(T) FUZZED="$(FUZZED)" FUZZ_KEEPS="$(FUZZ_KEEPS)" FUZZ_ASAN=$(FUZZ_ASAN) tests/run

regold: $(CAVA)
	@CAVA=$(CAVA) OUT=$(T) tests/run regold

# the matrix of entry points in the documentation
COVERED := opencl

coverage: all
	$(foreach s,$(COVERED),cp $(O)/$(s)/$(s)_coverage.rst ../Documentation/coverage/$(s).rst;)

.PHONY: check coverage fuzz regold
