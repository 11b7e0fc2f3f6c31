# SPDX-License-Identifier: MIT
#
# Builds Granite. `make help` lists what it can do; everything generated goes to build/.
#
#   V=1        show the commands
#   DEBUG=1    with the vmassert()s, in build/debug (the tests use this one)
#   CC=clang   another compiler, in build/clang: for the target, and for what the tests run on this machine
#   UBSAN=1    undefined behaviour traps, in build/ubsan
#   O=DIR      another place for the results

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: all
all: kernel archive

# A CC in the environment means the host's compiler; only the command line chooses the target's.
ifneq ($(origin CC),command line)
CC := i686-linux-gnu-gcc
endif
clang := $(findstring clang,$(CC))

DEBUG ?=
UBSAN ?=
V     ?=
# tools/lib/build.py reads these names.
variant = build$(if $(clang),/clang)$(if $(UBSAN),/ubsan)
O     ?= $(variant)$(if $(DEBUG),/debug)

# ---- What this machine lacks is installed first; looking takes milliseconds ----

goals := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out clean distclean help,$(goals)),)
setup := build $(if $(clang)$(filter fuzzers,$(goals)),clang) \
	$(if $(filter run test fuzz guest debug sdk,$(goals)),run) \
	$(foreach group,iso bochs test fuzz debug bench check,$(if $(filter $(group) $(group)-%,$(goals)),$(group))) \
	$(if $(filter profile,$(goals)),bench) \
	$(if $(filter format,$(goals)),check)
$(shell tools/setup $(setup) >&2)
ifneq ($(.SHELLSTATUS),0)
$(error tools/setup could not install what is missing)
endif
endif

# ---- Tools and flags ----

LD      := i686-linux-gnu-ld
AR      := i686-linux-gnu-ar
NM      := i686-linux-gnu-nm
OBJCOPY := i686-linux-gnu-objcopy
HOSTCC  := gcc
# What checks the system's own code on this machine: the compiler whose checks are wanted.
TESTCC  := $(if $(clang),$(CC),$(HOSTCC))

target    := $(if $(clang),--target=i686-linux-gnu)
cc_own    := $(shell $(CC) $(target) -print-file-name=include)
libgcc    := $(shell i686-linux-gnu-gcc -print-libgcc-file-name)

# Paths are relative, so that build messages are short; tools/cc, which works from any folder, wants them absolute.
root :=
musl  = $(root)build/sysroot/usr/lib/i386-linux-musl

arch_flags := $(target) -m32 -march=i686 -fno-pie -fno-strict-aliasing -mno-tls-direct-seg-refs
warnings   := -Wall -Wextra -Werror
defines    := $(if $(DEBUG),-DDEBUG_VMASSERT=1)
common     := -std=gnu11 $(arch_flags) -O2 -g $(defines)
# Undefined behaviour becomes an invalid instruction: by gcc one for each place, so that its line can be told. Tests and
# benchmarks are left alone: some do wrong on purpose.
traps      := $(if $(clang),-fsanitize=local-bounds -fsanitize-trap=all,-fsanitize=bounds-strict \
	-fsanitize-undefined-trap-on-error -fno-crossjumping -fno-tree-tail-merge)
sanitize   := $(if $(UBSAN),-fsanitize=undefined $(traps))

user_includes = -nostdinc -isystem $(root)build/sysroot/usr/include/i386-linux-musl -isystem $(cc_own) \
	-I$(root)abi -I$(root)lib/sys -I$(root)lib
user_flags    = $(common) $(user_includes)
# Of our own programs; others, with tools/cc, are compiled without.
own_flags     = $(user_flags) $(sanitize)
# Programs keep a frame pointer, for the call chains of crash reports. What runs in every message, call or page fault
# does without, and so do the programs that measure them.
frame_pointer := -fno-omit-frame-pointer
# The bridge runs within other programs, unseen: it must not touch their FPU registers.
bridge_flags  = $(own_flags) -mgeneral-regs-only -ffreestanding
kernel_flags := $(common) $(sanitize) -mgeneral-regs-only -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -nostdinc -isystem $(cc_own) -DGRANITE_KERNEL -Iabi -Ikernel/include \
	-Ikernel/arch/i386/include -Ilib

ld_flags     := -m elf_i386 -static -nostdlib --build-id=none -z noexecstack
program_ld    = $(ld_flags) -z noseparate-code -z max-page-size=4096 -e granite_start --require-defined=granite_start

# ---- Messages ----

# $(call say,WORD,what): one line for a command, or with V=1 the command itself.
say = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$(2)';)

# ---- Rebuild when a flag changes ----

# Everything compiled depends on this file, which is only touched when its text changes.
.PHONY: force
$(O)/flags: force
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(kernel_flags) $(as_one)' '$(bridge_flags)' '$(own_flags) $(frame_pointer)' '$(warnings) $(program_ld)' '$(host_flags)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

stable := Makefile $(O)/flags

# ---- Compiled as one ----

# The kernel, VM and PM are many small files, and their short functions call each other all the time: with gcc each is
# compiled as one (-flto), and the optimiser may put more functions into their callers than it would by itself. Together
# that takes four tenths of the instructions out of a message. -mtune=generic: what counts is fewer instructions, not an
# old processor. (What runs hardly ever, such as a trace point's call or the end of many lendings at once, counts as code
# too: hence the generous sizes.)
ifeq ($(target),)
as_one := -flto -flto-partition=one -mtune=generic --param max-inline-insns-auto=80 --param inline-unit-growth=150 \
	--param inline-min-speedup=5
endif

# $(call combine,flags,OBJECTS): one object of them all.
combine = $(if $(as_one),$(CC) $(1) $(as_one) -r -flinker-output=nolto-rel -nostdlib,$(LD) -m elf_i386 -r) -o $@ $(2)

# ---- Objects ----

# start.c becomes start.c.o, so that start.S can stand next to it.
objects = $(patsubst %,$(O)/$(2)%.o,$(1))

# $(call compile,flags): the recipe of an object from .c or .S.
define compile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(1) $(warnings) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@ $<
endef

$(O)/kernel/%.c.o: kernel/%.c $(stable)
	$(call compile,$(kernel_flags) $(as_one))
$(O)/kernel/%.S.o: kernel/%.S $(stable)
	$(call compile,$(kernel_flags) $(as_one))
$(O)/kernel/lib/formats/%.c.o: lib/formats/%.c $(stable)
	$(call compile,$(kernel_flags) $(as_one))

$(O)/lib/sys/%.c.o: lib/sys/%.c $(stable)
	$(call compile,$(bridge_flags))
$(O)/lib/sys/%.S.o: lib/sys/%.S $(stable)
	$(call compile,$(bridge_flags))
$(O)/lib/bridge/%.c.o: lib/bridge/%.c $(stable)
	$(call compile,$(bridge_flags))
$(O)/lib/bridge/%.S.o: lib/bridge/%.S $(stable)
	$(call compile,$(bridge_flags))

flags_of_program = $(if $(filter tests/% bench/%,$(1)),$(user_flags),$(own_flags)) $(if \
	$(filter $(small:%=servers/%/%),$(1)),$(as_one),$(if $(filter bench/% lib/%,$(1)),,$(frame_pointer)))
$(O)/%.c.o: %.c $(stable)
	$(call compile,$(call flags_of_program,$<))
$(O)/%.S.o: %.S $(stable)
	$(call compile,$(user_flags))

# ---- Kernel ----

kernel_objects := $(call objects,$(sort $(shell find kernel -name '*.[cS]'))) \
	$(call objects,$(wildcard lib/formats/*.c),kernel/)
kernel_script  := kernel/arch/i386/kernel.ld
kernel         := $(O)/granite.elf

.PHONY: kernel
kernel: $(kernel)

$(O)/kernel.o: $(kernel_objects) $(stable)
	@$(call combine,$(kernel_flags),$(kernel_objects))

link_kernel = $(LD) $(ld_flags) -T $(kernel_script) -o $@ $(filter %.o,$^) $(libgcc)

# The kernel holds a table of its own functions. It is linked with an empty table, read out, and linked again; the
# table's section comes last, so no function moves, and mksymbols --check makes sure of that.
$(O)/kernel/ksyms0.S: tools/mksymbols
	@mkdir -p $(@D)
	@tools/mksymbols </dev/null >$@
$(O)/kernel/granite0.elf: $(O)/kernel.o $(O)/kernel/ksyms0.o $(kernel_script) $(stable)
	@$(link_kernel)
$(O)/kernel/ksyms.S: $(O)/kernel/granite0.elf tools/mksymbols
	@$(NM) $< | tools/mksymbols >$@
$(O)/kernel/ksyms0.o $(O)/kernel/ksyms.o: %.o: %.S $(stable)
	@$(CC) $(target) -m32 -c -o $@ $<
$(kernel): $(O)/kernel.o $(O)/kernel/ksyms.o $(kernel_script) $(stable)
	$(call say,LD,$@)$(link_kernel)
	@$(NM) $@ | tools/mksymbols --check $(O)/kernel/ksyms.S

# ---- Libraries ----

libgranite := $(O)/lib/libgranite.a
libbridge  := $(O)/lib/libbridge.a
libsmall   := $(O)/lib/libbridge_small.a
libformats := $(O)/lib/libformats.a
libprompt  := $(O)/lib/libprompt.a

libgranite_objects := $(call objects,$(wildcard lib/sys/*.[cS]))
libbridge_objects  := $(call objects,$(wildcard lib/bridge/*.[cS]))
libsmall_objects   := $(call objects,$(wildcard lib/bridge/small/*.[cS]))
libformats_objects := $(call objects,$(wildcard lib/formats/*.c))
libprompt_objects  := $(call objects,$(wildcard programs/lib/*.c))

$(libgranite): $(libgranite_objects)
$(libbridge): $(libbridge_objects)
$(libsmall): $(libsmall_objects)
$(libformats): $(libformats_objects)
$(libprompt): $(libprompt_objects)

$(O)/lib/%.a: $(stable)
	@mkdir -p $(@D)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# The C library's start files and archives, around the program's objects.
crt_first = $(musl)/crt1.o $(musl)/crti.o
crt_last  = $(musl)/crtn.o

# ---- Programs ----

# Small processes have no page table: they are linked low, and with a bridge that asks nobody.
small := vm pm

ordinary_base := 0x08048000
ordinary_libs := $(libgranite) $(libbridge) $(libformats)
prompt_base   := $(ordinary_base)
prompt_libs   := $(libprompt) $(ordinary_libs)
small_base    := 0x1000
small_libs    := $(libgranite) $(libsmall) $(libformats)

# What is linked: all objects; for a small process one that is made of them.
ordinary_objects = $(call objects,$(1))
prompt_objects   = $(ordinary_objects)
small_objects    = $(O)/$(firstword $(1)).one.o
$(O)/%.one.o:
	@mkdir -p $(@D)
	@$(call combine,$(own_flags),$(filter %.o,$^))

# $(call program,NAME,SOURCES,ordinary|prompt|small,FOLDER): rules for FOLDER/NAME, stripped, and elf/FOLDER/NAME for debuggers.
define program
program_objects += $(call objects,$(2))
$(if $(filter small,$(3)),$(call small_objects,$(2)): $(call objects,$(2)))
$(O)/elf/$(4)/$(1): $(call $(3)_objects,$(2)) $($(3)_libs) $(stable)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$(LD) $(program_ld) -Ttext-segment=$($(3)_base) -o $$@ $(crt_first) $$(filter %.o,$$^) \
		--start-group $$(filter %.a,$$^) $(musl)/libc.a $(libgcc) --end-group $(crt_last)
$(O)/$(4)/$(1): $(O)/elf/$(4)/$(1)
	@mkdir -p $$(@D)
	@$(OBJCOPY) --strip-all $$< $$@
endef

# The folders servers/NAME, drivers/NAME, programs/NAME with a main.c and the files programs/NAME.c each become bin/NAME;
# programs/lib is what those at the prompt share. But `ds` is what people call the data store by: the server has a name of
# its own.
folders  := $(patsubst %/main.c,%,$(sort $(wildcard servers/*/main.c drivers/*/main.c programs/*/main.c)))
singles  := $(wildcard programs/*.c)
binary_of = $(if $(filter servers/ds,$(1)),datastore,$(notdir $(1)))
programs := $(foreach f,$(folders),$(call binary_of,$f)) $(notdir $(basename $(singles)))

# $(call kind_of,FOLDER): how it is linked.
kind_of = $(if $(filter $(notdir $(1)),$(small)),small,$(if $(filter programs/%,$(1)),prompt,ordinary))

$(foreach f,$(folders),$(eval $(call program,$(call binary_of,$f),$(wildcard $f/*.[cS]),$(call kind_of,$f),bin)))
$(foreach f,$(singles),$(eval $(call program,$(notdir $(basename $f)),$f,prompt,bin)))

# ---- What `help` says of the programs ----

# Each says it itself, in a line `#define ABOUT "..."` of its main file; --help begins with the same words.
abouts      := $(O)/programs/abouts
about_files := $(filter-out programs/lib/%,$(wildcard programs/*.c programs/*/main.c))

$(abouts).c: $(about_files) $(stable)
	@mkdir -p $(@D)
	@{ echo '#include "programs/sh/abouts.h"'; echo 'const struct about abouts[] = {'; \
	for f in $(about_files); do name=$${f#programs/}; name=$${name%.c}; \
	sed -n "s/^#define ABOUT  *\(\".*\"\)$$/{\"$${name%/main}\", \1},/p" $$f; done; echo '{0}};'; } >$@
$(abouts).o: $(abouts).c programs/sh/abouts.h $(stable)
	@$(CC) $(user_flags) -I. $(warnings) -c -o $@ $<
$(O)/elf/bin/sh: $(abouts).o

# ---- Archive and ISO image ----

archive       := $(O)/granite.cpio
archive_files := $(sort $(programs:%=bin/%))
etc_files     := $(wildcard etc/*)

.PHONY: archive iso
archive: $(archive)

# The list is a file, so that the archive is made anew when a program appears or goes; tools/guest reads it too.
$(O)/archive_files: force
	@mkdir -p $(@D)
	@printf '%s\n' $(foreach f,$(archive_files),$f=$(O)/$f) $(foreach f,$(etc_files),$f=$f) >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(archive): $(archive_files:%=$(O)/%) $(etc_files) tools/image $(O)/archive_files
	$(call say,CPIO,$@)tools/image -o $@ $$(cat $(O)/archive_files)

iso: $(O)/granite.iso
$(O)/granite.iso: $(kernel) $(archive) tools/iso
	$(call say,ISO,$@)tools/iso -o $@ $(kernel) $(archive)

# ---- What tools/cc needs to compile any program like ours ----

.PHONY: sdk bochs-tools
sdk: $(kernel) $(archive) $(ordinary_libs) $(O)/toolchain
bochs-tools:

$(O)/toolchain: root := $(CURDIR)/
$(O)/toolchain: $(stable)
	@{ echo "cc='$(CC)'"; \
	echo "cflags='$(user_flags) $(frame_pointer)'"; \
	echo "ld='$(LD) $(program_ld) -Ttext-segment=$(ordinary_base) -L$(musl)'"; \
	echo "first='$(crt_first)'"; \
	echo "last='--start-group $(ordinary_libs:%=$(root)%) $(musl)/libc.a $(libgcc) --end-group $(crt_last)'"; } >$@

# ---- Benchmarks ----

bench_programs := $(filter-out measure,$(notdir $(basename $(wildcard bench/*.c))))
profile_plugin := $(O)/plugin/profile.so
plugin_flags   := -std=gnu11 -O2 -g -fvisibility=hidden -shared -fPIC

.PHONY: bench-programs bench profile
bench-programs: $(kernel) $(archive) $(bench_programs:%=$(O)/bench/%) $(profile_plugin)
$(foreach p,$(bench_programs),$(eval $(call program,$p,bench/$p.c bench/measure.c,ordinary,bench)))

$(profile_plugin): tools/plugin/profile.c tools/plugin/qemu.h $(stable)
	@mkdir -p $(@D)
	$(call say,HOST,$<)$(HOSTCC) $(plugin_flags) $(warnings) -o $@ $<

ROW  ?=
BASE ?=
PICTURE ?=
bench:
	@tools/bench --build $(O) $(if $(ROW),--row '$(ROW)') $(if $(BASE),--base '$(BASE)') \
		$(if $(PICTURE),--picture '$(PICTURE)')
profile:
	@tools/profile --build $(O) '$(ROW)'

# ---- Tests ----

host_tests  := $(notdir $(basename $(wildcard tests/host/*_test.c)))
guest_tests := $(notdir $(basename $(wildcard tests/guest/*.c)))
small_tests := $(notdir $(basename $(wildcard tests/small/*.c)))

.PHONY: host-tests guest-tests
host-tests: $(host_tests:%=$(O)/tests/host/%)
guest-tests: $(guest_tests:%=$(O)/tests/guest/%) $(small_tests:%=$(O)/tests/small/%)

$(foreach t,$(guest_tests),$(eval $(call program,$t,tests/guest/$t.c,ordinary,tests/guest)))
$(foreach t,$(small_tests),$(eval $(call program,$t,tests/small/$t.c,small,tests/small)))

# A host test's first lines name the sources it tests: /* links: servers/vm/region.c lib/formats/e*.c */
host_flags := -std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
	-DDEBUG_VMASSERT=1 -I. -Iabi -Ilib/sys -Ilib -iquote kernel/include -iquote kernel/arch/i386/include

define compile_host
	@mkdir -p $(@D)
	$(call say,HOST,$<)$(TESTCC) $(or $(2),$(host_flags)) $(1) $(warnings) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@ $<
endef
$(O)/host/%.c.o: %.c $(stable)
	$(call compile_host)
$(O)/host/kernel/%.c.o: kernel/%.c $(stable)
	$(call compile_host,-DGRANITE_KERNEL)
# Tests interrupt VM between any two of its basic blocks.
$(O)/host/servers/vm/%.c.o: servers/vm/%.c $(stable)
	$(call compile_host,-fsanitize-coverage=trace-pc)
# And they kill the data store there. (Its core is killed after each instruction, by tests of its own.)
ds_server := $(filter-out servers/ds/main.c servers/ds/peers.c servers/ds/events.c,$(wildcard servers/ds/do_*.c \
	servers/ds/kept.c servers/ds/owners.c servers/ds/later.c servers/ds/request.c servers/ds/serve.c servers/ds/ranges.c servers/ds/lendings.c))
$(ds_server:%=$(O)/host/%.o): $(O)/host/%.c.o: %.c $(stable)
	$(call compile_host,-fsanitize-coverage=trace-pc)

# A host test that looks at single instructions says so, /* sanitizers: none */, and has only those of the code itself.
plain_flags := $(filter-out -fsanitize=% -fno-sanitize-recover=% -O1,$(host_flags)) -O2
plain_tests := $(notdir $(basename $(shell grep -l '^/[*] sanitizers: none' tests/host/*_test.c)))

$(O)/plain/%.c.o: %.c $(stable)
	$(call compile_host,,$(plain_flags))

links_of = $(shell sed -n '/^\/[*] links:/ { :more; /[*]\//! { N; b more }; s/.*links://; s/[*]\/.*//; s/\n *[*]//g; p; q }' \
	tests/$(1).c)
sources_of = $(foreach l,$(call links_of,$(1)),$(or $(wildcard $l),$l))

# $(call host_test,NAME,SOURCES,host|plain)
define host_test
host_objects += $(call objects,tests/host/$(1).c $(2),$(3)/)
$(O)/tests/host/$(1): $(call objects,tests/host/$(1).c $(2),$(3)/)
	@mkdir -p $$(@D)
	@$(TESTCC) $($(3)_flags) -o $$@ $$^ -lcmocka
endef
ifneq ($(filter host-tests,$(goals)),)
$(foreach t,$(host_tests),$(eval $(call host_test,$t,$(call sources_of,host/$t),$(if $(filter $t,$(plain_tests)),plain,host))))
endif

# What libFuzzer feeds with bytes. It comes with clang.
fuzzer_flags := $(host_flags) -fsanitize=fuzzer-no-link
fuzzers      := $(notdir $(basename $(wildcard tests/fuzz/*_fuzz.c)))

.PHONY: fuzzers
fuzzers: $(fuzzers:%=$(O)/tests/fuzz/%)

$(O)/fuzzer/%.c.o: %.c $(stable)
	@mkdir -p $(@D)
	$(call say,FUZZ,$<)clang $(fuzzer_flags) $(warnings) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@ $<

define fuzzer
host_objects += $(call objects,tests/fuzz/$(1).c $(2),fuzzer/)
$(O)/tests/fuzz/$(1): $(call objects,tests/fuzz/$(1).c $(2),fuzzer/)
	@mkdir -p $$(@D)
	@clang $(host_flags) -fsanitize=fuzzer -o $$@ $$^
endef
ifneq ($(filter fuzzers,$(goals)),)
$(foreach f,$(fuzzers),$(eval $(call fuzzer,$f,$(call sources_of,fuzz/$f))))
endif

.PHONY: test test-tools
test-tools:
test:
	@tools/test $(if $(filter-out build,$(variant)),--build $(variant)/debug)

# Random calls from many seeds; SEED=n tools/test guest/fuzz_test repeats one. And libFuzzer's programs, for longer. With
# TEST= another test.
SEEDS ?= 10
.PHONY: fuzz
fuzz:
	@tools/fuzz $(SEEDS) $(TEST)

include check.mk

# ---- Run ----

MEM     ?=
CMDLINE ?=
PROG    ?=
ARGS    ?=
TRACE   ?=
TRACE_KINDS ?=
FILES   ?=
PROGRAMS ?=
MANIFEST ?=

# $(call option,NAME,VALUE): an option of tools/run, if it has a value.
option = $(if $(2),$(1) '$(2)')

.PHONY: run debug guest
run: sdk
	@tools/run --build $(O) $(call option,--mem,$(MEM)) $(call option,--cmdline,$(CMDLINE)) $(FILES:%=--file '%') \
		$(PROGRAMS:%=--program '%') $(call option,--manifest,$(MANIFEST)) \
		$(call option,--trace,$(TRACE)) $(call option,--trace-kinds,$(TRACE_KINDS))
debug: $(kernel) $(archive)
	@tools/run --build $(O) --gdb $(if $(MEM),--mem '$(MEM)') $(if $(CMDLINE),--cmdline '$(CMDLINE)')
guest: sdk
	@tools/guest --build $(O) $(PROG) $(if $(ARGS),-- $(ARGS))

# ---- The rest ----

.PHONY: clean distclean help
clean:
	rm -rf $(filter-out build/sysroot,$(wildcard build/*))
distclean:
	rm -rf build
help:
	@sed -n 's/^#h //p' Makefile

#h make            build the kernel and the boot archive
#h make run        boot it in QEMU on this terminal; Ctrl-A X leaves   (MEM=64, CMDLINE="...")
#h                 with FILES="path ..." these files of yours are there as /files/NAME
#h                 with PROGRAMS="x.c ..." MANIFEST=file these are programs, and services: docs/services.md
#h                 with TRACE=file.json a trace for https://ui.perfetto.dev    (TRACE_KINDS=ipc,call)
#h make test       all tests; with CC=clang or UBSAN=1 all of them with that system
#h make fuzz       random calls from more seeds, a job a core, and libFuzzer (SEEDS=40; SEEDS=0-7 TEST=guest/ds_step_test)
#h make guest      compile and run a C program in the system           (PROG="x.c" ARGS="...")
#h make bench      instructions per operation             (ROW=a,b BASE=old.json PICTURE=x.svg)
#h make profile    where one row's instructions go, by function        (ROW=ipc.sendrec_64B)
#h make debug      boot it in QEMU under gdb, which then knows processes
#h make iso        build/granite.iso, to boot from a CD or an USB stick
#h make check      formatting, static analysis and models
#h make format     bring all C files into the format that check wants
#h make clean      forget all that was built; distclean: the C library too
#h V=1 shows the commands, DEBUG=1 builds with assertions, CC=clang compiles with clang, UBSAN=1 makes undefined
#h behaviour trap; each in a folder of its own under build/.

-include $(patsubst %.o,%.d,$(kernel_objects) $(libgranite_objects) $(libbridge_objects) $(libsmall_objects) \
	$(libformats_objects) $(libprompt_objects) $(program_objects) $(host_objects))
