/* SPDX-License-Identifier: Apache-2.0 */
/* With an allocator of the host's, instrumenting takes nothing from the C library's heap. malloc and its family are
 * replaced in this program to see that; sanitizers replace them, too, so there is nothing to be seen with one. */
#include "fixture.h"
#include <openssl/err.h>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
/* The library has to find them in place of the C library's. */
#define SEEN __attribute__((visibility("default")))
SEEN void *malloc(size_t size);
SEEN void *calloc(size_t count, size_t size);
SEEN void *realloc(void *p, size_t size);

static size_t heap_requests;

void *malloc(size_t size)
{
	heap_requests++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	heap_requests++;
	return __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
	heap_requests++;
	return __libc_realloc(p, size);
}

/* A host without a heap: one region, nothing is reused. */
struct region {
	size_t used;
	_Alignas(16) char bytes[8 << 20];
};

static void *take(void *user, void *block, size_t size)
{
	struct region *region = user;
	size_t padded = (size + 31) / 16 * 16;
	if (size == 0 || padded > sizeof region->bytes - region->used)
		return NULL;
	char *p = region->bytes + region->used;
	region->used += padded;
	memcpy(p, &size, sizeof size);
	if (block) {
		size_t old;
		memcpy(&old, (char *)block - 16, sizeof old);
		memcpy(p + 16, block, old < size ? old : size);
	}
	return p + 16;
}

static size_t track(void *user, const struct pugmark_link *link, char *room, size_t room_size)
{
	(void)user, (void)link;
	return (size_t)snprintf(room, room_size, BASE "/c/x");
}

static struct region region;

static void test_heap_is_not_touched(void **state)
{
	struct pugmark_allocator allocator = {take, &region};
	struct pugmark_instrumenter *instrumenter;
	struct pugmark_result *result;
	const char *html = "<a href='https://example.com/\xe9?a=1&amp;b'>x</a><a href=\"https://example.com/ \">";
	(void)state;
	ERR_clear_error(); /* OpenSSL sets itself up when its first function is called */
	size_t before = heap_requests;
	assert_ok(pugmark_instrumenter_new(&allocator, &instrumenter));
	assert_ok(pugmark_instrumenter_set_track(instrumenter, track, NULL));
	assert_ok(pugmark_instrumenter_add_parameter(instrumenter, "utm_source", 10, "x", 1));
	assert_ok(pugmark_instrument_html(instrumenter, html, PUGMARK_CSTR, "iso-8859-1", PUGMARK_CSTR, &result));
	size_t tracked = result->tracked_count;
	pugmark_result_free(result);
	assert_ok(pugmark_instrument_mime(instrumenter, fixture_mail, PUGMARK_CSTR, &result));
	tracked += result->tracked_count;
	pugmark_result_free(result);
	pugmark_instrumenter_free(instrumenter);
	size_t after = heap_requests;
	assert_int_equal(after, before);
	assert_int_equal(tracked, 4);
	/* The counting sees into the library. */
	assert_ok(pugmark_instrumenter_new(NULL, &instrumenter));
	pugmark_instrumenter_free(instrumenter);
	assert_true(heap_requests > after);
}

#else

static void test_heap_is_not_touched(void **state)
{
	(void)state;
	printf("SKIP: malloc is a sanitizer's, or not glibc's\n");
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_heap_is_not_touched)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
