/* SPDX-License-Identifier: MIT */
/* guest: calls=irqctl irqs=3 ports=2f8-2ff */
/*
 * Interrupt lines and their drivers. The device is COM2, which interrupts when its transmitter is empty: that
 * is always, once nobody writes.
 */
#include <granite/ipc.h>
#include <granite/sys.h>

#include "tap.h"

/* PC16550D data sheet, section 8: registers interrupt enable, interrupt identification, modem control. */
#define COM2_INTERRUPTS   0x2f9
#define COM2_REASON       0x2fa
#define COM2_MODEM        0x2fc
#define TRANSMITTER_EMPTY 2
#define CONNECT_LINE      8

#define IRQ               3
#define PROGRAM           "/bin/irq_test"

extern char **environ;

static void out(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in(uint16_t port)
{
	uint8_t value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void quiet(void)
{
	out(COM2_INTERRUPTS, 0);
	(void)in(COM2_REASON);
}

/* The line rises, and falls again. What it has told is kept for its driver. */
static void fire(void)
{
	out(COM2_MODEM, CONNECT_LINE);
	out(COM2_INTERRUPTS, TRANSMITTER_EMPTY);
	for (int i = 0; i < 10; i++)
		sys_yield();
	quiet();
}

/* The next notification's source, or CLOCK if there is none for a while. */
static struct message next_notification(void)
{
	struct message m = {0};
	int status;
	CHECK_INT(sys_setalarm(50000000, 0, NULL), OK);
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK_INT(sys_setalarm(0, 0, NULL), OK);
	return m;
}

static void check_told(void)
{
	const struct message m = next_notification();
	const struct notify_payload *payload = (const void *)m.m_bytes;
	CHECK_INT(m.m_source, HARDWARE);
	CHECK_INT(payload->interrupts, 1u << IRQ);
}

static void an_interrupt_notifies_its_driver_when_it_next_receives(void)
{
	CHECK_INT(sys_irqattach(IRQ), OK);
	fire();
	check_told();
	CHECK_INT(next_notification().m_source, CLOCK);
	CHECK_INT(sys_irqenable(IRQ), OK);
	fire();
	check_told();
	CHECK_INT(sys_irqdetach(IRQ), OK);
}

static void a_line_that_is_given_up_tells_nothing_more(void)
{
	CHECK_INT(sys_irqattach(IRQ), OK);
	fire();
	CHECK_INT(sys_irqdetach(IRQ), OK);
	CHECK_INT(next_notification().m_source, CLOCK);
}

static void become_another_program(void)
{
	char *argv[] = {"irq_test", "anew", NULL};
	CHECK_INT(sys_irqattach(IRQ), OK);
	fire();
	execve(PROGRAM, argv, environ);
}

/* What becomes of it after exec. */
static int anew(void)
{
	CHECK_INT(next_notification().m_source, CLOCK);
	CHECK_INT(sys_irqenable(IRQ), -EINVAL);
	return tap_failures > 0;
}

static void exec_gives_up_lines_and_what_they_have_told(void)
{
	CHECK_EXITED(tap_child(become_another_program), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(an_interrupt_notifies_its_driver_when_it_next_receives),
	        TEST(a_line_that_is_given_up_tells_nothing_more),
	        TEST(exec_gives_up_lines_and_what_they_have_told),
	};
	(void)argv;
	return argc > 1 ? anew() : TAP_RUN(tests);
}
