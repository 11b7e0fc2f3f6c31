/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include "clock.h"
#include "string.h"

void notify_post(struct proc *from, struct proc *to)
{
	int slot = proc_slot(from);

	to->notify_pending[slot / 32] |= 1u << (slot % 32);
	to->notify_summary |= 1u << (slot / 32);
	from->misc_flags |= MF_HAS_NOTIFIED;
}

static void clear_bit(struct proc *p, int slot)
{
	p->notify_pending[slot / 32] &= ~(1u << (slot % 32));
	if (!p->notify_pending[slot / 32])
		p->notify_summary &= ~(1u << (slot / 32));
}

static int is_pending(const struct proc *p, int slot)
{
	return (p->notify_pending[slot / 32] >> (slot % 32)) & 1;
}

static void compose(struct proc *p, endpoint_t source, uint32_t interrupts)
{
	struct notify_payload *payload = (void *)p->deliver.m_bytes;

	memset(&p->deliver, 0, sizeof(p->deliver));
	p->deliver.m_source = source;
	p->deliver.m_type = NOTIFY_MESSAGE;
	payload->timestamp = clock_uptime_coarse();
	payload->interrupts = interrupts;
}

static int take_from_hardware(struct proc *p, endpoint_t source)
{
	if (p->irq_pending && (source == ANY || source == HARDWARE)) {
		compose(p, HARDWARE, p->irq_pending);
		p->irq_pending = 0;
		return 1;
	}
	if (p->alarm_fired && (source == ANY || source == CLOCK)) {
		compose(p, CLOCK, 0);
		p->alarm_fired = 0;
		return 1;
	}
	return 0;
}

static int take_from_process(struct proc *p, endpoint_t source)
{
	int slot, word;

	if (source == ANY) {
		word = __builtin_ctz(p->notify_summary);
		slot = word * 32 + __builtin_ctz(p->notify_pending[word]);
	} else {
		if (!proc_lookup(source))
			return 0;
		slot = ENDPOINT_SLOT(source);
		if (!is_pending(p, slot))
			return 0;
	}
	clear_bit(p, slot);
	compose(p, proc_table[slot].endpoint, 0);
	return 1;
}

int notify_take(struct proc *p, endpoint_t source)
{
	if ((p->irq_pending | p->alarm_fired) && take_from_hardware(p, source))
		return 1;
	return p->notify_summary && take_from_process(p, source);
}

static void forget(struct proc *p, int slot)
{
	clear_bit(p, slot);
	if (!p->notify_summary)
		proc_clear_flags(p, RTS_NOTED);
}

void notify_forget(struct proc *p)
{
	int slot = proc_slot(p);

	if (!(p->misc_flags & MF_HAS_NOTIFIED))
		return;
	for (int i = 0; i < NR_PROCS; i++)
		if (is_pending(&proc_table[i], slot))
			forget(&proc_table[i], slot);
}
