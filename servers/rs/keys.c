/* SPDX-License-Identifier: MIT */
/* The keys of a line of the manifest: each function reads one key's value into the service. See manifest.h.
 */
#include <stddef.h>
#include <granite/abi/sys.h>
#include "manifest.h"

#define QUANTUM_MAX_MSECS   1000
#define IRQ_MAX             15
#define PORT_MAX            0xffff
#define PHYS_MAX            0xfffffffeu /* the last byte: a range has less than 4 GiB */
#define GIVE_UP_MAX         1000
#define HEARTBEAT_MIN_MSECS 10
#define HEARTBEAT_MAX_MSECS 3600000

static problem_t read_calls(struct manifest_service *service, struct span value, struct span *word)
{
	while (span_split(&value, ',', word)) {
		if (!privileges_allow_call(&service->spec, *word))
			return "no such kernel call";
		if (span_is(*word, "guest"))
			service->guest = 1;
	}
	return NULL;
}

static problem_t read_ipc(struct manifest_service *service, struct span value, struct span *word)
{
	(void)word;
	service->ipc = value;
	return NULL;
}

static problem_t read_irqs(struct manifest_service *service, struct span value, struct span *word)
{
	uint32_t irq;

	while (span_split(&value, ',', word)) {
		if (!span_number(*word, 10, IRQ_MAX, &irq))
			return "not an interrupt line from 0 to 15";
		service->spec.irqs |= 1u << irq;
	}
	return NULL;
}

/* `first-last`, or one number alone, in hexadecimal. */
static int read_range(struct span word, uint32_t max, uint32_t *first, uint32_t *last)
{
	struct span rest = word, first_word, last_word;

	if (!span_split(&rest, '-', &first_word))
		return 0;
	last_word = first_word.bytes < word.bytes ? rest : first_word;
	return span_number(first_word, 16, max, first) && span_number(last_word, 16, max, last) &&
	       *first <= *last;
}

static problem_t read_ports(struct manifest_service *service, struct span value, struct span *word)
{
	struct priv_spec *spec = &service->spec;
	uint32_t first, last;

	while (span_split(&value, ',', word)) {
		if (!read_range(*word, PORT_MAX, &first, &last))
			return "not a range of ports";
		if (spec->nr_ports == NR_PRIV_PORTS)
			return "too many ranges of ports";
		spec->ports[spec->nr_ports++] = (struct priv_ports){(uint16_t)first, (uint16_t)last};
	}
	return NULL;
}

static problem_t read_phys(struct manifest_service *service, struct span value, struct span *word)
{
	struct priv_spec *spec = &service->spec;
	uint32_t first, last;

	while (span_split(&value, ',', word)) {
		if (!read_range(*word, PHYS_MAX, &first, &last))
			return "not a range of physical memory";
		if (spec->nr_phys == NR_PRIV_PHYS)
			return "too many ranges of physical memory";
		spec->phys[spec->nr_phys++] = (struct priv_phys){first, last - first + 1};
	}
	return NULL;
}

static problem_t read_priority(struct manifest_service *service, struct span value, struct span *word)
{
	*word = value;
	if (!span_number(value, 10, SCHED_PRIORITIES - 1, &service->priority) ||
	    service->priority < SCHED_PRIO_DRIVER)
		return "not a priority from 1 to 15";
	return NULL;
}

static problem_t read_quantum(struct manifest_service *service, struct span value, struct span *word)
{
	*word = value;
	if (!span_number(value, 10, QUANTUM_MAX_MSECS, &service->quantum_msecs) ||
	    service->quantum_msecs == 0)
		return "not a quantum in milliseconds, from 1 to 1000";
	return NULL;
}

static problem_t read_children(struct manifest_service *service, struct span value, struct span *word)
{
	*word = value;
	if (span_is(value, "inherit"))
		service->spec.flags |= PRIV_INHERIT;
	else if (!span_is(value, "user"))
		return "children are `inherit` or `user`";
	return NULL;
}

static problem_t read_flags(struct manifest_service *service, struct span value, struct span *word)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} flags[] = {{"archive", PRIV_ARCHIVE}, {"reserve", PRIV_RESERVE}, {"magic", PRIV_MAGIC},
	             {"events", PRIV_EVENTS},   {"inspect", PRIV_INSPECT}, {"control", PRIV_CONTROL},
	             {"keep", PRIV_KEEP}};

	while (span_split(&value, ',', word)) {
		uint32_t found = 0;

		for (uint32_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (span_is(*word, flags[i].name))
				found = flags[i].flag;
		if (!found)
			return "no such flag";
		service->spec.flags |= found;
	}
	return NULL;
}

static problem_t read_restart(struct manifest_service *service, struct span value, struct span *word)
{
	*word = value;
	if (span_is(value, "always"))
		service->restart.policy = RESTART_ALWAYS;
	else if (span_is(value, "failure"))
		service->restart.policy = RESTART_ON_FAILURE;
	else if (!span_is(value, "never"))
		return "restart is `always`, `failure` or `never`";
	return NULL;
}

static problem_t read_give_up(struct manifest_service *service, struct span value, struct span *word)
{
	*word = value;
	if (!span_number(value, 10, GIVE_UP_MAX, &service->restart.give_up) || service->restart.give_up == 0)
		return "not a number of failures from 1 to 1000";
	return NULL;
}

static problem_t read_heartbeat(struct manifest_service *service, struct span value, struct span *word)
{
	*word = value;
	if (!span_number(value, 10, HEARTBEAT_MAX_MSECS, &service->heartbeat_msecs) ||
	    service->heartbeat_msecs < HEARTBEAT_MIN_MSECS)
		return "not a heartbeat in milliseconds, from 10 to an hour";
	return NULL;
}

static problem_t read_on_exit(struct manifest_service *service, struct span value, struct span *word)
{
	*word = value;
	if (!span_is(value, "poweroff"))
		return "onexit is `poweroff`, or is left out";
	service->powers_off = 1;
	return NULL;
}

static const struct key {
	const char *name;
	problem_t (*read)(struct manifest_service *service, struct span value, struct span *word);
	uint32_t for_users; /* 1: the line `users` may have it too */
} keys[] = {
        {"calls", read_calls, 1},     {"ipc", read_ipc, 1},           {"irqs", read_irqs, 0},
        {"ports", read_ports, 0},     {"phys", read_phys, 0},         {"prio", read_priority, 0},
        {"quantum", read_quantum, 0}, {"children", read_children, 0}, {"flags", read_flags, 0},
        {"restart", read_restart, 0}, {"giveup", read_give_up, 0},    {"heartbeat", read_heartbeat, 0},
        {"onexit", read_on_exit, 0},
};

#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

/* The place in keys[] of the key in the word `key=value`, or NR_KEYS: it has none; *value is what follows. */
static uint32_t find_key(struct span word, int for_users, struct span *value)
{
	struct span name;
	uint32_t key;

	*value = word;
	span_split(value, '=', &name);
	if (name.bytes == word.bytes)
		return NR_KEYS;
	for (key = 0; key < NR_KEYS; key++)
		if (span_is(name, keys[key].name) && (keys[key].for_users || !for_users))
			return key;
	return NR_KEYS;
}

problem_t manifest_read_keys(struct manifest_service *service, int for_users, const struct span *words,
                             int count, int *used, struct span *word)
{
	uint32_t seen = 0;

	for (*used = 0; *used < count && !span_is(words[*used], "--"); ++*used) {
		struct span value;
		uint32_t key = find_key(words[*used], for_users, &value);
		problem_t problem;

		*word = words[*used];
		if (key == NR_KEYS)
			return "no such key";
		if (seen & 1u << key)
			return "a key given twice";
		seen |= 1u << key;
		problem = keys[key].read(service, value, word);
		if (problem)
			return problem;
	}
	if (service->restart.give_up && service->restart.policy == RESTART_NEVER)
		return "giveup for a service that is never restarted";
	return NULL;
}
