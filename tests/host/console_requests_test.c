/* SPDX-License-Identifier: MIT */
/* links: drivers/console/requests.c */
/* Requests that wait for the console: order, and one for each process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "drivers/console/requests.h"

static struct request_queue queue, other;

static int setup(void **state)
{
	(void)state;
	while (queue.first)
		request_remove(queue.first);
	while (other.first)
		request_remove(other.first);
	return 0;
}

static void requests_stay_in_order(void **state)
{
	(void)state;
	struct request *a = request_add(&queue, ENDPOINT_MAKE(5, 1), 0x1000, 10);
	struct request *b = request_add(&queue, ENDPOINT_MAKE(3, 1), 0x1000, 10);
	struct request *c = request_add(&queue, ENDPOINT_MAKE(4, 1), 0x1000, 10);
	assert_ptr_equal(queue.first, a);
	request_remove(b);
	assert_ptr_equal(a->next, c);
	request_remove(a);
	assert_ptr_equal(queue.first, c);
	request_remove(c);
	assert_null(queue.first);
}

static void a_second_request_of_a_process_is_refused(void **state)
{
	(void)state;
	endpoint_t caller = ENDPOINT_MAKE(5, 1);
	struct request *first = request_add(&queue, caller, 0x1000, 10);
	assert_null(request_add(&other, caller, 0x2000, 20));
	assert_ptr_equal(request_find(caller), first);
	assert_int_equal(first->grant, 0x1000);
	assert_null(other.first);
}

static void the_request_of_a_slots_dead_owner_is_dropped(void **state)
{
	(void)state;
	request_add(&queue, ENDPOINT_MAKE(5, 1), 0x1000, 10);
	struct request *heir = request_add(&other, ENDPOINT_MAKE(5, 2), 0x2000, 20);
	assert_null(queue.first);
	assert_null(request_find(ENDPOINT_MAKE(5, 1)));
	assert_ptr_equal(request_find(ENDPOINT_MAKE(5, 2)), heir);
}

static void every_slot_has_its_place(void **state)
{
	(void)state;
	for (int slot = 0; slot < ENDPOINT_SLOTS; slot++)
		assert_non_null(request_add(&queue, ENDPOINT_MAKE(slot, 7), 0, 1));
	for (int slot = 0; slot < ENDPOINT_SLOTS; slot++) {
		assert_int_equal(queue.first->caller, ENDPOINT_MAKE(slot, 7));
		request_remove(queue.first);
	}
}

static void nobody_is_found_by_a_number_that_names_no_process(void **state)
{
	(void)state;
	assert_null(request_find(ANY));
	assert_null(request_find(NONE));
	assert_null(request_find(INT32_MIN));
	assert_null(request_find(INT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(requests_stay_in_order, setup),
	        cmocka_unit_test_setup(a_second_request_of_a_process_is_refused, setup),
	        cmocka_unit_test_setup(the_request_of_a_slots_dead_owner_is_dropped, setup),
	        cmocka_unit_test_setup(every_slot_has_its_place, setup),
	        cmocka_unit_test_setup(nobody_is_found_by_a_number_that_names_no_process, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
