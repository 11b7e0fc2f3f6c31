/* SPDX-License-Identifier: MIT */
/*
 * The data store is told of labels, and never waited for. What it can't take is marked and tried again; when
 * it has been started anew, all is.
 */
#include <errno.h>
#include <string.h>
#include <granite/abi/ds_label.h>
#include "rs.h"

#define RETRY_NSECS 10000000u
#define LABELS_MAX  (MANIFEST_SERVICES_MAX + 3) /* and VM, PM, RS */

static struct label {
	char text[PROC_NAME_MAX];
	endpoint_t endpoint; /* NONE: there is nobody */
	int is_told;         /* the store has been sent this */
} labels[LABELS_MAX];

static uint32_t nr_labels;
static endpoint_t store = NONE;
static uint64_t retry_at = NEVER;

static int tell(const struct label *label)
{
	struct ds_label_req request = {.endpoint = label->endpoint};
	struct message m = {.m_type = DS_LABEL};

	memcpy(request.label, label->text, sizeof(request.label));
	memcpy(m.m_bytes, &request, sizeof(request));
	return process_tell(store, &m);
}

/* A store that is dead already will have a successor. */
void labels_tell(void)
{
	retry_at = NEVER;
	for (uint32_t i = 0; i < nr_labels && store != NONE; i++) {
		int result = labels[i].is_told ? OK : tell(&labels[i]);

		if (result == -EAGAIN)
			retry_at = process_now() + RETRY_NSECS;
		if (result != OK)
			return;
		labels[i].is_told = 1;
	}
}

static struct label *find(const char *text)
{
	struct label *label = labels;

	while (label < labels + nr_labels && strcmp(label->text, text) != 0)
		label++;
	if (label == labels + nr_labels) {
		memcpy(label->text, text, strlen(text) + 1);
		nr_labels++;
	}
	return label;
}

/* Where there is nobody a new store may know somebody, of whom it has to hear that he will not come. */
static void begin_with_store(endpoint_t endpoint)
{
	store = endpoint;
	for (uint32_t i = 0; i < nr_labels; i++)
		labels[i].is_told = 0;
}

void labels_changed(const char *text, endpoint_t endpoint)
{
	struct label *label = find(text);

	label->endpoint = endpoint;
	label->is_told = 0;
	if (strcmp(text, DS_LABEL_SERVICE) == 0)
		begin_with_store(endpoint);
	else
		labels_tell();
}

void labels_init(void)
{
	nr_labels = 0;
	store = NONE;
	labels_changed("vm", VM_PROC_NR);
	labels_changed("pm", PM_PROC_NR);
	labels_changed("rs", RS_PROC_NR);
}

void labels_expire(uint64_t now)
{
	if (retry_at <= now)
		labels_tell();
}

uint64_t labels_deadline(void)
{
	return retry_at;
}
