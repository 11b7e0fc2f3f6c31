# SPDX-License-Identifier: MIT
#
# `make check`: what can be said about the sources without running them. Each file is looked at again only when it
# has changed.

.PHONY: check check-format check-headers check-clang check-tidy check-shell check-models
check: check-format check-headers check-clang check-tidy check-shell check-models

source_folders := $(wildcard abi kernel lib servers drivers programs tests bench docs tools/plugin)
our_sources    := $(sort $(shell find $(source_folders) -name '*.c'))
our_headers    := $(sort $(shell find $(source_folders) -name '*.h'))
checked        := $(O)/check

# ---- Formatting ----

check-format: $(checked)/format
$(checked)/format: $(our_sources) $(our_headers) .clang-format
	@mkdir -p $(@D)
	$(call say,FMT,all C files)clang-format --dry-run -Werror $(our_sources) $(our_headers)
	@touch $@

.PHONY: format
format:
	clang-format -i $(our_sources) $(our_headers)

# ---- Every header compiles alone ----

# $(call flags_of,FILE): how a source or header of that folder is compiled.
flags_of = $(if $(filter kernel/%,$(1)),$(kernel_flags),$(user_flags))

host_headers   := $(filter tests/host/%,$(our_headers))
target_headers := $(filter-out $(host_headers),$(our_headers))
check-headers: $(target_headers:%=$(checked)/%)
$(checked)/%.h: %.h $(stable)
	@mkdir -p $(@D)
	$(call say,HDR,$<)$(CC) $(call flags_of,$<) $(warnings) -fsyntax-only -include $< -x c /dev/null \
		-MMD -MP -MT $@ -MF $@.d
	@touch $@

# ---- Clang finds nothing to warn about, and builds the same system ----

check-clang:
	@$(MAKE) --no-print-directory CC=clang all

# ---- Static analysis: all but the tests, which do wrong things on purpose ----

analysed := $(filter-out tests/%,$(our_sources))

clang_flags = $(patsubst $(cc_own),$(clang_own),--target=i686-linux-gnu $(call flags_of,$(1)))
clang_own   = $(shell clang -print-file-name=include)

check-tidy: $(analysed:%=$(checked)/%.tidy)
$(checked)/%.tidy: % .clang-tidy $(stable)
	@mkdir -p $(@D)
	$(call say,TIDY,$<)clang-tidy --quiet --warnings-as-errors='*' $< -- $(call clang_flags,$<) >$@.out 2>$@.err || \
		{ cat $@.out; exit 1; }
	@touch $@

check-shell:
	@for script in $$(grep -lE '^#!/bin/(ba)?sh' -r tools tests .ci); do shellcheck -x "$$script" || exit 1; done

# ---- Models hold, and would not without any of their rules ----

models := $(wildcard models/*.pml)
check-models: $(models:%=$(checked)/%.txt)
	@cat $^
$(checked)/%.pml.txt: %.pml tools/model
	@mkdir -p $(@D)
	$(call say,SPIN,$<)tools/model $< >$@

ifneq ($(filter check check-headers,$(goals)),)
-include $(target_headers:%=$(checked)/%.d)
endif
