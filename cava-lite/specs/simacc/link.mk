# SPDX-License-Identifier: Apache-2.0
# The vendor's library of this API is a test part, and so is everything made for it.
# An rpath of the old kind: what LD_LIBRARY_PATH says is for programs, whose libsimacc
# is the generated one.
TEST_PART_simacc := y
DROP_IN_simacc := libsimacc.so.1
SPEC_FLAGS_simacc := -I../userspace/simacc
SERVER_LIBS_simacc := $(USERSPACE)/simacc/libsimacc.so.1 \
	-Wl,--disable-new-dtags,-rpath,$(USERSPACE)/simacc
$(O)/simacc/ava-server-simacc: | $(USERSPACE)/simacc/libsimacc.so.1
$(USERSPACE)/simacc/libsimacc.so.1:
	$(MAKE) -C ../userspace BUILD=$(BUILD) $@
