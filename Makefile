# SPDX-License-Identifier: Apache-2.0
# Everything is built under $(BUILD); expensive things that do not change with
# the sources (QEMU, the UML kernel) under $(AVA_CACHE), by a hash of their inputs.
BUILD ?= $(CURDIR)/build
AVA_CACHE ?= $(HOME)/.cache/ava
export BUILD AVA_CACHE

.PHONY: all help setup bench demo demo-local check check-long check-lint check-unit check-differ check-programs check-qemu check-kunit check-selftests check-lab
.PHONY: userspace cava-lite modules selftests qemu fuzz soak docs install install-guest install-modules clean

all: userspace cava-lite modules selftests qemu

help:
	@echo 'make demo    set up what is missing, boot the lab, run the example in a guest'
	@echo 'make demo-local  the same natively and through AvA on this machine alone: a minute'
	@echo 'make check   set up what is missing, run all tests'
	@echo '  check-lint check-unit check-differ check-programs check-qemu check-kunit'
	@echo '  check-selftests check-lab: its parts'
	@echo 'make check-long  more sequences of calls, all of the programs: hours'
	@echo 'make bench   what calls cost on this machine, beside native: build/bench/'
	@echo 'make setup   install the packages that building and testing needs'
	@echo 'make all     userspace cava-lite modules selftests qemu, each also by name'
	@echo 'make soak    100000 create/release cycles of every type of OpenCL object'
	@echo 'make fuzz    60 s of fuzzing of the generated decoders'
	@echo 'make docs    man pages; make clean'
	@echo 'make install: avad, servers, cava-lite, headers, man pages (DESTDIR, PREFIX)'
	@echo 'make install-guest: the generated libraries and their lines for the loaders'
	@echo 'make install-modules: both modules, as lib/modules/RELEASE/extra (DESTDIR)'

setup:
	@scripts/setup

userspace:
	@$(MAKE) --no-print-directory -C userspace all

cava-lite: userspace
	@$(MAKE) --no-print-directory -C cava-lite all

modules:
	@scripts/build-modules

selftests:
	@$(MAKE) --no-print-directory -C kernel/selftests all
	@$(MAKE) --no-print-directory -C guest-kernel/selftests all

qemu:
	@scripts/build-qemu

demo: setup
	@$(MAKE) --no-print-directory all
	@scripts/demo

demo-local:
	@scripts/setup local
	@$(MAKE) --no-print-directory -j"$$(nproc)" userspace cava-lite
	@scripts/demo-local

check:
	@scripts/check lint unit differ programs qemu kunit selftests lab

check-lint check-unit check-differ check-programs check-qemu check-kunit check-selftests check-lab:
	@scripts/check $(patsubst check-%,%,$@)

bench: userspace cava-lite
	@scripts/bench

# What is too long for every time.
check-long: userspace cava-lite
	@scripts/check-differ --long
	@scripts/check-programs --long

fuzz: cava-lite
	@$(MAKE) --no-print-directory -C cava-lite fuzz

soak: userspace cava-lite
	@$(MAKE) --no-print-directory -C userspace check-cycles CYCLES=100000

docs:
	@$(MAKE) --no-print-directory -C Documentation

install: userspace cava-lite
	@$(MAKE) --no-print-directory -C userspace install
	@$(MAKE) --no-print-directory -C cava-lite install

install-guest: cava-lite
	@$(MAKE) --no-print-directory -C cava-lite install-guest

install-modules: modules
	@scripts/build-modules --install '$(DESTDIR)'

clean:
	rm -rf $(BUILD)
