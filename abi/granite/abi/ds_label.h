/* SPDX-License-Identifier: MIT */
/* What RS tells the data store of labels: who is who now. */
#ifndef GRANITE_ABI_DS_LABEL_H
#define GRANITE_ABI_DS_LABEL_H

#include <granite/abi/types.h>
#include <granite/abi/info.h>
#include <granite/abi/message.h>

/* The label of the service that is told. */
#define DS_LABEL_SERVICE "ds"

enum ds_label_op {
#define OP(number, NAME, name) NAME = (number),
#include <granite/abi/ops/ds_label.def>
#undef OP
};

/*
 * From RS alone, by ipc_senda, and never answered: the process behind a label has changed, or there was none
 * already and it is sure now that none will come, which the store can ask for (RS_STATUS). A store that has
 * just been started is told all of them, its own, vm, pm and rs among them. What happens between two messages
 * about one label is not told: it may have had other endpoints meanwhile. RS tells it before it lets the
 * process run, unless the store does not take its messages; but the store can ask for it then (RS_LABEL).
 */
struct ds_label_req {
	char label[PROC_NAME_MAX]; /* with its end */
	endpoint_t endpoint;       /* NONE: it has none now */
};
struct ds_label_rep {
};

#define OP(number, NAME, name) MESSAGE_FITS(ds, name)
#include <granite/abi/ops/ds_label.def>
#undef OP

#endif
