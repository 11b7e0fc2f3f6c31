/* SPDX-License-Identifier: MIT */
/* Reads the manifest. See manifest.h. */
#include <string.h>
#include <granite/abi/sys.h>
#include "manifest.h"

#define QUANTUM_DEFAULT_MSECS 50
#define QUANTUM_MAX_MSECS     1000
#define IRQ_MAX               15
#define PORT_MAX              0xffff
#define PHYS_MAX              0xfffffffeu /* the last byte: a range has less than 4 GiB */

/* What is wrong with a line; NULL: nothing. Functions that return it say in *word with which word. */
typedef const char *problem_t;

/* ---- Keys: each function reads one key's value into the service ---- */

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
	service->ipc = value;
	while (span_split(&value, ',', word))
		if (span_is(*word, "guest"))
			service->guest = 1;
	return NULL;
}

static problem_t read_irqs(struct manifest_service *service, struct span value, struct span *word)
{
	uint32_t irq;

	while (span_split(&value, ',', word)) {
		if (!span_number(*word, 10, IRQ_MAX, &irq))
			return "not an interrupt line";
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
		return "not a priority";
	return NULL;
}

static problem_t read_quantum(struct manifest_service *service, struct span value, struct span *word)
{
	*word = value;
	if (!span_number(value, 10, QUANTUM_MAX_MSECS, &service->quantum_msecs) ||
	    service->quantum_msecs == 0)
		return "not a quantum in milliseconds";
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
	while (span_split(&value, ',', word)) {
		if (span_is(*word, "archive"))
			service->spec.flags |= PRIV_ARCHIVE;
		else if (span_is(*word, "reserve"))
			service->spec.flags |= PRIV_RESERVE;
		else if (span_is(*word, "magic"))
			service->spec.flags |= PRIV_MAGIC;
		else if (span_is(*word, "events"))
			service->spec.flags |= PRIV_EVENTS;
		else if (span_is(*word, "inspect"))
			service->spec.flags |= PRIV_INSPECT;
		else
			return "no such flag";
	}
	return NULL;
}

static problem_t read_on_exit(struct manifest_service *service, struct span value, struct span *word)
{
	*word = value;
	if (span_is(value, "restart"))
		service->on_exit = ON_EXIT_RESTART;
	else if (span_is(value, "poweroff"))
		service->on_exit = ON_EXIT_POWEROFF;
	else if (span_is(value, "nothing"))
		service->on_exit = ON_EXIT_NOTHING;
	else
		return "onexit is `restart`, `poweroff` or `nothing`";
	return NULL;
}

static const struct key {
	const char *name;
	problem_t (*read)(struct manifest_service *service, struct span value, struct span *word);
	uint32_t for_users; /* 1: the line `users` may have it too */
} keys[] = {
        {"calls", read_calls, 1},       {"ipc", read_ipc, 1},       {"irqs", read_irqs, 0},
        {"ports", read_ports, 0},       {"prio", read_priority, 0}, {"quantum", read_quantum, 0},
        {"children", read_children, 0}, {"flags", read_flags, 0},   {"onexit", read_on_exit, 0},
        {"phys", read_phys, 0},
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

/* Reads the words key=value, up to `--` or the end; *used says how many. */
static problem_t read_keys(struct manifest_service *service, int for_users, const struct span *words,
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
	return NULL;
}

/* ---- Lines ---- */

static int label_taken(const struct manifest *manifest, struct span label)
{
	for (uint32_t i = 0; i < manifest->nr_services; i++)
		if (span_is(label, manifest->services[i].label))
			return 1;
	return 0;
}

static int label_reserved(struct span label)
{
	static const char *const reserved[] = {"vm", "pm", "rs", "users", "all", "guest"};

	for (uint32_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (span_is(label, reserved[i]))
			return 1;
	return 0;
}

static problem_t read_label(const struct manifest *manifest, struct manifest_service *service,
                            struct span label)
{
	if (!span_copy(label, service->label, sizeof(service->label)))
		return "a label too long";
	if (memchr(label.start, ',', label.bytes) || memchr(label.start, '=', label.bytes))
		return "a label with `,` or `=`";
	if (label_reserved(label))
		return "a reserved label";
	return label_taken(manifest, label) ? "a label taken already" : NULL;
}

static void set_defaults(struct manifest_service *service, uint32_t line, uint32_t privilege_id)
{
	memset(service, 0, sizeof(*service));
	service->line = line;
	service->priority = SCHED_PRIO_USER;
	service->quantum_msecs = QUANTUM_DEFAULT_MSECS;
	service->spec.id = privilege_id;
	privileges_allow_basics(&service->spec);
}

/* words: label, program, keys, and perhaps `--` and arguments */
static problem_t read_service(struct manifest *manifest, uint32_t line, const struct span *words, int count,
                              struct span *word)
{
	struct manifest_service *service = &manifest->services[manifest->nr_services];
	problem_t problem;
	int used;

	if (count < 2)
		return "a service needs a label and a program";
	*word = words[0];
	if (manifest->nr_services == MANIFEST_SERVICES_MAX)
		return "one service too many";
	set_defaults(service, line, PRIV_ID_FIRST + manifest->nr_services);
	problem = read_label(manifest, service, words[0]);
	if (problem)
		return problem;
	*word = words[1];
	if (!span_copy(words[1], service->program, sizeof(service->program)))
		return "a path too long";
	problem = read_keys(service, 0, words + 2, count - 2, &used, word);
	if (problem)
		return problem;
	for (int i = 2 + used + 1; i < count; i++)
		service->args[service->nr_args++] = words[i];
	manifest->nr_services++;
	return NULL;
}

/* words: keys */
static problem_t read_users(struct manifest *manifest, uint32_t line, const struct span *words, int count,
                            struct span *word)
{
	struct manifest_service users;
	problem_t problem;
	int used;

	if (manifest->users.line)
		return "a second line `users`";
	set_defaults(&users, line, PRIV_ID_USER);
	problem = read_keys(&users, 1, words, count, &used, word);
	if (problem)
		return problem;
	if (used < count) {
		*word = words[used];
		return "arguments for nobody";
	}
	manifest->users = users;
	return NULL;
}

static problem_t read_line(struct manifest *manifest, uint32_t line, struct span text, struct span *word)
{
	struct span words[MANIFEST_WORDS_MAX];
	int count = span_words(text, words);

	if (count == 0 || (count > 0 && words[0].start[0] == '#'))
		return NULL;
	if (count < 0)
		return count == WORDS_TOO_MANY ? "too many words" : "a control character";
	if (span_is(words[0], "service"))
		return read_service(manifest, line, words + 1, count - 1, word);
	if (span_is(words[0], "users"))
		return read_users(manifest, line, words + 1, count - 1, word);
	*word = words[0];
	return "neither `service` nor `users`";
}

void manifest_parse(struct manifest *manifest, const char *text, uint32_t bytes)
{
	struct span rest = {text, bytes}, line_text;

	manifest->nr_services = 0;
	set_defaults(&manifest->users, 0, PRIV_ID_USER);
	for (uint32_t line = 1; span_split(&rest, '\n', &line_text); line++) {
		struct span word = {line_text.start, 0};
		problem_t problem = read_line(manifest, line, line_text, &word);

		if (problem)
			manifest->report(line, problem, word);
	}
	privileges_resolve(manifest);
}
