/* SPDX-License-Identifier: Apache-2.0 */
/* A result is copied out of what the codec layer made, so that it needs neither the input nor the instrumenter any
 * more, and its structs can grow without anybody's arrays changing their stride. */
#include "library/result.h"

#include "library/argument.h"
#include "library/openssl_errors.h"

/* Pointers, not structs: the structs may grow in a later version, and a host's index into an array of them would be
 * wrong. */
void result_reserve(struct result *result, size_t link_count, size_t part_count)
{
	result->links = arena_alloc_array(result->arena, link_count, sizeof(struct pugmark_link *));
	result->parts = arena_alloc_array(result->arena, part_count, sizeof(struct pugmark_part *));
	result->shown.links = (const struct pugmark_link *const *)result->links;
	result->shown.parts = (const struct pugmark_part *const *)result->parts;
}

struct pugmark_text result_text(struct result *result, struct slice text)
{
	return argument_text_of(text.n ? arena_copy(result->arena, text) : SLICE_EMPTY);
}

void result_add_part(struct result *result, const struct pugmark_part *part)
{
	struct pugmark_part *copy = ARENA_NEW(result->arena, struct pugmark_part);
	*copy = *part;
	result->parts[result->shown.part_count++] = copy;
}

static struct pugmark_text keep(struct result *result, struct pugmark_text text)
{
	return result_text(result, slice_of(text.bytes, text.size));
}

/* Each text is copied, so that the input may go as soon as the call is back. */
static void add_link(struct result *result, const struct html_link *link, struct slice rewritten, bool is_off)
{
	struct pugmark_link *copy = ARENA_NEW(result->arena, struct pugmark_link);
	link_show(link, copy);
	if (is_off && copy->skip == PUGMARK_SKIP_REFUSED)
		copy->skip = PUGMARK_SKIP_CLICKS_OFF;
	copy->part = (uint32_t)(result->shown.part_count - 1);
	copy->url = keep(result, copy->url);
	copy->destination = keep(result, copy->destination);
	copy->text = keep(result, copy->text);
	/* A destination of a link that is left alone is a thought of the rewriter's, and no promise. */
	if (copy->skip == PUGMARK_NOT_SKIPPED)
		copy->tracked_url = result_text(result, slice_sub(rewritten, link->out_start, link->out_end));
	else
		copy->destination = argument_text_of(SLICE_EMPTY);
	result->links[result->shown.link_count++] = copy;
	result->shown.tracked_count += copy->skip == PUGMARK_NOT_SKIPPED;
}

/* What is said of a part is summed up for the mail, so that a host with one question need not walk. */
void result_add_html(struct result *result, const struct html_report *report, struct slice rewritten, bool is_off)
{
	struct pugmark_part *part = result->parts[result->shown.part_count - 1];
	for (size_t i = 0; i < report->link_count; i++)
		add_link(result, &report->links[i], rewritten, is_off);
	part->warnings = link_warnings_of(report->warnings, is_off);
	part->pixel_at = report->pixel_at;
	part->charset = result_text(result, report->charset);
	result->shown.warnings |= part->warnings;
	result->shown.has_pixel |= report->pixel_at != HTML_NOWHERE;
}

/* What the host holds is a member of ours, so that the struct it sees can grow at its end. */
void pugmark_result_free(struct pugmark_result *shown)
{
	if (shown)
		memory_object_free((struct memory *)(void *)((char *)shown - offsetof(struct result, shown)));
}

/* OpenSSL may run out in the middle, where the rewriter only hears "no" for a link: the mail would be right and not
 * tracked. So it is asked for at the end. */
static enum pugmark_status begin_and_work(void *user)
{
	struct instrumenting *it = user;
	struct result *result = it->result;
	result->arena = arena_new_with(&result->memory.allocator);
	buf_init_with(&result->output, it->run.from->output_max, &result->memory.allocator);
	enum pugmark_status status = run_begin(&it->run, it->run.from, result->arena);
	if (status == PUGMARK_OK)
		status = it->work(it);
	if (status == PUGMARK_OK && it->run.is_out_of_memory)
		status = PUGMARK_NO_MEMORY;
	result->shown.output = argument_text_of(buf_slice(&result->output));
	return status;
}

/* Everything of a run is in the result's memory; what fails gives back all of it with one call. */
enum pugmark_status instrumenting_do(struct pugmark_instrumenter *from, struct instrumenting *it,
				     struct pugmark_result **ret_result)
{
	void *object;
	if (it->input.n > PUGMARK_INPUT_MAX)
		return PUGMARK_TOO_BIG;
	enum pugmark_status status = run_check(from);
	if (status == PUGMARK_OK)
		status = memory_object_new(&from->memory.source, sizeof(struct result), &object);
	if (status != PUGMARK_OK)
		return status;
	it->result = object;
	it->run.from = from;
	openssl_errors_begin();
	status = memory_try(&it->result->memory, begin_and_work, it);
	openssl_errors_end();
	if (status == PUGMARK_OK)
		*ret_result = &it->result->shown;
	else
		memory_object_free(&it->result->memory);
	return status;
}
