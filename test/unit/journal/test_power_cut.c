/* SPDX-License-Identifier: Apache-2.0 */
/* Power goes at every single operation of a script, in every way; then nothing that was acknowledged may be missing,
 * and nothing that was read may vanish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "../../harness/exam.h"
#include "base/mem.h"
#include "sim_script.h"

static const struct script script = {
    .commits = 400, .records = 8, .reopen_every = 61, .trim_every = 50, .until_failure = true};

/* The thread sanitizer is forty times slower and looks for races, which a tenth of the cuts show as well; the address
 * sanitizer gives every disk of a cut back to the system, and pays for each page again. Odd, so that it falls on both
 * operations of a commit in turn, and without the factor three: a commit is a write, a sync, and a write of the mark.
 */
#if defined(__SANITIZE_THREAD__)
enum { STRIDE = 41 };
#elif defined(__SANITIZE_ADDRESS__)
enum { STRIDE = 11 };
#else
enum { STRIDE = 1 };
#endif

/* What chance decides in a cut at operation n: another seed tears other sectors. */
static uint64_t chance(uint64_t n)
{
	return exam_seed() << 32 ^ n;
}

static void check_after_cut(struct sim_disk *sim, const struct truth *truth, uint64_t n)
{
	for (int damage = 0; damage < SIM_DAMAGES; damage++) {
		struct sim_disk *after = sim_disk_after_power_cut(sim, (enum sim_damage)damage, chance(n));
		uint64_t read;
		/* With all or nothing of it kept there is nothing left that a second cut could take. */
		const char *wrong =
		    damage <= SIM_KEEP ? script_check(after, truth, &read) : script_check_twice(after, truth);

		sim_disk_free(&after);
		if (wrong)
			fail_msg("cut at operation %llu, damage %d: %s", (unsigned long long)n, damage, wrong);
	}
}

/* The process dies, the machine stays up: the next one reads from the page cache what is not on the platter. What its
 * readers saw must survive a power cut after that, which loses everything unsynced. */
static void check_after_kill(struct sim_disk *sim, const struct truth *truth, uint64_t n)
{
	struct sim_disk *after = sim_disk_after_kill(sim);
	struct sim_disk *other = sim_disk_after_kill(sim);
	const char *wrong = script_check_twice(after, truth);

	if (!wrong)
		wrong = script_check_more(other, truth);
	sim_disk_free(&after);
	sim_disk_free(&other);
	if (wrong)
		fail_msg("killed at operation %llu: %s", (unsigned long long)n, wrong);
}

/* Runs the script on a new disk until the n-th operation; false when it ended before. */
static bool run_until_cut(struct sim_disk *sim, struct truth *truth, uint64_t n)
{
	bool ended;

	sim_disk_cut_at(sim, n);
	ended = script_run(sim, &script, truth);
	if (!ended)
		assert_true(sim_disk_is_cut(sim));
	return sim_disk_is_cut(sim);
}

static void test_no_kill_or_power_cut_loses_what_was_acknowledged_or_read(void **state)
{
	struct truth *truth = MEM_NEW(struct truth);
	const uint64_t stride = exam_stride(STRIDE);
	uint64_t n = 1;
	bool cut = true;

	(void)state;
	while (cut) {
		struct sim_disk *sim = sim_disk_new();

		memset(truth, 0, sizeof *truth);
		cut = run_until_cut(sim, truth, n);
		check_after_kill(sim, truth, n);
		check_after_cut(sim, truth, n);
		sim_disk_free(&sim);
		n += stride;
	}
	print_message("%llu cuts, at every %llu. of the operations, each with %d damages and a kill\n",
		      (unsigned long long)(n / stride), (unsigned long long)stride, SIM_DAMAGES);
	assert_true(n > 900);
	mem_free(truth);
}

/* Power goes again at the first operation of the recovery, then at the second of the next one, and so on. */
static struct sim_disk *cut_recoveries(struct sim_disk *sim, uint64_t n)
{
	struct sim_disk *now = sim_disk_after_power_cut(sim, SIM_TEAR, chance(n));

	for (uint64_t m = 1; m <= 8; m++) {
		struct journal_config config = sim_config(now);
		struct journal *journal = NULL;
		struct err err;
		struct sim_disk *next;
		enum status status;

		sim_disk_cut_at(now, m);
		status = journal_open(&config, &journal, &err);
		if (status != STATUS_OK && status != STATUS_IO)
			fail_msg("recovery after cut %llu: %s", (unsigned long long)n, err.text);
		journal_close(&journal);
		next = sim_disk_after_power_cut(now, (enum sim_damage)((n + m) % SIM_DAMAGES), chance(n * 8 + m));
		sim_disk_free(&now);
		now = next;
	}
	return now;
}

static void test_power_cuts_during_recovery_lose_nothing(void **state)
{
	struct truth *truth = MEM_NEW(struct truth);
	const uint64_t stride = exam_stride(7 * STRIDE);
	uint64_t cuts = 0;
	bool cut = true;

	(void)state;
	/* A stride without a common factor with the three operations of a commit. */
	for (uint64_t n = 1; cut; n += stride, cuts++) {
		struct sim_disk *sim = sim_disk_new(), *after;
		const char *wrong;

		memset(truth, 0, sizeof *truth);
		cut = run_until_cut(sim, truth, n);
		after = cut_recoveries(sim, n);
		wrong = script_check_twice(after, truth);
		if (wrong)
			fail_msg("cut at operation %llu and in recoveries: %s", (unsigned long long)n, wrong);
		sim_disk_free(&after);
		sim_disk_free(&sim);
	}
	print_message("%llu starts that were cut eight times\n", (unsigned long long)cuts);
	mem_free(truth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_kill_or_power_cut_loses_what_was_acknowledged_or_read),
	    cmocka_unit_test(test_power_cuts_during_recovery_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
