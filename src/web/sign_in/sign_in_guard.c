/* SPDX-License-Identifier: Apache-2.0 */
/* Counted in memory and forgotten with the process: an attacker who can restart the server has other ways, and nothing
 * about failed tries has to be kept about anybody. Only hashes are kept, for people type passwords into the field for
 * the name.
 *
 * Whoever locks an account after some wrong tries gives everybody the means to lock its owner out, so no rule here
 * locks anything: each only sets a pace, and the one that a stranger can set for somebody else (account) does not hold
 * where the owner has been before. The pace of a network is loose, because an office of two hundred people is one
 * address, and on a Monday many of them mistype. Half of an IPv6 address belongs to one customer, so it is not looked
 * at; with the /48 that some have they would be 65,536 networks, so that has a pace as well. The same for IPv4 is a
 * /24, but its addresses belong to many customers: one address is a network there.
 *
 * The three paces are leaky buckets that are kept as one time each: that at which they are full again. */
#include "web/sign_in/sign_in_guard.h"

#include "base/fading_table.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/siphash.h"
#include <pthread.h>

/* Of a name only this much counts: no address that gets mail is longer (RFC 5321, 4.5.3.1), and the names come from
 * anybody. */
enum { NAME_MAX_BYTES = 320 };

enum { PAIRS_MAX = 16384, PACES_MAX = 32768, HOMES_MAX = 8192 };

enum { FREE_TRIES = 5, FIRST_WAIT_S = 15, LONGEST_WAIT_S = 300, DOUBLINGS_MAX = 5 };
/* For each try that failed, up to a day: so a few new keys never push out who failed often. */
enum { REMEMBERED_S = 3600, REMEMBERED_TIMES_MAX = 24 };

static const int64_t SECOND_US = INT64_C(1000000);
static const int64_t HOME_US = INT64_C(90) * 86400 * 1000000;

struct pace {
	uint32_t burst;
	uint32_t interval_s;
};

static const struct pace OF_NETWORK = {60, 10};
static const struct pace OF_SURROUNDINGS = {300, 2};
static const struct pace OF_ACCOUNT = {100, 60};
static const struct pace OF_LOG = {20, 1};

struct sign_in_guard {
	pthread_mutex_t lock;
	uint64_t secret[2];
	struct fading_table *pairs; /* count: tries; value: when the next may be */
	struct fading_table *paces; /* until_us: when the bucket is full again */
	struct fading_table *homes;
	struct fading log;
	uint64_t log_left_out;
};

struct sign_in_guard *sign_in_guard_new(void)
{
	struct sign_in_guard *g = MEM_NEW(struct sign_in_guard);
	BUG_IF(pthread_mutex_init(&g->lock, NULL) != 0);
	random_bytes(g->secret, sizeof g->secret);
	g->pairs = fading_table_new(PAIRS_MAX);
	g->paces = fading_table_new(PACES_MAX);
	g->homes = fading_table_new(HOMES_MAX);
	return g;
}

void sign_in_guard_free(struct sign_in_guard **guard)
{
	struct sign_in_guard *g = *guard;
	if (!g)
		return;
	fading_table_free(&g->pairs);
	fading_table_free(&g->paces);
	fading_table_free(&g->homes);
	(void)pthread_mutex_destroy(&g->lock);
	mem_free(g);
	*guard = NULL;
}

/* ---- Keys */

/* What a try counts for; `pair` is the key of its home, too, in another table. */
struct keys {
	uint64_t pair, network, surroundings, account;
};

static uint64_t key_of(const struct sign_in_guard *g, char kind, struct slice name, const struct ip_address *network)
{
	char bytes[1 + sizeof network->bytes + NAME_MAX_BYTES] = {kind};
	size_t n = 1;
	if (network) {
		memcpy(bytes + n, network->bytes, sizeof network->bytes);
		n += sizeof network->bytes;
	}
	name = slice_sub(name, 0, NAME_MAX_BYTES);
	memcpy(bytes + n, name.p, name.n);
	return siphash(g->secret, slice_of(bytes, n + name.n));
}

static struct keys keys_of(const struct sign_in_guard *g, const struct sign_in_try *try)
{
	struct ip_address network = ip_address_subscriber(&try->client);
	struct ip_address around = ip_address_network(&try->client);
	return (struct keys){.pair = key_of(g, 'p', try->name, &network),
			     .network = key_of(g, 'n', SLICE_EMPTY, &network),
			     .surroundings = key_of(g, 's', SLICE_EMPTY, &around),
			     .account = key_of(g, 'a', try->name, NULL)};
}

/* ---- Paces */

static int64_t pace_wait_us(const struct fading *f, const struct pace *pace, int64_t now_us)
{
	int64_t room_us = (int64_t)(pace->burst - 1) * pace->interval_s * SECOND_US;
	return f && f->until_us - now_us > room_us ? f->until_us - now_us - room_us : 0;
}

static void pace_take(struct fading *f, const struct pace *pace, int64_t now_us)
{
	f->until_us = (f->until_us > now_us ? f->until_us : now_us) + pace->interval_s * SECOND_US;
}

static void pace_give_back(struct sign_in_guard *g, uint64_t key, const struct pace *pace, int64_t now_us)
{
	struct fading *f = fading_table_find(g->paces, key, now_us);
	if (f)
		f->until_us -= pace->interval_s * SECOND_US;
}

/* ---- An account and a network */

static int64_t pair_wait_us(const struct fading *f, int64_t now_us)
{
	return f && (int64_t)f->value > now_us ? (int64_t)f->value - now_us : 0;
}

/* How long the one after so many must wait. */
static int64_t wait_after_us(uint32_t tries)
{
	if (tries < FREE_TRIES)
		return 0;
	uint32_t doublings = tries - FREE_TRIES < DOUBLINGS_MAX ? tries - FREE_TRIES : DOUBLINGS_MAX;
	int64_t wait_s = (int64_t)FIRST_WAIT_S << doublings;
	return (wait_s < LONGEST_WAIT_S ? wait_s : LONGEST_WAIT_S) * SECOND_US;
}

static void pair_take(struct fading *f, int64_t now_us)
{
	f->count++;
	f->value = (uint64_t)(now_us + wait_after_us(f->count));
	uint32_t times = f->count < REMEMBERED_TIMES_MAX ? f->count : REMEMBERED_TIMES_MAX;
	f->until_us = now_us + (int64_t)times * REMEMBERED_S * SECOND_US;
}

static void pair_give_back(struct sign_in_guard *g, uint64_t key, int64_t now_us)
{
	struct fading *f = fading_table_find(g->pairs, key, now_us);
	if (!f)
		return;
	f->count -= f->count > 0;
	f->value = 0; /* it waited for this one already */
}

/* ---- A try */

static struct sign_in_leave longest_wait(struct sign_in_guard *g, const struct keys *keys, int64_t now_us)
{
	struct sign_in_leave leave = {.is_at_home = fading_table_find(g->homes, keys->pair, now_us) != NULL,
				      .rule = "account_and_network"};
	int64_t longest_us = pair_wait_us(fading_table_find(g->pairs, keys->pair, now_us), now_us);
	const struct {
		uint64_t key;
		const struct pace *pace;
		const char *rule;
	} paces[] = {{keys->network, &OF_NETWORK, "network"},
		     {keys->surroundings, &OF_SURROUNDINGS, "network"},
		     {keys->account, &OF_ACCOUNT, "account"}};
	for (size_t i = 0; !leave.is_at_home && i < sizeof paces / sizeof paces[0]; i++) {
		const struct fading *f = fading_table_find(g->paces, paces[i].key, now_us);
		int64_t wait_us = pace_wait_us(f, paces[i].pace, now_us);
		if (wait_us > longest_us) {
			longest_us = wait_us;
			leave.rule = paces[i].rule;
		}
	}
	leave.wait_s = (uint32_t)((longest_us + SECOND_US - 1) / SECOND_US);
	return leave;
}

static void count_try(struct sign_in_guard *g, const struct keys *keys, bool is_at_home, int64_t now_us)
{
	pair_take(fading_table_place(g->pairs, keys->pair, now_us), now_us);
	if (is_at_home)
		return;
	pace_take(fading_table_place(g->paces, keys->network, now_us), &OF_NETWORK, now_us);
	pace_take(fading_table_place(g->paces, keys->surroundings, now_us), &OF_SURROUNDINGS, now_us);
	pace_take(fading_table_place(g->paces, keys->account, now_us), &OF_ACCOUNT, now_us);
}

struct sign_in_leave sign_in_guard_enter(struct sign_in_guard *g, const struct sign_in_try *try)
{
	struct keys keys = keys_of(g, try);
	pthread_mutex_lock(&g->lock);
	struct sign_in_leave leave = longest_wait(g, &keys, try->now_us);
	if (!leave.wait_s)
		count_try(g, &keys, leave.is_at_home, try->now_us);
	pthread_mutex_unlock(&g->lock);
	return leave;
}

static void take_back(struct sign_in_guard *g, const struct keys *keys, int64_t now_us)
{
	pair_give_back(g, keys->pair, now_us);
	if (fading_table_find(g->homes, keys->pair, now_us))
		return;
	pace_give_back(g, keys->network, &OF_NETWORK, now_us);
	pace_give_back(g, keys->surroundings, &OF_SURROUNDINGS, now_us);
	pace_give_back(g, keys->account, &OF_ACCOUNT, now_us);
}

/* Only its own try is taken back: one right password does not excuse a hundred wrong ones for other accounts. */
void sign_in_guard_leave(struct sign_in_guard *g, const struct sign_in_try *try, enum sign_in_outcome outcome)
{
	struct keys keys = keys_of(g, try);
	if (outcome == SIGN_IN_WRONG)
		return;
	pthread_mutex_lock(&g->lock);
	take_back(g, &keys, try->now_us);
	if (outcome == SIGN_IN_RIGHT) {
		fading_table_remove(g->pairs, keys.pair);
		fading_table_place(g->homes, keys.pair, try->now_us)->until_us = try->now_us + HOME_US;
	}
	pthread_mutex_unlock(&g->lock);
}

bool sign_in_guard_may_log(struct sign_in_guard *g, int64_t now_us, uint64_t *ret_left_out)
{
	pthread_mutex_lock(&g->lock);
	bool may = pace_wait_us(&g->log, &OF_LOG, now_us) == 0;
	if (may) {
		pace_take(&g->log, &OF_LOG, now_us);
		*ret_left_out = g->log_left_out;
		g->log_left_out = 0;
	} else {
		g->log_left_out++;
	}
	pthread_mutex_unlock(&g->lock);
	return may;
}
