"""Checks of programs, queries and patterns, run against what they should do."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.code import cases, hidden_tests, libraries, pattern, prose_work, query, tasks, traces, work
from orca_agents.checks.code.program import CodeFormat

FORMATS: tuple[AnswerFormat, ...] = (
    CodeFormat(),
    cases.CasesFormat(),
    query.QueryFormat(),
    pattern.PatternFormat(),
)
CHECKS: tuple[Check, ...] = (
    Check("material_sound", "content", tasks.why_no_material, "code in it can be read, whole and without talk"),
    Check("task_clear", "instruction", tasks.why_unclear, "the task tells somebody to do something, whole to its end"),
    Check("task_language", "instruction", tasks.why_other_language, "its prose is in the language asked for"),
    Check("task_clean", "instruction", tasks.why_leaking, "no words of the prompts, no refusal, no control tokens"),
    Check("task_stands_alone", "instruction", tasks.why_not_alone, "no pointer to what the student does not see"),
    Check("task_refined", "instruction", tasks.why_not_refined, "the edited task does what its goal asks for"),
    Check("shows_code", "instruction", tasks.why_no_code, "the code that the task is about stands in a fence"),
    Check("points_name_code", "instruction", prose_work.why_points_invented, "what graders look for is in the code"),
    Check("bug_is_small", "instruction", tasks.why_no_small_bug, "the given code is the right one with one fault"),
    Check("trace_runs", "instruction", traces.why_not_printed, "the program shown prints the key, every time"),
    Check("error_is_real", "instruction", traces.why_no_such_error, "the program shown fails with the error shown"),
    Check("libraries_there", "instruction", libraries.why_library_missing, "answers can import what the task needs"),
    Check("query_runs", "instruction", query.why_query_unsound, "the reference query runs, and its result is decided"),
    Check("pattern_fits", "instruction", pattern.why_pattern_unsound, "the reference pattern fits the strings shown"),
    Check("tests_sound", "proof", hidden_tests.why_tests_unsound, "tests of the task: enough, steady, self-contained"),
    Check("tests_tell", "proof", hidden_tests.why_tests_tell_nothing, "right programs pass, stubs and bugs do not"),
    Check("mutants_sound", "proof", cases.why_mutants_unsound, "each planted bug changes what tests can see"),
    Check("rows_sound", "proof", query.why_rows_unsound, "the hidden rows load, and change the result"),
    Check("strings_sound", "proof", pattern.why_strings_unsound, "the hidden strings agree with the task's pattern"),
    Check("answer_is_code", "draft", work.why_no_program, "a whole program that defines what is asked for"),
    Check("work_kept", "draft", work.why_work_lost, "what is right stays, what is wrong is changed"),
    Check("shown_examples_hold", "draft", work.why_examples_fail, "the task's own examples come out as shown"),
    Check("tests_are_written", "draft", cases.why_no_cases, "the answer is a module of tests"),
    Check("answer_query_runs", "draft", query.why_query_fails, "the query runs on the rows shown"),
    Check("answer_pattern_fits", "draft", pattern.why_shown_mismatch, "the pattern fits the strings shown, quickly"),
    Check("trace_answer_exact", "draft", traces.why_not_exact, "the answer is what the program prints"),
    Check("names_exist", "draft", prose_work.why_names_invented, "each name in backticks stands in the code"),
    Check("documented_code_same", "draft", prose_work.why_code_changed, "documented, and the same program"),
    Check("patch_applies", "draft", prose_work.why_patch_unfit, "each diff of a review fits the code"),
    Check("patches_mend", "draft", prose_work.why_not_mended, "with the patches of a review the code passes its tests"),
    Check("reply_language", "draft", work.why_other_language, "plan, notes and explanations are in the right language"),
    Check("reply_clean", "draft", work.why_reply_unclean, "plan and notes speak of the task alone"),
)
PROOFS: tuple[Proof, ...] = (
    hidden_tests.TestsProof(),
    hidden_tests.ScaledTestsProof(),
    cases.MutantsProof(),
    query.RowsProof(),
    pattern.StringsProof(),
)
PROBES: tuple[Probe, ...] = ()
