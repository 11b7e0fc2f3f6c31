/* SPDX-License-Identifier: MIT */
/* Reads the manifest. See manifest.h. */
#include <string.h>
#include <granite/abi/sys.h>
#include "manifest.h"

#define QUANTUM_DEFAULT_MSECS 50

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

/* The words from `first` on, as they are; *word is the one with which they become too long. */
static problem_t read_arguments(struct manifest_service *service, const struct span *words, int first,
                                int count, struct span *word)
{
	uint32_t room = MANIFEST_STRINGS_MAX - ((uint32_t)strlen(service->program) + 1);

	for (int i = first; i < count; i++) {
		*word = words[i];
		if (words[i].bytes >= room)
			return "arguments too long";
		room -= words[i].bytes + 1;
		service->args[service->nr_args++] = words[i];
	}
	return NULL;
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
	problem = manifest_read_keys(service, 0, words + 2, count - 2, &used, word);
	if (problem)
		return problem;
	problem = read_arguments(service, words, 2 + used + 1, count, word);
	if (problem)
		return problem;
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
	problem = manifest_read_keys(&users, 1, words, count, &used, word);
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
