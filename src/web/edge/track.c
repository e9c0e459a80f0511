/* SPDX-License-Identifier: Apache-2.0 */
/* The heart of the edge. Per hit: compare the path, open the token (0.7 us), gather a few header slices, append one
 * record, note whom to answer. Per loop turn: hand the records over. When the journal thread has them on disk it wakes
 * this loop, which hands over the next batch first and only then answers everybody of the finished one, so that the
 * disk works while we write to sockets. */
#include "web/edge/track.h"

#include "base/mem.h"
#include "codec/html/open_pixel.h"
#include "codec/token/tracking_url.h"
#include "codec/url/query.h"
#include "codec/url/url.h"
#include "web/edge/hit_path.h"
#include "web/edge/hit_request.h"
#include "web/edge/owed.h"
#include "web/edge/replay.h"
#include "web/edge/unsubscribe.h"
#include <uv.h>

enum { FEED_BYTES = 4 << 20, RESPONSE_MAX = 4096, PATIENCE_TICKS = 4 };

struct tracker {
	struct tracker_config config;
	struct link_token_sealer *sealer;
	struct journal_feed *feed;
	struct owed_answers *owed;
	struct replay *replay;
	uint64_t more_hits;  /* that records of the batch with the journal stand for */
	uv_async_t written;  /* the journal is done with a batch */
	uv_async_t in_store; /* the writer has committed */
	struct live_subscriber applied;
	uv_timer_t patience; /* runs while somebody is waiting */
	unsigned open_handles;
	struct buf record; /* scratch, reused for every hit */
	struct buf response;
	struct buf pixel; /* the whole answer, its Date renewed once a second */
	size_t pixel_head_bytes;
	size_t pixel_date_at;
	int64_t pixel_second;
	char token_room[LINK_TOKEN_TEXT_MAX];
};

static void count(_Atomic uint64_t *figure, uint64_t by)
{
	/* Only the loop's own thread writes; others read. */
	atomic_store_explicit(figure, atomic_load_explicit(figure, memory_order_relaxed) + by, memory_order_relaxed);
}

static void build_pixel(struct tracker *t)
{
	buf_init(&t->pixel, RESPONSE_MAX);
	buf_append(&t->pixel,
		   SLICE("HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 43\r\n"
			 "Cache-Control: no-store, no-cache, must-revalidate, max-age=0\r\n" HTTP_SAFE_LINES "Date: "));
	t->pixel_date_at = t->pixel.n;
	time_append_rfc5322(&t->pixel, 0);
	t->pixel.n -= 5; /* "+0000" becomes "GMT" (RFC 9110, 5.6.7) */
	buf_append(&t->pixel, SLICE("GMT\r\n\r\n"));
	t->pixel_head_bytes = t->pixel.n;
	buf_append(&t->pixel, open_pixel_gif());
}

static void append_http_date(struct buf *b, int64_t now_us)
{
	time_append_rfc5322(b, now_us);
	buf_truncate(b, b->n - 5);
	buf_append(b, SLICE("GMT"));
}

static struct slice pixel_response(struct tracker *t, int64_t now_us)
{
	if (now_us / 1000000 != t->pixel_second) {
		char date[64];
		struct buf b;
		buf_init_fixed(&b, date, sizeof date);
		append_http_date(&b, now_us);
		memcpy(t->pixel.p + t->pixel_date_at, date, b.n);
		t->pixel_second = now_us / 1000000;
	}
	return buf_slice(&t->pixel);
}

/* 302 and not 301, which caches keep unless they are told not to (RFC 9110, 15.4.2): the second click must come here,
 * too. */
static struct slice redirect_response(struct tracker *t, struct slice url, int64_t now_us)
{
	struct buf *b = &t->response;
	buf_clear(b);
	buf_append(b, SLICE("HTTP/1.1 302 Found\r\nLocation: "));
	buf_append(b, url);
	buf_append(b, SLICE("\r\nContent-Length: 0\r\nCache-Control: no-store, no-cache, must-revalidate, max-age=0\r\n"
			    "Referrer-Policy: no-referrer-when-downgrade\r\nX-Robots-Tag: noindex\r\n" HTTP_SAFE_LINES
			    "Date: "));
	append_http_date(b, now_us);
	buf_append(b, SLICE("\r\n\r\n"));
	return buf_slice(b);
}

/* The destination, or where a broken click goes. Checked again here although it was checked when it was sealed: nothing
 * but a plain http(s) URL ever reaches a Location header. */
static struct slice safe_destination(struct tracker *t, struct slice url)
{
	return url_check_redirect(url) == URL_OK ? url : slice_from_cstr(t->config.base_url);
}

/* ---- Waiting for the disk. */

static uint64_t write_sums(struct tracker *t)
{
	uint64_t lost = 0;
	uint64_t more = replay_write(t->replay, t->feed, &lost);
	count(&t->config.counters->lost, lost);
	return more;
}

static void hand_over(struct tracker *t)
{
	/* A round that comes back from the disk must find room to wait for the store. */
	if (t->config.applied && !owed_may_await_store(t->owed))
		return;
	/* What is summed goes on being so as long as the batch has to wait. */
	if (journal_feed_busy(t->feed))
		return;
	uint64_t more = write_sums(t);
	if (!journal_feed_hand_over(t->feed))
		return;
	t->more_hits = more;
	owed_hand_over(t->owed);
}

static void answer_written(struct tracker *t, uint64_t last, enum status status)
{
	if (status == STATUS_OK && t->config.applied && live_horizon(t->config.applied) < last)
		owed_await_store(t->owed, last);
	else
		(void)owed_answer_finished(t->owed, status == STATUS_OK ? OWED_DURABLE : OWED_LOST);
}

static void on_written(uv_async_t *async)
{
	struct tracker *t = async->data;
	size_t records;
	uint64_t first;
	enum status status;
	if (!journal_feed_collect(t->feed, &records, &first, &status))
		return;
	if (status != STATUS_OK)
		count(&t->config.counters->lost, records + t->more_hits);
	owed_finish(t->owed);
	hand_over(t);
	answer_written(t, first + records - 1, status);
}

static void on_in_store(uv_async_t *async)
{
	struct tracker *t = async->data;
	live_rearm(t->config.applied, &t->applied);
	(void)owed_answer_applied(t->owed, live_horizon(t->config.applied));
	tracker_turn(t);
}

/* On the writer's thread. */
static void wake_for_store(struct live_subscriber *subscriber)
{
	struct tracker *t = LIST_ENTRY(subscriber, struct tracker, applied);
	(void)uv_async_send(&t->in_store); /* fails on closed handles only */
}

static void on_patience(uv_timer_t *timer)
{
	struct tracker *t = timer->data;
	int64_t deadline_us = clock_monotonic_us(t->config.clock) - t->config.max_wait_ms * 1000;
	struct owed_late late = owed_answer_late(t->owed, deadline_us);
	count(&t->config.counters->early, late.early);
	count(&t->config.counters->alone, late.alone);
	tracker_turn(t);
	if (!owed_any(t->owed))
		uv_timer_stop(timer);
}

static void wake_loop(void *user)
{
	struct tracker *t = user;
	(void)uv_async_send(&t->written); /* fails on closed handles only */
}

void tracker_turn(struct tracker *t)
{
	if (journal_feed_pending(t->feed) || replay_has_sums(t->replay))
		hand_over(t);
}

/* By itself, or, when it is one of too many, as a number. */
static bool keep_hit(struct tracker *t, const struct hit_record *hit)
{
	int64_t now_us = clock_now_us(t->config.clock);
	struct hit_record kept = *hit;
	if (hit->kind != HIT_UNSUBSCRIBE && replay_is_beyond(t->replay, hit, now_us)) {
		count(&t->config.counters->summed, 1);
		if (replay_sum(t->replay, hit, now_us))
			return true;
		kept.summed = 1;
	}
	buf_clear(&t->record);
	record_put_hit(&t->record, &kept);
	return !buf_failed(&t->record) &&
	       journal_feed_append(t->feed, RECORD_HIT, now_us, buf_slice(&t->record)) == STATUS_OK;
}

/* Appends the record and owes the answer; without room for either the client is answered at once. */
static void record_and_owe(struct tracker *t, const struct hit_record *hit, const struct owed_answer *answer)
{
	bool kept = keep_hit(t, hit);
	if (kept && owed_add(t->owed, answer, clock_monotonic_us(t->config.clock))) {
		http_request_release_input(answer->request); /* the record has all that is needed */
		if (!uv_is_active((uv_handle_t *)&t->patience)) {
			uint64_t tick = (uint64_t)t->config.max_wait_ms / PATIENCE_TICKS + 1;
			uv_timer_start(&t->patience, on_patience, tick, tick);
		}
		return;
	}
	count(kept ? &t->config.counters->early : &t->config.counters->lost, 1);
	if (answer->needs_disk)
		http_answer(answer->request, 503, NULL, 0, SLICE("This could not be recorded. Please try it again.\n"));
	else
		http_answer_whole(answer->request, answer->response, answer->head_bytes);
}

/* ---- The three kinds of path. */

/* A HEAD request is answered as a GET and never recorded, and so is a hit whose tracking was promised off. */
static bool is_recorded(const struct http_request *request, const struct link_token *token)
{
	return http_request_method(request) != HTTP_HEAD && token->consent != LINK_TOKEN_CONSENT_OFF;
}

static void answer_now(struct http_request *request, struct slice response, size_t head_bytes)
{
	http_answer_whole(request, response, head_bytes);
}

/* Whatever is wrong with the token: a reader never sees a broken image. */
static void answer_open(struct tracker *t, struct http_request *request, const struct link_token *token, uint8_t key_id)
{
	struct slice response = pixel_response(t, clock_now_us(t->config.clock));
	count(&t->config.counters->opens, 1);
	if (!token || !is_recorded(request, token)) {
		answer_now(request, response, t->pixel_head_bytes);
		return;
	}
	struct hit_record hit = hit_request_read(request, token, key_id);
	struct owed_answer answer = {request, response, t->pixel_head_bytes, true, false};
	record_and_owe(t, &hit, &answer);
}

static void redirect(struct tracker *t, struct http_request *request, const struct hit_record *hit, struct slice url)
{
	struct slice response = redirect_response(t, safe_destination(t, url), clock_now_us(t->config.clock));
	count(&t->config.counters->clicks, 1);
	if (!hit) {
		answer_now(request, response, response.n);
		return;
	}
	struct owed_answer answer = {request, response, response.n, false, false};
	record_and_owe(t, hit, &answer);
}

/* ---- Destinations that are kept in the store. */

/* A click that waits for its destination; in the arena of its request. */
struct stored_click {
	struct tracker *tracker;
	struct http_request *request;
	struct hit_record hit;
	bool is_recorded;
};

/* Better told to come back than sent to another page: nothing but the store knows where this link goes, and nothing was
 * recorded yet. */
static void answer_try_again(struct http_request *request)
{
	static const struct http_header headers[] = {
	    {{"Retry-After", 11}, {"5", 1}},
	    {{"Cache-Control", 13}, {"no-store", 8}},
	    {{"Content-Type", 12}, {"text/plain; charset=utf-8", 25}},
	};
	http_answer(request, 503, headers, sizeof headers / sizeof headers[0],
		    SLICE("This link cannot be followed just now. Please try it again in a moment.\n"));
}

static void answer_stored(void *user, enum status status, struct slice url)
{
	struct stored_click *c = user;
	const struct hit_record *hit = c->is_recorded ? &c->hit : NULL;
	if (status == STATUS_OK)
		redirect(c->tracker, c->request, hit, url);
	else if (status == STATUS_NOT_FOUND)
		redirect(c->tracker, c->request, hit, slice_from_cstr(c->tracker->config.base_url));
	else
		answer_try_again(c->request);
}

static void drop_stored(void *user)
{
	(void)user; /* it goes with its request */
}

/* The request's input goes back to the loop while it waits. */
static struct stored_click *keep_click(struct tracker *t, struct http_request *request, const struct hit_record *hit)
{
	struct arena *arena = http_request_arena(request);
	struct stored_click *c = ARENA_NEW(arena, struct stored_click);
	*c = (struct stored_click){.tracker = t, .request = request, .hit = *hit};
	c->hit.destination = arena_copy(arena, hit->destination);
	c->hit.user_agent = arena_copy(arena, hit->user_agent);
	c->hit.purpose = arena_copy(arena, hit->purpose);
	c->hit.referer = arena_copy(arena, hit->referer);
	c->hit.accept_language = arena_copy(arena, hit->accept_language);
	http_request_release_input(request);
	return c;
}

static void redirect_to_stored(struct tracker *t, struct http_request *request, const struct hit_record *hit,
			       bool is_recorded)
{
	struct slice url =
	    stored_links_recall(t->config.links, hit->tenant, hit->destination, http_request_arena(request));
	if (url.n) {
		redirect(t, request, is_recorded ? hit : NULL, url);
		return;
	}
	struct stored_click *c = keep_click(t, request, hit);
	c->is_recorded = is_recorded;
	struct stored_link_query query = {c->hit.tenant, c->hit.destination, answer_stored, drop_stored, c};
	stored_links_find(t->config.links, http_request_loop(request), &query);
}

static void answer_click(struct tracker *t, struct http_request *request, const struct link_token *token,
			 uint8_t key_id)
{
	if (!token) {
		redirect(t, request, NULL, slice_from_cstr(t->config.base_url));
		return;
	}
	struct hit_record hit = hit_request_read(request, token, key_id);
	if (token->is_stored)
		redirect_to_stored(t, request, &hit, is_recorded(request, token));
	else
		redirect(t, request, is_recorded(request, token) ? &hit : NULL, token->destination);
}

static void answer_unsubscribe(struct tracker *t, struct http_request *request, const struct link_token *token,
			       uint8_t key_id)
{
	struct unsubscribe_answer page;
	unsubscribe_answer(request, token != NULL, &page);
	if (!page.counts || !token) {
		http_answer(request, page.status, page.headers, page.header_count, page.body);
		return;
	}
	struct hit_record hit = hit_request_read(request, token, key_id);
	hit.kind = HIT_UNSUBSCRIBE;
	hit.one_click = page.one_click;
	hit.stop_tracking = page.stop_tracking;
	buf_clear(&t->response);
	unsubscribe_write(&page, &t->response);
	struct slice response = buf_slice(&t->response);
	struct owed_answer answer = {request, response, response.n, false, true};
	count(&t->config.counters->unsubscribes, 1);
	record_and_owe(t, &hit, &answer);
}

/* ---- Tokens. */

/* The caller's own link: `s` must be a token that we sealed for this message and, for a click, for this very URL. */
static bool open_signed(struct tracker *t, struct http_request *request, struct slice id, struct link_token *token,
			uint8_t *key_id)
{
	struct arena *arena = http_request_arena(request);
	struct slice query = http_request_query(request);
	struct slice signature;
	struct uuid message;
	if (!uuid_parse(id, &message) || query_find(query, SLICE("s"), arena, &signature) != STATUS_OK ||
	    link_token_open(t->sealer, signature, t->token_room, token, key_id) != STATUS_OK ||
	    !uuid_equal(token->message, message))
		return false;
	if (token->kind != LINK_TOKEN_CLICK)
		return !token->is_stored;
	struct slice url;
	char key[LINK_TOKEN_STORED_KEY_SIZE];
	if (query_find(query, SLICE("url"), arena, &url) != STATUS_OK || url.n > LINK_TOKEN_URL_MAX ||
	    !token->is_stored)
		return false;
	tracking_stored_key(url, key);
	if (!slice_equal(slice_of(key, sizeof key), token->destination))
		return false;
	token->destination = url;
	token->is_stored = false;
	return true;
}

static bool open_path_token(struct tracker *t, struct http_request *request, const struct hit_path *path,
			    struct link_token *token, uint8_t *key_id)
{
	bool good = path->is_signed
			? open_signed(t, request, path->token, token, key_id)
			: link_token_open(t->sealer, path->token, t->token_room, token, key_id) == STATUS_OK;
	return good && token->kind == path->kind;
}

static bool path_lacks_key(struct tracker *t, struct http_request *request, const struct hit_path *path,
			   uint8_t *ret_key_id)
{
	struct slice text = path->token;
	if (path->is_signed &&
	    query_find(http_request_query(request), SLICE("s"), http_request_arena(request), &text) != STATUS_OK)
		return false;
	return link_token_lacks_key(t->sealer, text, ret_key_id);
}

static void answer_path(struct tracker *t, struct http_request *request, enum link_token_kind kind,
			const struct link_token *opened, uint8_t key_id)
{
	if (!opened)
		count(&t->config.counters->bad_tokens, 1);
	if (kind == LINK_TOKEN_OPEN)
		answer_open(t, request, opened, key_id);
	else if (kind == LINK_TOKEN_CLICK)
		answer_click(t, request, opened, key_id);
	else
		answer_unsubscribe(t, request, opened, key_id);
}

/* A request that waits for a key; in its own arena. Its input stays with it: it is read again afterwards. */
struct key_seeker {
	struct tracker *tracker;
	struct http_request *request;
	struct hit_path path;
};

/* A key that exists somewhere and is not here in time: whoever has it will be asked the next time, or it will be here.
 * A wrong page could not be taken back. */
static void answer_after_look(void *user)
{
	struct key_seeker *k = user;
	struct tracker *t = k->tracker;
	struct link_token token;
	uint8_t key_id = 0;
	if (open_path_token(t, k->request, &k->path, &token, &key_id))
		answer_path(t, k->request, k->path.kind, &token, key_id);
	else if (path_lacks_key(t, k->request, &k->path, &key_id) && key_wait_knows(t->config.key_wait, key_id))
		answer_try_again(k->request);
	else
		answer_path(t, k->request, k->path.kind, NULL, 0);
}

static void look_for_key(struct tracker *t, struct http_request *request, const struct hit_path *path)
{
	struct key_seeker *k = ARENA_NEW(http_request_arena(request), struct key_seeker);
	*k = (struct key_seeker){t, request, *path};
	if (!key_wait_ask(t->config.key_wait, http_request_loop(request), answer_after_look, k))
		answer_after_look(k);
}

static bool method_fits(enum http_method method, enum link_token_kind kind)
{
	return method == HTTP_GET || method == HTTP_HEAD || (method == HTTP_POST && kind == LINK_TOKEN_UNSUBSCRIBE);
}

bool tracker_takes_body(struct http_request *request)
{
	struct hit_path path;
	return http_request_method(request) == HTTP_POST &&
	       hit_path_parse(http_request_path(request), http_request_arena(request), &path) &&
	       path.kind == LINK_TOKEN_UNSUBSCRIBE;
}

bool tracker_handle(struct tracker *t, struct http_request *request)
{
	struct hit_path path;
	struct link_token token;
	uint8_t key_id = 0;
	if (!hit_path_parse(http_request_path(request), http_request_arena(request), &path))
		return false;
	if (!method_fits(http_request_method(request), path.kind)) {
		struct http_header allow = {SLICE("Allow"), path.kind == LINK_TOKEN_UNSUBSCRIBE
								? SLICE("GET, HEAD, POST")
								: SLICE("GET, HEAD")};
		http_answer(request, 405, &allow, 1, SLICE_EMPTY);
		return true;
	}
	if (open_path_token(t, request, &path, &token, &key_id))
		answer_path(t, request, path.kind, &token, key_id);
	else if (path_lacks_key(t, request, &path, &key_id))
		look_for_key(t, request, &path);
	else
		answer_path(t, request, path.kind, NULL, 0);
	return true;
}

/* ---- Life. */

struct tracker *tracker_new(const struct tracker_config *config, struct http_loop *loop)
{
	struct tracker *t = MEM_NEW(struct tracker);
	t->config = *config;
	t->sealer = link_token_sealer_new(config->keys);
	t->owed = owed_new();
	t->replay = replay_new();
	buf_init(&t->record, RECORD_PAYLOAD_MAX);
	buf_init(&t->response, URL_MAX + RESPONSE_MAX);
	build_pixel(t);
	BUG_IF(uv_async_init(http_loop_uv(loop), &t->written, on_written) != 0);
	BUG_IF(uv_async_init(http_loop_uv(loop), &t->in_store, on_in_store) != 0);
	BUG_IF(uv_timer_init(http_loop_uv(loop), &t->patience) != 0);
	t->written.data = t;
	t->patience.data = t;
	t->in_store.data = t;
	t->open_handles = 3;
	t->applied.wake = wake_for_store;
	if (config->applied)
		live_subscribe(config->applied, &t->applied);
	t->feed = journal_feed_new(config->journal, FEED_BYTES, wake_loop, t);
	return t;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct tracker *t = handle->data;
	if (--t->open_handles > 0)
		return;
	link_token_sealer_free(&t->sealer);
	owed_free(&t->owed);
	replay_free(&t->replay);
	buf_done(&t->record);
	buf_done(&t->response);
	buf_done(&t->pixel);
	mem_free(t);
}

/* Every batch is seen to its end before the feed goes: what was appended was answered or will be. */
static void drain(struct tracker *t)
{
	size_t records;
	uint64_t first;
	enum status status;
	while (journal_feed_pending(t->feed) || journal_feed_busy(t->feed) || replay_has_sums(t->replay)) {
		if (!journal_feed_busy(t->feed))
			t->more_hits = write_sums(t);
		(void)journal_feed_hand_over(t->feed);
		if (!journal_feed_collect(t->feed, &records, &first, &status))
			uv_sleep(1);
		else if (status != STATUS_OK)
			count(&t->config.counters->lost, records + t->more_hits);
	}
}

void tracker_free(struct tracker **tracker)
{
	struct tracker *t = *tracker;
	if (!t)
		return;
	drain(t);
	journal_feed_free(&t->feed);
	if (t->config.applied)
		live_unsubscribe(t->config.applied, &t->applied);
	uv_close((uv_handle_t *)&t->written, on_handle_closed);
	uv_close((uv_handle_t *)&t->in_store, on_handle_closed);
	uv_close((uv_handle_t *)&t->patience, on_handle_closed);
	*tracker = NULL;
}
