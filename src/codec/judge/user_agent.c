/* SPDX-License-Identifier: Apache-2.0 */
/* The first name of src/codec/judge/data/clients.tsv that occurs wins, so names that ride on others' agents stand
 * before them: Outlook before MSIE, Edge before Chrome, Chrome before Safari. Each is looked for as it is spelled in
 * the wild, without folding: no client writes its own name in another case. Systems likewise. */
#include "codec/judge/user_agent.h"

#include "codec/judge/agent_marks.h"

/* Apple Mail without privacy protection, and Outlook for Mac and iOS, name the engine and nothing behind it; on a phone
 * "Mobile/15E148" still follows. */
static bool is_bare_webkit(const struct agent_marks *marks)
{
	if (!agent_marks_has(marks, SIGN_APPLE_WEBKIT))
		return false;
	return slice_ends_with(marks->agent, SLICE("(KHTML, like Gecko)")) ||
	       (agent_marks_has(marks, SIGN_KHTML_MOBILE) && !agent_marks_has(marks, SIGN_SAFARI));
}

/* Android says "Mobile" on phones only (developer.chrome.com, User-Agent strings). */
static const char *android_device(const struct agent_marks *marks)
{
	bool is_browser = agent_marks_has(marks, SIGN_APPLE_WEBKIT) || agent_marks_has(marks, SIGN_GECKO);
	return is_browser && !agent_marks_has(marks, SIGN_MOBILE) ? "tablet" : "phone";
}

void user_agent_of_marks(const struct agent_marks *marks, struct client *ret)
{
	*ret = (struct client){0};
	if (marks->client) {
		ret->kind = marks->client->kind;
		ret->name = marks->client->name;
	} else if (is_bare_webkit(marks)) {
		*ret = (struct client){.kind = CLIENT_MAIL, .name = "Apple Mail", .is_bare_engine = true};
	}
	if (ret->kind == CLIENT_PROXY || !marks->system)
		return;
	ret->os = marks->system->os;
	ret->device = strcmp(ret->os, "Android") == 0 ? android_device(marks) : marks->system->device;
}

void user_agent_parse(struct slice user_agent, struct client *ret)
{
	struct agent_marks marks;
	agent_marks_find(user_agent, &marks);
	user_agent_of_marks(&marks, ret);
}
