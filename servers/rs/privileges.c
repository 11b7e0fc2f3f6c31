/* SPDX-License-Identifier: MIT */
/* From the manifest's names to the kernel's bits: see manifest.h. */
#include <stddef.h>
#include <granite/abi/sys.h>
#include "manifest.h"

/* ---- Kernel calls ---- */

static const struct call_name {
	const char *name;
	uint32_t number;
} call_names[] = {
#define OP(number, NAME, name) {#name, NAME},
#include <granite/abi/ops/sys.def>
#undef OP
};

static void allow_call(struct priv_spec *spec, uint32_t number)
{
	uint32_t index = number - KCALL_BASE;

	spec->calls[index / 32] |= 1u << index % 32;
}

static void allow_peer(struct priv_spec *spec, uint32_t id)
{
	spec->ipc_to[id / 32] |= 1u << id % 32;
}

void privileges_allow_basics(struct priv_spec *spec)
{
	static const uint32_t calls[] = PRIV_BASIC_CALLS;

	for (uint32_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		allow_call(spec, calls[i]);
	allow_peer(spec, PRIV_ID_VM);
	allow_peer(spec, PRIV_ID_PM);
	allow_peer(spec, PRIV_ID_RS);
}

/* `basic` is what every process has anyhow, and the class `guest` has no further calls so far. */
int privileges_allow_call(struct priv_spec *spec, struct span name)
{
	if (span_is(name, "basic") || span_is(name, "guest"))
		return 1;
	for (uint32_t i = 0; i < sizeof(call_names) / sizeof(call_names[0]); i++) {
		if (span_is(name, call_names[i].name)) {
			allow_call(spec, call_names[i].number);
			return 1;
		}
	}
	return 0;
}

/* ---- Peers ---- */

static int allow_label(struct priv_spec *spec, const struct manifest *manifest, struct span label)
{
	for (uint32_t i = 0; i < manifest->nr_services; i++) {
		if (span_is(label, manifest->services[i].label)) {
			allow_peer(spec, manifest->services[i].spec.id);
			return 1;
		}
	}
	return 0;
}

/*
 * The class of services that are not the system's own. Who may talk to them has a console, files and a data
 * store too, if there are any.
 */
static void allow_guests(struct priv_spec *spec, const struct manifest *manifest)
{
	allow_label(spec, manifest, (struct span){"console", sizeof("console") - 1});
	allow_label(spec, manifest, (struct span){"ramfs", sizeof("ramfs") - 1});
	allow_label(spec, manifest, (struct span){"ds", sizeof("ds") - 1});
	for (uint32_t i = 0; i < manifest->nr_services; i++)
		if (manifest->services[i].guest)
			allow_peer(spec, manifest->services[i].spec.id);
}

static int allow_name(struct priv_spec *spec, const struct manifest *manifest, struct span name)
{
	static const struct {
		const char *name;
		uint32_t id;
	} fixed[] = {{"users", PRIV_ID_USER}, {"vm", PRIV_ID_VM}, {"pm", PRIV_ID_PM}, {"rs", PRIV_ID_RS}};

	for (uint32_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (span_is(name, fixed[i].name)) {
			allow_peer(spec, fixed[i].id);
			return 1;
		}
	}
	if (span_is(name, "all")) {
		for (uint32_t word = 0; word < PRIV_WORDS; word++)
			spec->ipc_to[word] = UINT32_MAX;
		return 1;
	}
	if (span_is(name, "guest")) {
		allow_guests(spec, manifest);
		return 1;
	}
	return allow_label(spec, manifest, name);
}

static int resolve_line(const struct manifest *manifest, struct manifest_service *service)
{
	struct span rest = service->ipc, name;

	while (span_split(&rest, ',', &name)) {
		if (!allow_name(&service->spec, manifest, name)) {
			manifest->report(service->line, "ipc with an unknown label", name);
			return 0;
		}
	}
	return 1;
}

/* All lines are resolved before any is taken out: one bad line must not make others bad that name it. */
void privileges_resolve(struct manifest *manifest)
{
	uint8_t good[MANIFEST_SERVICES_MAX];
	uint32_t kept = 0;

	if (!resolve_line(manifest, &manifest->users))
		manifest->users.line = 0;
	for (uint32_t i = 0; i < manifest->nr_services; i++)
		good[i] = (uint8_t)resolve_line(manifest, &manifest->services[i]);
	for (uint32_t i = 0; i < manifest->nr_services; i++)
		if (good[i])
			manifest->services[kept++] = manifest->services[i];
	manifest->nr_services = kept;
}
