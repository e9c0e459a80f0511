/* SPDX-License-Identifier: Apache-2.0 */
/* exam: how much a test does. A run in passing takes what the test says; `make exam` (test/exam/run.mjs) asks for more
 * in the environment: PUGMARK_EXAM_SEED    where chance begins; 0 in a run in passing, so that this is the same each
 * time PUGMARK_EXAM_STRIDE  1 where every place is to be tried and not every n-th PUGMARK_EXAM_ROUNDS  how often, where
 * a test counts rounds
 */
#ifndef PUGMARK_TEST_HARNESS_EXAM_H
#define PUGMARK_TEST_HARNESS_EXAM_H

#include "base/slice.h"

#include <stdlib.h>

static inline uint64_t exam_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t number;

	return text && slice_to_u64(slice_from_cstr(text), UINT32_MAX, &number) ? number : otherwise;
}

static inline uint64_t exam_seed(void)
{
	return exam_number("PUGMARK_EXAM_SEED", 0);
}

static inline uint64_t exam_stride(uint64_t otherwise)
{
	return exam_number("PUGMARK_EXAM_STRIDE", otherwise);
}

static inline uint64_t exam_rounds(uint64_t otherwise)
{
	return exam_number("PUGMARK_EXAM_ROUNDS", otherwise);
}

#endif
