/* SPDX-License-Identifier: MIT */
/* Publishes values, and looks at what a child may do with them. */
#include <granite/ds.h>
#include "pass.h"

static const char *word(int result)
{
	return result == OK ? "OK" : result == -EPERM ? "EPERM" : result == -ESRCH ? "ESRCH" : "?";
}

static void child(endpoint_t parent)
{
	char name[20];
	uint32_t limit;

	(void)parent;
	must(ds_retrieve_str("demo.name", name, sizeof(name)) == OK, "retrieving");
	printf("the name is %s\n", name);
	printf("a secret: %s\n", word(ds_retrieve_u32("demo.secret", &limit)));
	printf("changing the limit: %s\n", word(ds_publish_u32("demo.limit", 7, DSF_OVERWRITE)));
	printf("deleting it: %s\n", word(ds_delete_u32("demo.limit")));
	printf("what is mine goes with me: %s\n", word(ds_publish_u32("demo.child", 1, 0)));
}

int main(void)
{
	uint32_t number = 0;

	must(ds_publish_str("demo.name", "Granite", 0) == OK, "publishing");
	must(ds_publish_u32("demo.limit", 5, 0) == OK, "publishing");
	must(ds_publish_u32("demo.secret", 42, DSF_PRIV_RETRIEVE) == OK, "publishing");
	must(ds_publish_u32("demo.limit", 6, 0) == -EEXIST, "publishing what is there");
	start(child);
	must(wait(NULL) > 0, "wait");
	must(ds_retrieve_u32("demo.limit", &number) == OK, "retrieving");
	printf("the limit is %u by now\n", (unsigned)number);
	printf("the child's: %s\n", word(ds_retrieve_u32("demo.child", &number)));
	return 0;
}
