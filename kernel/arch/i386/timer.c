/* SPDX-License-Identifier: MIT */
/* The 8254 interval timer makes the ticks; the real-time clock tells the date once. Intel 8254 data sheet;
 * MC146818. */
#include "clock.h"
#include "irq.h"
#include "machine.h"

#define TIMER_HZ       1193182u
#define TIMER_DIVISOR  (TIMER_HZ / CLOCK_HZ)
#define TIMER_DATA     0x40
#define TIMER_COMMAND  0x43
#define RATE_GENERATOR 0x34 /* counter 0, low then high byte, mode 2 */
#define LATCH          0x00

#define RTC_INDEX      0x70
#define RTC_DATA       0x71

void timer_init(void)
{
	outb(TIMER_COMMAND, RATE_GENERATOR);
	outb(TIMER_DATA, TIMER_DIVISOR & 0xff);
	outb(TIMER_DATA, TIMER_DIVISOR >> 8);
	arch_irq_unmask(IRQ_CLOCK);
}

static uint32_t read_counter(void)
{
	uint32_t low;

	outb(TIMER_COMMAND, LATCH);
	low = inb(TIMER_DATA);
	return low | (uint32_t)inb(TIMER_DATA) << 8;
}

/* The counter runs down; when it starts again and its interrupt is not yet taken, a whole tick is to be
 * added. No branch for it: what a call costs does not depend on the time at which it is made. */
uint32_t arch_timer_nsecs(void)
{
	uint32_t count = read_counter();
	uint32_t elapsed = count < TIMER_DIVISOR ? TIMER_DIVISOR - count : 0;
	uint32_t ticks_missed = pic_timer_pending() & (elapsed < TIMER_DIVISOR / 2);

	elapsed += ticks_missed * TIMER_DIVISOR;
	return (uint64_t)elapsed * NSECS_PER_TICK / TIMER_DIVISOR;
}

uint64_t arch_timestamp(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static uint8_t read_rtc_register(uint8_t index)
{
	outb(RTC_INDEX, index);
	return inb(RTC_DATA);
}

enum {
	RTC_SECONDS = 0,
	RTC_MINUTES = 2,
	RTC_HOURS = 4,
	RTC_DAY = 7,
	RTC_MONTH = 8,
	RTC_YEAR = 9,
	RTC_A = 10,
	RTC_B = 11
};
#define RTC_UPDATING 0x80
#define RTC_BINARY   0x04
#define RTC_24_HOURS 0x02
#define RTC_PM       0x80

struct date {
	uint32_t year, month, day, hours, minutes, seconds;
};

static uint32_t from_bcd(uint8_t n, uint8_t mode)
{
	return mode & RTC_BINARY ? n : (n >> 4) * 10u + (n & 0xf);
}

static void read_date(struct date *date)
{
	uint8_t mode = read_rtc_register(RTC_B), hours = read_rtc_register(RTC_HOURS);

	date->seconds = from_bcd(read_rtc_register(RTC_SECONDS), mode);
	date->minutes = from_bcd(read_rtc_register(RTC_MINUTES), mode);
	date->hours = from_bcd(hours & ~RTC_PM, mode);
	if (!(mode & RTC_24_HOURS))
		date->hours = date->hours % 12 + (hours & RTC_PM ? 12 : 0);
	date->day = from_bcd(read_rtc_register(RTC_DAY), mode);
	date->month = from_bcd(read_rtc_register(RTC_MONTH), mode);
	date->year = 2000 + from_bcd(read_rtc_register(RTC_YEAR), mode);
}

/* Days since 1970, counted in years that begin in March so that the leap day comes last. */
static uint32_t days_since_epoch(const struct date *date)
{
	uint32_t year = date->month > 2 ? date->year : date->year - 1;
	uint32_t month = date->month > 2 ? date->month - 3 : date->month + 9;

	return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + date->day - 1 -
	       719468;
}

uint32_t arch_read_rtc(void)
{
	struct date date;

	for (int patience = 0; patience < 100000 && read_rtc_register(RTC_A) & RTC_UPDATING; patience++)
		;
	read_date(&date);
	if (date.month < 1 || date.month > 12)
		return 0;
	return ((days_since_epoch(&date) * 24 + date.hours) * 60 + date.minutes) * 60 + date.seconds;
}
