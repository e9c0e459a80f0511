/* SPDX-License-Identifier: Apache-2.0 */
/* The table of providers, and what is the same for all of them. A new provider is a file and a row here. */
#include "provider/provider.h"

#include "base/buf.h"
#include "base/mem.h"
#include "provider/provider_priv.h"

static const struct provider_class *const classes[] = {&provider_outbox, &provider_smtp};

enum { CLASS_COUNT = sizeof classes / sizeof *classes };

static const struct provider_class *find_class(struct slice name)
{
	for (size_t i = 0; i < CLASS_COUNT; i++)
		if (slice_equal(name, slice_from_cstr(classes[i]->info.name)))
			return classes[i];
	return NULL;
}

const struct provider_info *provider_at(size_t index)
{
	return index < CLASS_COUNT ? &classes[index]->info : NULL;
}

const struct provider_info *provider_find(struct slice name)
{
	const struct provider_class *provider = find_class(name);
	return provider ? &provider->info : NULL;
}

static const struct provider_setting_info *find_info(const struct provider_class *provider, struct slice key)
{
	for (const struct provider_setting_info *info = provider->info.settings; info->key; info++)
		if (slice_equal(key, slice_from_cstr(info->key)))
			return info;
	return NULL;
}

static const struct provider_setting *find_setting(const struct provider_request *request, struct slice key)
{
	for (size_t i = 0; i < request->count; i++)
		if (slice_equal(key, request->settings[i].key))
			return &request->settings[i];
	return NULL;
}

struct slice provider_value(const struct provider_class *provider, const struct provider_request *request,
			    const char *key)
{
	const struct provider_setting *setting = find_setting(request, slice_from_cstr(key));
	const struct provider_setting_info *info = find_info(provider, slice_from_cstr(key));
	BUG_IF(!info);
	if (setting && setting->value.n)
		return setting->value;
	return slice_from_cstr(info->default_value);
}

enum status provider_choose(const struct provider_class *provider, const struct provider_request *request,
			    const struct provider_choice *choice, int *ret, struct err *err)
{
	struct slice value = provider_value(provider, request, choice->key);
	char room[100];
	struct buf words;
	buf_init_fixed(&words, room, sizeof room);
	for (int i = 0; choice->words[i]; i++) {
		if (slice_equal(value, slice_from_cstr(choice->words[i]))) {
			*ret = i;
			return STATUS_OK;
		}
		buf_printf(&words, "%s%s", i ? ", " : "", choice->words[i]);
	}
	return err_set(err, STATUS_BAD_INPUT, "%s: the setting %s must be one of: %s", provider->info.name, choice->key,
		       room);
}

static enum status check_setting(const struct provider_class *provider, const struct provider_setting *setting,
				 struct err *err)
{
	if (!find_info(provider, setting->key))
		return err_set(err, STATUS_BAD_INPUT, "%s: there is no setting called %.*s", provider->info.name,
			       (int)(setting->key.n > 40 ? 40 : setting->key.n), setting->key.p);
	/* Every value ends up in a command, a URL or a header, where a line break would begin another one. */
	if (slice_index(setting->value, 0) < setting->value.n || slice_index(setting->value, '\n') < setting->value.n ||
	    slice_index(setting->value, '\r') < setting->value.n)
		return err_set(err, STATUS_BAD_INPUT, "%s: the setting %.*s has a line break in it",
			       provider->info.name, SLICE_FMT(setting->key));
	return STATUS_OK;
}

static enum status check_settings(const struct provider_class *provider, const struct provider_request *request,
				  struct err *err)
{
	for (size_t i = 0; i < request->count; i++) {
		const struct provider_setting *setting = &request->settings[i];
		enum status status = check_setting(provider, setting, err);
		if (status != STATUS_OK)
			return status;
		/* Which of the two was meant nobody can tell, and one of them may be an old password. */
		if (find_setting(request, setting->key) != setting)
			return err_set(err, STATUS_BAD_INPUT, "%s: the setting %.*s is given twice",
				       provider->info.name, SLICE_FMT(setting->key));
	}
	for (const struct provider_setting_info *info = provider->info.settings; info->key; info++)
		if (info->required && provider_value(provider, request, info->key).n == 0)
			return err_set(err, STATUS_BAD_INPUT, "%s: the setting %s is missing", provider->info.name,
				       info->key);
	return STATUS_OK;
}

/* `loop` NULL: only check. */
static enum status check_and_open(struct transport_loop *loop, const struct provider_request *request,
				  struct transport **ret, struct err *err)
{
	const struct provider_class *provider = find_class(request->name);
	if (!provider)
		return err_set(err, STATUS_NOT_FOUND, "there is no provider called %.*s",
			       (int)(request->name.n > 40 ? 40 : request->name.n), request->name.p);
	enum status status = check_settings(provider, request, err);
	return status == STATUS_OK ? provider->open(loop, request, ret, err) : status;
}

enum status provider_check(const struct provider_request *request, struct err *err)
{
	return check_and_open(NULL, request, NULL, err);
}

enum status provider_open(struct transport_loop *loop, const struct provider_request *request, struct transport **ret,
			  struct err *err)
{
	BUG_IF(!loop);
	return check_and_open(loop, request, ret, err);
}
