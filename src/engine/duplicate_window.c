/* SPDX-License-Identifier: Apache-2.0 */
/* Two generations of a map from key to time. New hits go to the young one; when that has covered a whole window of
 * time, or is half of the bound, it becomes the old one and the old one is dropped. So every hit is remembered for at
 * least a window's length without a list of what expires when. */
#include "engine/duplicate_window.h"

#include "base/map.h"
#include "base/mem.h"

struct duplicate_window {
	int64_t length_us;
	uint32_t seconds;
	struct map *young, *old; /* key -> its last time, as the pointer's value */
	int64_t young_since_us;
};

struct duplicate_window *duplicate_window_new(uint32_t seconds)
{
	struct duplicate_window *w = MEM_NEW(struct duplicate_window);
	w->seconds = seconds;
	w->length_us = (int64_t)seconds * 1000000;
	w->young = map_new();
	w->old = map_new();
	return w;
}

void duplicate_window_free(struct duplicate_window **window)
{
	if (!*window)
		return;
	map_free(&(*window)->young);
	map_free(&(*window)->old);
	mem_free(*window);
	*window = NULL;
}

void duplicate_window_clear(struct duplicate_window *window)
{
	map_clear(window->young);
	map_clear(window->old);
}

uint32_t duplicate_window_seconds(const struct duplicate_window *window)
{
	return window->seconds;
}

static void turn_over(struct duplicate_window *w, int64_t time_us)
{
	if (map_count(w->young) == 0) {
		w->young_since_us = time_us;
		return;
	}
	if (time_us - w->young_since_us <= w->length_us && map_count(w->young) < DUPLICATE_WINDOW_HITS_MAX / 2)
		return;
	struct map *dropped = w->old;
	w->old = w->young;
	w->young = dropped;
	map_clear(w->young);
	w->young_since_us = time_us;
}

static struct slice key_bytes(const struct duplicate_key *key, char room[40])
{
	memcpy(room, key->message.bytes, 16);
	memcpy(room + 16, key->client.bytes, 16);
	memcpy(room + 32, &key->link_index, 4);
	room[36] = (char)key->kind;
	room[37] = key->is_person;
	return slice_of(room, 38);
}

/* 0: never. */
static int64_t last_time(const struct duplicate_window *w, struct slice key)
{
	void *value = map_get(w->young, key);
	if (!value)
		value = map_get(w->old, key);
	return (int64_t)(intptr_t)value;
}

bool duplicate_window_hit(struct duplicate_window *window, const struct duplicate_key *key, int64_t time_us)
{
	char room[40];
	struct slice bytes = key_bytes(key, room);
	if (time_us <= 0)
		return false;
	turn_over(window, time_us);
	int64_t last_us = last_time(window, bytes);
	/* Loops hand over at slightly different moments, so a hit may be older than the one read before it. */
	int64_t apart_us = time_us > last_us ? time_us - last_us : last_us - time_us;
	if (time_us > last_us)
		(void)map_put(window->young, bytes, (void *)(intptr_t)time_us);
	return last_us != 0 && apart_us <= window->length_us;
}
