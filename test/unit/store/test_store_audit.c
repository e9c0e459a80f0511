/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/core/person_hash.h"
#include "store/house/audit.h"
#include "store/people/erasure.h"
#include "store/people/suppressions.h"

static void add(struct fixture *f, unsigned n, uint32_t tenant, const char *subject, const char *action)
{
	struct audit_entry entry = {.id = id_of(n),
				    .tenant = tenant,
				    .actor = TEXT("key:crm"),
				    .action = slice_from_cstr(action),
				    .subject = slice_from_cstr(subject),
				    .details = TEXT("{\"a\": 1}"),
				    .created_us = noon_us + n};
	OK(f, store_audit_add(f->s, &entry, &f->err));
}

static size_t list(struct fixture *f, const struct audit_filter *filter, struct audit_entry **ret)
{
	size_t count = 0;
	OK(f, store_audit_list(f->reader, filter, f->arena, ret, &count, &f->err));
	return count;
}

static void test_entries_are_listed_newest_first_and_by_what_is_asked_for(void **state)
{
	struct fixture *f = *state;
	struct audit_entry *got;
	add(f, 1, 7, "person:x", "consent.changed");
	add(f, 2, 7, "person:y", "consent.changed");
	add(f, 3, 8, "person:x", "consent.changed");
	add(f, 4, 7, "person:x", "contact.exported");
	assert_int_equal(list(f, &(struct audit_filter){.tenant = 7, .limit = 2}, &got), 2);
	assert_true(uuid_equal(got[0].id, id_of(4)) && uuid_equal(got[1].id, id_of(2)));
	EXPECT_TEXT(got[0].actor, "key:crm");
	assert_int_equal(got[0].created_us, noon_us + 4);
	assert_int_equal(list(f, &(struct audit_filter){.tenant = 7, .limit = 9, .before = id_of(2)}, &got), 1);
	assert_int_equal(list(f, &(struct audit_filter){.tenant = 7, .limit = 9, .subject = TEXT("person:x")}, &got),
			 2);
	struct audit_filter both = {
	    .tenant = 7, .limit = 9, .subject = TEXT("person:x"), .action = TEXT("contact.exported")};
	assert_int_equal(list(f, &both, &got), 1);
	EXPECT_TEXT(got[0].action, "contact.exported");
}

static void test_details_of_one_subject_are_forgotten(void **state)
{
	struct fixture *f = *state;
	struct audit_entry *got;
	add(f, 1, 7, "person:x", "a");
	add(f, 2, 7, "person:y", "a");
	add(f, 3, 8, "person:x", "a");
	OK(f, store_audit_forget(f->s, 7, TEXT("person:x"), &f->err));
	assert_int_equal(list(f, &(struct audit_filter){.tenant = 7, .limit = 9}, &got), 2);
	assert_true(got[0].details.n > 0 && got[1].details.n == 0);
	assert_int_equal(list(f, &(struct audit_filter){.tenant = 8, .limit = 9}, &got), 1);
	assert_true(got[0].details.n > 0);
}

static void test_a_hash_is_the_persons_and_the_tenants(void **state)
{
	char a[PERSON_HASH_SIZE], b[PERSON_HASH_SIZE];
	static const struct {
		uint32_t tenant;
		const char *id;
		bool is_same;
	} CASES[] = {{7, "ann@example.com", true},
		     {7, "Ann@Example.COM", true},
		     {8, "ann@example.com", false},
		     {7, "ann", false}};
	(void)state;
	struct slice first = person_hash(7, TEXT("ann@example.com"), a);
	assert_int_equal(first.n, 71);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(slice_equal(first, person_hash(CASES[i].tenant, slice_from_cstr(CASES[i].id), b)),
				 CASES[i].is_same);
	first = person_hash(7, TEXT("CRM-1"), a);
	assert_false(slice_equal(first, person_hash(7, TEXT("crm-1"), b))); /* ids of two contacts */
}

static void suppress(struct fixture *f, const char *address, const char *reason)
{
	bool added;
	struct suppression s = {.tenant = 7, .address = slice_from_cstr(address), .reason = slice_from_cstr(reason)};
	OK(f, store_suppression_add(f->s, &s, noon_us, &added, &f->err));
}

static void test_suppressions_are_listed_in_order_and_found_under_their_hash(void **state)
{
	struct fixture *f = *state;
	struct suppression_list got;
	struct suppression_filter all = {.tenant = 7, .limit = 2};
	suppress(f, "c@example.com", "manual");
	suppress(f, "A@example.com", "unsubscribed");
	suppress(f, "b@example.com", "manual");
	OK(f, store_suppression_list(f->reader, &all, f->arena, &got, &f->err));
	assert_int_equal(got.count, 2);
	EXPECT_TEXT(got.items[0].key, "a@example.com");
	all.after_key = got.items[1].key;
	OK(f, store_suppression_list(f->reader, &all, f->arena, &got, &f->err));
	assert_int_equal(got.count, 1);
	EXPECT_TEXT(got.items[0].key, "c@example.com");
	struct suppression_filter some = {.tenant = 7, .limit = 9, .reason = TEXT("unsubscribed")};
	OK(f, store_suppression_list(f->reader, &some, f->arena, &got, &f->err));
	assert_int_equal(got.count, 1);
	OK(f, store_suppression_anonymise(f->s, 7, TEXT("b@example.com"), noon_us, &f->err));
	OK(f, store_suppression_list_of(f->reader, 7, TEXT("B@example.com"), f->arena, &got, &f->err));
	assert_int_equal(got.count, 1);
	assert_true(suppression_is_erased(&got.items[0]));
	OK(f, store_suppression_list_of(f->reader, 7, TEXT("a@example.com"), f->arena, &got, &f->err));
	assert_false(suppression_is_erased(&got.items[0]));
	OK(f, store_suppression_list_of(f->reader, 8, TEXT("a@example.com"), f->arena, &got, &f->err));
	assert_int_equal(got.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(test_entries_are_listed_newest_first_and_by_what_is_asked_for),
	    FIXTURE_TEST(test_details_of_one_subject_are_forgotten),
	    FIXTURE_TEST(test_a_hash_is_the_persons_and_the_tenants),
	    FIXTURE_TEST(test_suppressions_are_listed_in_order_and_found_under_their_hash),
	};
	return FIXTURE_RUN(tests);
}
