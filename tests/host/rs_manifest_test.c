/* SPDX-License-Identifier: MIT */
/* links: servers/rs/manifest.c servers/rs/keys.c servers/rs/words.c servers/rs/privileges.c */
/* The manifest: what a line means, and what becomes of hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/sys.h>

#include "servers/rs/manifest.h"

#include "seed.h"

static struct manifest manifest;
static uint32_t reports, reported_line;
static char reported[200];
static char *text; /* as long as the manifest, so that the sanitizer sees a read beyond it */

static void report(uint32_t line, const char *problem, struct span word)
{
	reports++;
	reported_line = line;
	snprintf(reported, sizeof(reported), "%s: %.*s", problem, (int)word.bytes, word.start);
}

static void parse_bytes(const char *bytes, uint32_t count)
{
	free(text);
	text = malloc(count ? count : 1);
	memcpy(text, bytes, count);
	memset(&manifest, 0xff, sizeof(manifest));
	manifest.report = report;
	reports = 0;
	manifest_parse(&manifest, text, count);
}

static void parse(const char *string)
{
	parse_bytes(string, (uint32_t)strlen(string));
}

static int release(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void assert_bad(const char *line, const char *problem)
{
	char whole[2000];

	snprintf(whole, sizeof(whole), "service good bin/good\n%s\nservice last bin/last\n", line);
	parse(whole);
	assert_int_equal(reports, 1);
	assert_int_equal(reported_line, 2);
	assert_string_equal(reported, problem);
	assert_int_equal(manifest.nr_services, 2);
	assert_string_equal(manifest.services[0].label, "good");
	assert_string_equal(manifest.services[1].label, "last");
	assert_int_equal(manifest.users.line, 0);
}

static int may_call(const struct priv_spec *spec, uint32_t call)
{
	return spec->calls[(call - KCALL_BASE) / 32] >> (call - KCALL_BASE) % 32 & 1;
}

static int may_reach(const struct priv_spec *spec, uint32_t id)
{
	return spec->ipc_to[id / 32] >> id % 32 & 1;
}

static void a_full_line_is_understood(void **state)
{
	const struct manifest_service *s;

	(void)state;
	parse("# comment\n\n  # indented\n"
	      "service console bin/console calls=vircopy,basic,irqctl ipc=users irqs=4,11 ports=3f8-3ff,80 "
	      "phys=b8000-bffff,fee00000-fee00fff "
	      "prio=3 quantum=20 children=inherit flags=archive,reserve,inspect,magic,control "
	      "restart=failure giveup=3 heartbeat=500 onexit=poweroff -- one "
	      "--two "
	      "key=3 "
	      "#four\r\n");
	assert_int_equal(reports, 0);
	assert_int_equal(manifest.nr_services, 1);
	s = &manifest.services[0];
	assert_int_equal(s->line, 4);
	assert_string_equal(s->label, "console");
	assert_string_equal(s->program, "bin/console");
	assert_int_equal(s->spec.id, PRIV_ID_FIRST);
	assert_int_equal(s->spec.flags, PRIV_INHERIT | PRIV_ARCHIVE | PRIV_RESERVE | PRIV_INSPECT |
	                                        PRIV_MAGIC | PRIV_CONTROL);
	assert_int_equal(s->spec.irqs, 1 << 4 | 1 << 11);
	assert_int_equal(s->spec.nr_ports, 2);
	assert_int_equal(s->spec.ports[0].first, 0x3f8);
	assert_int_equal(s->spec.ports[0].last, 0x3ff);
	assert_int_equal(s->spec.ports[1].first, 0x80);
	assert_int_equal(s->spec.ports[1].last, 0x80);
	assert_int_equal(s->spec.nr_phys, 2);
	assert_int_equal(s->spec.phys[0].start, 0xb8000);
	assert_int_equal(s->spec.phys[0].bytes, 0x8000);
	assert_int_equal(s->spec.phys[1].start, 0xfee00000);
	assert_int_equal(s->spec.phys[1].bytes, 0x1000);
	assert_int_equal(s->priority, 3);
	assert_int_equal(s->quantum_msecs, 20);
	assert_int_equal(s->restart.policy, RESTART_ON_FAILURE);
	assert_int_equal(s->restart.give_up, 3);
	assert_int_equal(s->heartbeat_msecs, 500);
	assert_int_equal(s->powers_off, 1);
	assert_int_equal(s->nr_args, 4);
	assert_memory_equal(s->args[1].start, "--two", 5);
	assert_memory_equal(s->args[3].start, "#four", 5);
	assert_int_equal(s->args[3].bytes, 5);
	assert_true(may_call(&s->spec, SYS_VIRCOPY) && may_call(&s->spec, SYS_IRQCTL));
	assert_false(may_call(&s->spec, SYS_ABORT) || may_call(&s->spec, SYS_DIAGCTL));
	assert_true(may_reach(&s->spec, PRIV_ID_USER));
}

static void a_short_line_has_the_basics_only(void **state)
{
	const struct manifest_service *s = &manifest.services[0];

	(void)state;
	parse("service sh bin/sh");
	assert_int_equal(manifest.nr_services, 1);
	assert_true(may_call(&s->spec, SYS_SETTLS) && may_call(&s->spec, SYS_BRIDGE));
	assert_false(may_call(&s->spec, SYS_VIRCOPY) || may_call(&s->spec, SYS_PRIVCTL));
	assert_true(may_reach(&s->spec, PRIV_ID_VM) && may_reach(&s->spec, PRIV_ID_PM));
	assert_true(may_reach(&s->spec, PRIV_ID_RS));
	assert_false(may_reach(&s->spec, PRIV_ID_USER) || may_reach(&s->spec, PRIV_ID_FIRST));
	assert_int_equal(s->spec.flags, 0);
	assert_int_equal(s->spec.irqs, 0);
	assert_int_equal(s->spec.nr_ports, 0);
	assert_int_equal(s->priority, SCHED_PRIO_USER);
	assert_int_equal(s->restart.policy, RESTART_NEVER);
	assert_int_equal(s->restart.give_up, 0);
	assert_int_equal(s->heartbeat_msecs, 0);
	assert_int_equal(s->powers_off, 0);
}

static void labels_may_be_named_before_they_are_given(void **state)
{
	(void)state;
	parse("users ipc=b,vm\nservice a bin/a ipc=b\nservice b bin/b ipc=a\n");
	assert_int_equal(reports, 0);
	assert_true(may_reach(&manifest.services[0].spec, PRIV_ID_FIRST + 1));
	assert_false(may_reach(&manifest.services[0].spec, PRIV_ID_FIRST));
	assert_true(may_reach(&manifest.services[1].spec, PRIV_ID_FIRST));
	assert_int_equal(manifest.users.spec.id, PRIV_ID_USER);
	assert_int_equal(manifest.users.line, 1);
	assert_true(may_reach(&manifest.users.spec, PRIV_ID_FIRST + 1));
	assert_false(may_reach(&manifest.users.spec, PRIV_ID_FIRST));
}

static void unknown_peers_take_their_own_line_out_only(void **state)
{
	(void)state;
	parse("service a bin/a ipc=b\nservice b bin/b ipc=nobody\nservice c bin/c\n");
	assert_int_equal(reports, 1);
	assert_int_equal(reported_line, 2);
	assert_string_equal(reported, "ipc with an unknown label: nobody");
	assert_int_equal(manifest.nr_services, 2);
	assert_string_equal(manifest.services[1].label, "c");
	assert_int_equal(manifest.services[1].spec.id, PRIV_ID_FIRST + 2);
}

static void guests_reach_each_other_and_the_console(void **state)
{
	const struct manifest_service *g;

	(void)state;
	parse("service console bin/console\nservice other bin/other\n"
	      "service one bin/one calls=guest,vircopy ipc=guest children=inherit\n"
	      "service two bin/two calls=guest\nservice three bin/three ipc=guest\n");
	assert_int_equal(reports, 0);
	g = &manifest.services[2];
	assert_true(may_reach(&g->spec, PRIV_ID_FIRST));
	assert_false(may_reach(&g->spec, PRIV_ID_FIRST + 1));
	assert_true(may_reach(&g->spec, PRIV_ID_FIRST + 2));
	assert_true(may_reach(&g->spec, PRIV_ID_FIRST + 3));
	assert_true(may_call(&g->spec, SYS_VIRCOPY));
	assert_false(may_reach(&g->spec, PRIV_ID_USER));
}

/* Who may talk to guests need not be one. */
static void who_reaches_guests_is_not_reached_by_them(void **state)
{
	(void)state;
	parse("service sh bin/sh ipc=guest\nservice one bin/one calls=guest ipc=guest\n");
	assert_int_equal(reports, 0);
	assert_true(may_reach(&manifest.services[0].spec, PRIV_ID_FIRST + 1));
	assert_false(may_reach(&manifest.services[0].spec, PRIV_ID_FIRST));
	assert_false(may_reach(&manifest.services[1].spec, PRIV_ID_FIRST));
}

static void guests_have_files_where_there_are_any(void **state)
{
	(void)state;
	parse("service ramfs bin/ramfs flags=archive,events,keep\nservice one bin/one ipc=guest\n");
	assert_int_equal(reports, 0);
	assert_int_equal(manifest.services[0].spec.flags, PRIV_ARCHIVE | PRIV_EVENTS | PRIV_KEEP);
	assert_true(may_reach(&manifest.services[1].spec, PRIV_ID_FIRST));
}

static void all_is_everybody(void **state)
{
	(void)state;
	parse("service a bin/a ipc=all\n");
	for (uint32_t id = 0; id < NR_PRIVS; id++)
		assert_true(may_reach(&manifest.services[0].spec, id));
}

static void bad_lines_are_named_and_left_out(void **state)
{
	(void)state;
	assert_bad("srevice a bin/a", "neither `service` nor `users`: srevice");
	assert_bad("service", "a service needs a label and a program: ");
	assert_bad("service a", "a service needs a label and a program: ");
	assert_bad("service good bin/a", "a label taken already: good");
	assert_bad("service pm bin/a", "a reserved label: pm");
	assert_bad("service abcdefghijklmnop bin/a", "a label too long: abcdefghijklmnop");
	assert_bad("service a,b bin/a", "a label with `,` or `=`: a,b");
	assert_bad("service a bin/a color=red", "no such key: color=red");
	assert_bad("service a bin/a calls", "no such key: calls");
	assert_bad("service a bin/a =3", "no such key: =3");
	assert_bad("service a bin/a prio=1 prio=2", "a key given twice: prio=2");
	assert_bad("service a bin/a calls=vircopy,vircpy", "no such kernel call: vircpy");
	assert_bad("service a bin/a calls=vircopy,,fork", "no such kernel call: ");
	assert_bad("service a bin/a calls=VIRCOPY", "no such kernel call: VIRCOPY");
	assert_bad("service a bin/a irqs=16", "not an interrupt line from 0 to 15: 16");
	assert_bad("service a bin/a irqs=-1", "not an interrupt line from 0 to 15: -1");
	assert_bad("service a bin/a irqs=4294967300", "not an interrupt line from 0 to 15: 4294967300");
	assert_bad("service a bin/a ports=3ff-3f8", "not a range of ports: 3ff-3f8");
	assert_bad("service a bin/a ports=10000", "not a range of ports: 10000");
	assert_bad("service a bin/a ports=3f8-", "not a range of ports: 3f8-");
	assert_bad("service a bin/a ports=-3f8", "not a range of ports: -3f8");
	assert_bad("service a bin/a ports=1-2-3", "not a range of ports: 1-2-3");
	assert_bad("service a bin/a ports=1,2,3,4,5,6,7,8,9", "too many ranges of ports: 9");
	assert_bad("service a bin/a prio=16", "not a priority from 1 to 15: 16");
	assert_bad("service a bin/a prio=", "not a priority from 1 to 15: ");
	assert_bad("service a bin/a quantum=0", "not a quantum in milliseconds, from 1 to 1000: 0");
	assert_bad("service a bin/a quantum=1001", "not a quantum in milliseconds, from 1 to 1000: 1001");
	assert_bad("service a bin/a children=steal", "children are `inherit` or `user`: steal");
	assert_bad("service a bin/a flags=root", "no such flag: root");
	assert_bad("service a bin/a flags=,control", "no such flag: ");
	assert_bad("service a bin/a onexit=explode", "onexit is `poweroff`, or is left out: explode");
	assert_bad("service a bin/a onexit=restart", "onexit is `poweroff`, or is left out: restart");
	assert_bad("service a bin/a restart=", "restart is `always`, `failure` or `never`: ");
	assert_bad("service a bin/a restart=Always", "restart is `always`, `failure` or `never`: Always");
	assert_bad("service a bin/a restart=always giveup=0", "not a number of failures from 1 to 1000: 0");
	assert_bad("service a bin/a restart=always giveup=1001",
	           "not a number of failures from 1 to 1000: 1001");
	assert_bad("service a bin/a restart=always giveup=-1", "not a number of failures from 1 to 1000: -1");
	assert_bad("service a bin/a giveup=3", "giveup for a service that is never restarted: 3");
	assert_bad("service a bin/a giveup=3 restart=never",
	           "giveup for a service that is never restarted: never");
	assert_bad("service a bin/a heartbeat=9", "not a heartbeat in milliseconds, from 10 to an hour: 9");
	assert_bad("service a bin/a heartbeat=3600001",
	           "not a heartbeat in milliseconds, from 10 to an hour: 3600001");
	assert_bad("service a bin/a heartbeat=1s", "not a heartbeat in milliseconds, from 10 to an hour: 1s");
	assert_bad("service a bin/a phys=2-1", "not a range of physical memory: 2-1");
	assert_bad("service a bin/a phys=1,2,3,4,5", "too many ranges of physical memory: 5");
	assert_bad("users restart=always", "no such key: restart=always");
	assert_bad("users heartbeat=100", "no such key: heartbeat=100");
	assert_bad("driver a bin/a", "neither `service` nor `users`: driver");
	assert_bad("service a bin/a ipc=nobody", "ipc with an unknown label: nobody");
	assert_bad("users ipc=nobody", "ipc with an unknown label: nobody");
	assert_bad("users irqs=4", "no such key: irqs=4");
	assert_bad("users ipc=good -- x", "arguments for nobody: --");
	assert_bad("service a bin/a\001", "a control character: ");
}

static void a_second_users_line_is_refused(void **state)
{
	(void)state;
	parse("users ipc=vm\nusers ipc=all\n");
	assert_int_equal(reports, 1);
	assert_int_equal(reported_line, 2);
	assert_false(may_reach(&manifest.users.spec, PRIV_ID_FIRST));
}

static void a_refused_users_line_gives_no_rights(void **state)
{
	(void)state;
	parse("users ipc=all,nobody\n");
	assert_int_equal(reports, 1);
	assert_int_equal(manifest.users.line, 0);
}

static void zero_bytes_and_long_lines_are_survived(void **state)
{
	static char line[5000];

	(void)state;
	parse_bytes("service a bin/a\0x\nservice b bin/b", 33);
	assert_int_equal(reports, 1);
	assert_int_equal(manifest.nr_services, 1);
	strcpy(line, "service a bin/a --");
	for (int i = 0; i < 61; i++)
		strcat(line, " x");
	parse(line);
	assert_int_equal(reports, 1);
	memset(line, 'y', sizeof(line) - 1);
	parse(line);
	assert_int_equal(reports, 1);
	parse_bytes("", 0);
	assert_int_equal(reports, 0);
	assert_int_equal(manifest.nr_services, 0);
}

static void there_is_an_end_to_services(void **state)
{
	static char many[(MANIFEST_SERVICES_MAX + 1) * 32];
	size_t at = 0;

	(void)state;
	for (int i = 0; i <= MANIFEST_SERVICES_MAX; i++)
		at += (size_t)sprintf(many + at, "service s%d bin/x\n", i);
	parse(many);
	assert_int_equal(reports, 1);
	assert_int_equal(reported_line, MANIFEST_SERVICES_MAX + 1);
	assert_int_equal(manifest.nr_services, MANIFEST_SERVICES_MAX);
	assert_int_equal(manifest.services[MANIFEST_SERVICES_MAX - 1].spec.id, NR_PRIVS - 1);
}

static void random_bytes_are_survived(void **state)
{
	static char bytes[512];
	unsigned seed = test_seed();

	(void)state;
	srand(seed);
	for (int round = 0; round < 20000; round++) {
		uint32_t count = (unsigned)rand() % sizeof(bytes);

		for (uint32_t i = 0; i < count; i++)
			bytes[i] = (char)rand();
		if (round % 2 && count > 8)
			memcpy(bytes, "service ", 8);
		parse_bytes(bytes, count);
		assert_true(manifest.nr_services <= MANIFEST_SERVICES_MAX);
	}
}

/* One byte of a good manifest is another: its line is reported, or means something else; others stay. */
static void one_wrong_byte_harms_one_line(void **state)
{
	static const char good[] = "users ipc=first\n"
	                           "service first bin/first calls=vircopy irqs=4 restart=always giveup=3\n"
	                           "service second bin/second ports=3f8-3ff flags=control heartbeat=100\n"
	                           "service third bin/third restart=failure onexit=poweroff -- word\n";
	char bad[sizeof(good)];
	unsigned seed = test_seed();

	(void)state;
	srand(seed);
	for (uint32_t at = 0; at < sizeof(good) - 1; at++) {
		memcpy(bad, good, sizeof(good));
		bad[at] = (char)rand();
		if (bad[at] == '\n' || good[at] == '\n')
			continue;
		parse_bytes(bad, sizeof(bad) - 1);
		assert_true(reports <= 2); /* a label that is gone may be missed by `users` */
		assert_true(manifest.nr_services >= 2);
	}
}

static void random_text_is_survived(void **state)
{
	static const char *const pieces[] = {
	        "service ", "users ",  "a ",         "bin/a ", "calls=", "ipc=", "irqs=", "ports=",
	        "guest",    ",",       "-",          "--",     "\n",     "#",    "=",     "all",
	        "7",        "3f8",     "prio=",      "\t",     "\r",     "b ",   "\xff",  "flags=",
	        "restart=", "giveup=", "heartbeat=", "always", "failure"};
	unsigned seed = test_seed();

	(void)state;
	srand(seed);
	for (int round = 0; round < 20000; round++) {
		char line[400] = "";

		for (int i = rand() % 40; i; i--)
			strcat(line, pieces[(unsigned)rand() % (sizeof(pieces) / sizeof(pieces[0]))]);
		parse(line);
		assert_true(manifest.nr_services <= MANIFEST_SERVICES_MAX);
	}
}

/* `bytes` long, and how it is told: the log cuts it. */
static void parse_argument(uint32_t bytes)
{
	static char line[PM_ARGS_MAX + 100];
	uint32_t head = (uint32_t)sprintf(line, "service good bin/good\nservice s bin/s -- one ");

	memset(line + head, 'x', bytes);
	strcpy(line + head + bytes, "\nservice last bin/last\n");
	parse(line);
}

/* exec would refuse them: it takes so many bytes, the ends included, and with them RS's environment. */
static void arguments_that_exec_would_refuse_are_told(void **state)
{
	uint32_t room = MANIFEST_STRINGS_MAX - sizeof("bin/s") - sizeof("one") - 1;

	(void)state;
	parse_argument(room);
	assert_int_equal(reports, 0);
	assert_int_equal(manifest.nr_services, 3);
	assert_int_equal(manifest.services[1].nr_args, 2);
	assert_int_equal(manifest.services[1].args[1].bytes, room);
	parse_argument(room + 1);
	assert_int_equal(reports, 1);
	assert_int_equal(reported_line, 2);
	assert_memory_equal(reported, "arguments too long: xxx", 23);
	assert_int_equal(manifest.nr_services, 2);
	assert_string_equal(manifest.services[1].label, "last");
	assert_int_equal(manifest.services[1].nr_args, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, release)
	const struct CMUnitTest tests[] = {
	        TEST(a_full_line_is_understood),
	        TEST(a_short_line_has_the_basics_only),
	        TEST(labels_may_be_named_before_they_are_given),
	        TEST(unknown_peers_take_their_own_line_out_only),
	        TEST(guests_reach_each_other_and_the_console),
	        TEST(who_reaches_guests_is_not_reached_by_them),
	        TEST(guests_have_files_where_there_are_any),
	        TEST(all_is_everybody),
	        TEST(bad_lines_are_named_and_left_out),
	        TEST(a_second_users_line_is_refused),
	        TEST(a_refused_users_line_gives_no_rights),
	        TEST(zero_bytes_and_long_lines_are_survived),
	        TEST(there_is_an_end_to_services),
	        TEST(arguments_that_exec_would_refuse_are_told),
	        TEST(random_text_is_survived),
	        TEST(random_bytes_are_survived),
	        TEST(one_wrong_byte_harms_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
