/* SPDX-License-Identifier: MIT */
/* Is told of what happens to some keys. */
#include <granite/ds.h>
#include "pass.h"

static void publisher(endpoint_t parent)
{
	must(ds_publish_str("link.eth0", "up", 0) == OK, "publishing");
	must(ds_publish_str("link.eth0", "down", DSF_OVERWRITE) == OK, "publishing");
	must(ds_publish_str("disk.sda", "ready", 0) == OK, "publishing");
	must(ds_publish_u32("link.mtu", 1500, 0) == OK, "publishing");
	pass(parent, 0);
	(void)passed(parent, NULL);
}

static void tell_news(void)
{
	struct ds_change change;

	while (ds_check_change(&change) == OK)
		printf("%s is %s%s\n", change.key,
		       change.what & DS_DELETED   ? "deleted"
		       : change.what & DS_CREATED ? "created"
		                                  : "changed",
		       change.what & DS_OWNER_DIED ? ": its owner has died" : "");
}

static void await_notification(void)
{
	struct message m;

	do
		must(ipc_receive(ANY, &m, NULL) == OK, "ipc_receive");
	while (!ds_is_notification(&m));
}

int main(void)
{
	endpoint_t other;

	must(ds_subscribe("link\\..*", DSF_INITIAL) == OK, "subscribing");
	other = start(publisher);
	(void)passed(other, NULL);
	await_notification();
	tell_news();
	pass(other, 0);
	must(wait(NULL) > 0, "wait");
	await_notification();
	tell_news();
	return ds_unsubscribe("link\\..*");
}
