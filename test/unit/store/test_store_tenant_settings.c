/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "store/house/tenant_settings.h"

static void put(struct fixture *f, uint32_t tenant, const char *name, const char *value)
{
	struct tenant_setting_row row = {tenant, slice_from_cstr(name), slice_from_cstr(value)};
	OK(f, store_tenant_setting_put(f->s, &row, noon_us, &f->err));
}

static void test_settings_are_kept_by_tenant_and_an_empty_one_goes(void **state)
{
	struct fixture *f = *state;
	struct tenant_setting_list list;
	put(f, 7, "opens", "off");
	put(f, 2, "opens", "anonymous");
	put(f, 7, "events_days", "30");
	put(f, 7, "opens", "full");
	OK(f, store_tenant_setting_list(f->reader, f->arena, &list, &f->err));
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[0].tenant, 2);
	EXPECT_TEXT(list.items[0].value, "anonymous");
	OK(f, store_tenant_setting_list_of(f->reader, 7, f->arena, &list, &f->err));
	assert_int_equal(list.count, 2);
	EXPECT_TEXT(list.items[0].name, "events_days");
	EXPECT_TEXT(list.items[1].value, "full");
	put(f, 7, "opens", "");
	put(f, 7, "never_set", "");
	OK(f, store_tenant_setting_list_of(f->reader, 7, f->arena, &list, &f->err));
	assert_int_equal(list.count, 1);
	OK(f, store_tenant_setting_list_of(f->reader, 8, f->arena, &list, &f->err));
	assert_int_equal(list.count, 0);
}

static void test_every_change_makes_the_version_higher_once_it_is_committed(void **state)
{
	struct fixture *f = *state;
	uint64_t first = 77, now = 0;
	OK(f, store_tenant_setting_version(f->reader, &first, &f->err));
	put(f, 7, "opens", "off");
	OK(f, store_tenant_setting_version(f->reader, &now, &f->err));
	assert_true(now > first);
	first = now;
	OK(f, store_begin(f->s, &f->err));
	put(f, 7, "opens", "");
	OK(f, store_tenant_setting_version(f->reader, &now, &f->err));
	assert_true(now == first);
	store_rollback(f->s);
	OK(f, store_tenant_setting_version(f->reader, &now, &f->err));
	assert_true(now == first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(test_settings_are_kept_by_tenant_and_an_empty_one_goes),
	    FIXTURE_TEST(test_every_change_makes_the_version_higher_once_it_is_committed),
	};
	return FIXTURE_RUN(tests);
}
