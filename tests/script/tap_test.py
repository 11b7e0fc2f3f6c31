#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/test: what a test program prints is judged rightly, above all when something is wrong with it."""

import tap
from script import run_tests


def judge(*lines):
    outcome = tap.read("\n".join(lines))
    return outcome.passed, [what for what, _ in outcome.failures]


def results_are_counted():
    assert judge("1..2", "ok 1 - a", "not ok 2 - b") == (1, ["b"])


def the_plan_may_come_last():
    assert judge("ok 1 - a", "1..1") == (1, [])


def a_program_without_plan_fails():
    assert judge("ok 1 - a") == (1, ["no plan was printed"])


def silence_fails():
    assert judge() == (0, ["no plan was printed"])


def too_few_results_fail():
    assert judge("1..3", "ok 1 - a") == (1, ["3 results were planned, 1 came"])


def too_many_results_fail():
    assert judge("1..1", "ok 1 - a", "ok 2 - b") == (2, ["1 results were planned, 2 came"])


def a_result_lost_on_the_way_fails():
    assert judge("1..2", "ok 1 - a", "ok 3 - c") == (2, ["result 3 came as number 2"])


def bailing_out_fails():
    assert judge("1..2", "ok 1 - a", "Bail out! no memory") == (1, ["Bail out! no memory"])


def skipped_tests_count_as_neither():
    outcome = tap.read("1..2\nok 1 - a # SKIP not here\nnot ok 2 # SKIP b")
    assert (outcome.passed, outcome.skipped, outcome.failures) == (0, 2, [])


def comments_belong_to_the_result_that_follows():
    text = "1..4\n# of a\nok 1 - a\n# of b\nnot ok 2 - b\n# of c\nnot ok 3 - c\n# of d\nok 4 - d"
    assert tap.read(text).failures == [("b", ["# of b"]), ("c", ["# of c"])]


def comments_may_belong_to_the_result_before():
    text = "1..3\nok 1 - a\n# of a\nnot ok 2 - b\n# of b\nnot ok 3 - c\n# of c"
    assert tap.read(text, comments_follow=True).failures == [("b", ["# of b"]), ("c", ["# of c"])]


run_tests(
    [
        results_are_counted,
        the_plan_may_come_last,
        a_program_without_plan_fails,
        silence_fails,
        too_few_results_fail,
        too_many_results_fail,
        a_result_lost_on_the_way_fails,
        bailing_out_fails,
        skipped_tests_count_as_neither,
        comments_belong_to_the_result_that_follows,
        comments_may_belong_to_the_result_before,
    ]
)
