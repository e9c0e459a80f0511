/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_script.h"

#include "base/mem.h"
#include "fixture.h"

#include <sched.h>
#include <stdio.h>

enum { BATCH_BYTES = 1 << 18, PAYLOAD_LIMIT = 12000 };

struct journal_config sim_config(struct sim_disk *sim)
{
	return (struct journal_config){.directory = SIM_DIRECTORY,
				       .disk = sim_disk_table(sim),
				       .segment_bytes = 1 << 20,
				       .reserve_bytes = 65536,
				       .retry_ms = 1};
}

static uint8_t type_of(uint64_t content)
{
	return (uint8_t)(content % 255 + 1);
}

enum status script_commit(struct journal *journal, unsigned records, struct truth *truth)
{
	struct producer producer;
	uint64_t first;
	size_t count;
	enum status status;

	producer_init(&producer, journal, BATCH_BYTES);
	for (unsigned i = 0; i < records; i++) {
		uint64_t content = ++truth->appends, sequence = truth->acked + 1 + i;

		BUG_IF(sequence >= SCRIPT_RECORDS_MAX);
		truth->content[sequence] = content;
		BUG_IF(journal_feed_append(producer.feed, type_of(content), (int64_t)content,
					   fixture_payload_below(content, PAYLOAD_LIMIT)) != STATUS_OK);
	}
	status = producer_commit(&producer, &first, &count);
	producer_done(&producer);
	if (status == STATUS_OK) {
		BUG_IF(first != truth->acked + 1 || count != records);
		truth->acked += count;
		truth->possible = truth->acked;
	} else if (status == STATUS_IO) {
		truth->possible = truth->acked + records;
	}
	return status;
}

void script_wait_until_healthy(struct journal *journal)
{
	while (journal_health(journal) != JOURNAL_HEALTHY)
		(void)sched_yield();
}

static bool step(struct sim_disk *sim, struct journal *journal, const struct script *script, struct truth *truth)
{
	enum status status = script_commit(journal, script->records, truth);

	if ((status == STATUS_FULL || status == STATUS_IO) && !script->until_failure) {
		sim_disk_heal(sim);
		script_wait_until_healthy(journal);
		return true;
	}
	return status == STATUS_OK;
}

bool script_run(struct sim_disk *sim, const struct script *script, struct truth *truth)
{
	struct journal_config config = sim_config(sim);
	struct journal *journal = NULL;
	struct err err;
	bool well = true;

	for (unsigned i = 1; i <= script->commits && well; i++) {
		if (!journal && journal_open(&config, &journal, &err) != STATUS_OK)
			return false;
		well = step(sim, journal, script, truth);
		if (well && i % script->trim_every == 0) {
			truth->trimmed = truth->acked / 2;
			well = journal_trim(journal, truth->trimmed, &err) == STATUS_OK;
		}
		if (i % script->reopen_every == 0)
			journal_close(&journal);
	}
	journal_close(&journal);
	return well;
}

static const char *check_record(const struct journal_record *record, uint64_t number, const struct truth *truth)
{
	uint64_t content = truth->content[number];

	if (record->sequence != number)
		return "a sequence number is not the next one";
	if (record->type != type_of(content) || record->time_us != (int64_t)content ||
	    !slice_equal(record->payload, fixture_payload_below(content, PAYLOAD_LIMIT)))
		return "a record is not what was appended last under its number";
	return NULL;
}

static const char *read_all(struct journal *journal, const struct truth *truth, uint64_t *ret_read)
{
	struct journal_reader *reader;
	struct journal_record record;
	struct err err;
	const char *wrong = NULL;
	uint64_t read = truth->trimmed;
	enum status status = STATUS_OK;

	if (journal_reader_open(journal, truth->trimmed, &reader, &err) != STATUS_OK)
		return "a reader cannot be opened";
	while (!wrong && (status = journal_reader_next(reader, &record, &err)) == STATUS_OK)
		wrong = check_record(&record, ++read, truth);
	journal_reader_close(&reader);
	if (!wrong && status != STATUS_END)
		wrong = "reading failed";
	if (!wrong && read < truth->acked)
		wrong = "an acknowledged record is missing";
	if (!wrong && read > truth->possible)
		wrong = "a record that was never accepted is there";
	*ret_read = read;
	return wrong;
}

const char *script_check(struct sim_disk *sim, const struct truth *truth, uint64_t *ret_read)
{
	struct journal_config config = sim_config(sim);
	struct journal *journal;
	struct err err;
	const char *wrong;

	if (journal_open(&config, &journal, &err) != STATUS_OK) {
		(void)fprintf(stderr, "journal_open: %s\n", err.text);
		return "the journal does not open";
	}
	wrong = read_all(journal, truth, ret_read);
	/* An alarm that is false once is not believed when it is true. */
	if (!wrong && (journal_losses(journal).count > 0 || journal_losses(journal).applied_count > 0))
		wrong = "records are said to be lost";
	journal_close(&journal);
	return wrong;
}

const char *script_check_more(struct sim_disk *sim, const struct truth *truth)
{
	static const struct script more = {
	    .commits = 1, .records = 3, .reopen_every = 1, .trim_every = 2, .until_failure = true};
	struct truth *again = MEM_NEW(struct truth);
	struct sim_disk *later;
	uint64_t read = 0;
	const char *wrong = script_check(sim, truth, &read);

	*again = *truth;
	again->acked = again->possible = read;
	if (!wrong && !script_run(sim, &more, again))
		wrong = "no new records are taken";
	if (!wrong) {
		later = sim_disk_after_power_cut(sim, SIM_LOSE, 0);
		wrong = script_check(later, again, &read);
		sim_disk_free(&later);
	}
	mem_free(again);
	return wrong;
}

const char *script_check_twice(struct sim_disk *sim, const struct truth *truth)
{
	struct truth *again = MEM_NEW(struct truth);
	struct sim_disk *later;
	uint64_t read = 0;
	const char *wrong = script_check(sim, truth, &read);

	*again = *truth;
	again->acked = again->possible = read;
	if (!wrong) {
		later = sim_disk_after_power_cut(sim, SIM_LOSE, 0);
		wrong = script_check_more(later, again);
		sim_disk_free(&later);
	}
	mem_free(again);
	return wrong;
}
