/* SPDX-License-Identifier: MIT */
/* bench: calls=irqctl,schedule,vircopy irqs=3 ports=2f8-2ff */
/*
 * From an interrupt line's rising to its driver's first instruction. The driver waits in ipc_receive; an
 * ordinary process runs, and makes COM2 interrupt by letting it tell that its transmitter is empty.
 *
 *     raiser      time | out -> the line rises
 *     kernel                                 | interrupt, notification, the driver's memory is loaded |
 *     driver                                                                                            time
 *                             <------------------------- counted ------------------------------------->
 */
#define _GNU_SOURCE
#include <granite/sys.h>

#include "measure.h"

/* PC16550D data sheet, section 8: registers interrupt enable, interrupt identification, modem control. */
#define COM2_INTERRUPTS   0x2f9
#define COM2_REASON       0x2fa
#define COM2_MODEM        0x2fc
#define TRANSMITTER_EMPTY 2
#define CONNECT_LINE      8

#define IRQ               3
#define RAISER_PRIORITY   12

struct moment {
	uint64_t insns;
	struct granite_counters counters;
};

static endpoint_t raiser;
static struct moment raised; /* in the raiser's memory */
static struct moment driven; /* in the driver's */

static inline void out(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in(uint16_t port)
{
	uint8_t value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/*
 * Notes the time and writes to the port, with four moves in between: what is noted must be in memory when the
 * interrupt comes. Inlined, for `value` must be a constant.
 */
__attribute__((always_inline)) static inline void note_time_and_out(struct moment *moment, uint8_t value)
{
	uint32_t *insns = (uint32_t *)&moment->insns;
	BENCH_MARK_BEGIN;
	__asm__ volatile("rdtsc\n\t"
	                 "movl %%eax, %0\n\t"
	                 "movl %%edx, %1\n\t"
	                 "movb %2, %%al\n\t"
	                 "movw %3, %%dx\n\t"
	                 "outb %%al, %%dx"
	                 : "=m"(insns[0]), "=m"(insns[1])
	                 : "i"(value), "i"(COM2_INTERRUPTS)
	                 : "eax", "edx", "memory");
}

static inline void note_arrival(void)
{
	driven.insns = bench_insns();
	BENCH_MARK_END;
	bench_counters(&driven.counters);
}

static void raise_when_told(uint32_t unused)
{
	struct message m;
	int status;
	(void)unused;
	for (;;) {
		REQUIRE(ipc_receive(ANY, &m, &status) == OK);
		bench_counters(&raised.counters);
		note_time_and_out(&raised, TRANSMITTER_EMPTY);
	}
}

static void start_raiser(void)
{
	out(COM2_INTERRUPTS, 0);
	out(COM2_MODEM, CONNECT_LINE);
	raiser = bench_start(raise_when_told, 0, NULL);
	REQUIRE(sys_schedule(raiser, RAISER_PRIORITY, 100) == OK);
	REQUIRE(sys_irqattach(IRQ) == OK);
}

static void difference(struct sample *sum, const struct moment *before, const struct moment *after)
{
	sum->insns = after->insns - before->insns;
	bench_difference(&sum->counters, &before->counters, &after->counters);
}

static void from_raiser_to_driver(struct sample *sum)
{
	struct message m = {.m_type = 1};
	struct moment before;
	int status, result;
	REQUIRE(ipc_send(raiser, &m) == OK);
	result = ipc_receive(HARDWARE, &m, &status);
	note_arrival();
	REQUIRE(result == OK);
	out(COM2_INTERRUPTS, 0);
	(void)in(COM2_REASON); /* the line falls, if it has not yet */
	REQUIRE(sys_irqenable(IRQ) == OK);
	REQUIRE(sys_vircopy(raiser, (vir_bytes)&raised, SELF, (vir_bytes)&before, sizeof(before), 0) == OK);
	difference(sum, &before, &driven);
}

/* The same with an `out` that raises nothing: what is measured besides the interrupt. */
static void straight_on(struct sample *sum)
{
	struct moment before;
	bench_counters(&before.counters);
	note_time_and_out(&before, 0);
	note_arrival();
	difference(sum, &before, &driven);
}

static const struct row rows[] = {
        ROW("irq.to_driver", 1, NULL, .setup = start_raiser, .sample = from_raiser_to_driver,
            .empty_sample = straight_on, .interrupts = 1),
        ROW("scale.irq_10", 1, NULL, .setup = start_raiser, .sample = from_raiser_to_driver,
            .empty_sample = straight_on, .interrupts = 1, .others = 10),
        ROW("scale.irq_500", 1, NULL, .setup = start_raiser, .sample = from_raiser_to_driver,
            .empty_sample = straight_on, .interrupts = 1, .others = 500),
};

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
