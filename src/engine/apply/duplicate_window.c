/* SPDX-License-Identifier: Apache-2.0 */
/* A few lanes, for short and for long times, so that one tenant that looks back an hour does not make every other's
 * hits stay for an hour, nor lose its own to a busy one.
 *
 * A lane is two generations of a map from key to time. New hits go to the young one; when that has covered a whole
 * length of time, or is half of the bound, it becomes the old one and the old one is dropped. So every hit is
 * remembered for at least the lane's length without a list of what expires when. */
#include "engine/apply/duplicate_window.h"

#include "base/map.h"
#include "base/mem.h"

enum { LANE_COUNT = 4 };
static const uint32_t LANE_SECONDS[LANE_COUNT] = {10, 60, 600, DUPLICATE_WINDOW_SECONDS_MAX};

struct lane {
	int64_t length_us;
	struct map *young, *old; /* key -> its last time, as the pointer's value */
	int64_t young_since_us;
};

struct duplicate_window {
	struct lane lanes[LANE_COUNT];
};

struct duplicate_window *duplicate_window_new(void)
{
	struct duplicate_window *w = MEM_NEW(struct duplicate_window);
	for (size_t i = 0; i < LANE_COUNT; i++) {
		w->lanes[i].length_us = (int64_t)LANE_SECONDS[i] * 1000000;
		w->lanes[i].young = map_new();
		w->lanes[i].old = map_new();
	}
	return w;
}

void duplicate_window_free(struct duplicate_window **window)
{
	if (!*window)
		return;
	for (size_t i = 0; i < LANE_COUNT; i++) {
		map_free(&(*window)->lanes[i].young);
		map_free(&(*window)->lanes[i].old);
	}
	mem_free(*window);
	*window = NULL;
}

void duplicate_window_clear(struct duplicate_window *window)
{
	for (size_t i = 0; i < LANE_COUNT; i++) {
		map_clear(window->lanes[i].young);
		map_clear(window->lanes[i].old);
	}
}

size_t duplicate_window_count(const struct duplicate_window *window)
{
	size_t count = 0;
	for (size_t i = 0; i < LANE_COUNT; i++)
		count += map_count(window->lanes[i].young) + map_count(window->lanes[i].old);
	return count;
}

static struct lane *lane_of(struct duplicate_window *w, uint32_t seconds)
{
	size_t i = 0;
	while (i < LANE_COUNT - 1 && LANE_SECONDS[i] < seconds)
		i++;
	return &w->lanes[i];
}

static void turn_over(struct lane *lane, int64_t time_us)
{
	if (map_count(lane->young) == 0) {
		lane->young_since_us = time_us;
		return;
	}
	if (time_us - lane->young_since_us <= lane->length_us && map_count(lane->young) < DUPLICATE_WINDOW_HITS_MAX / 2)
		return;
	struct map *dropped = lane->old;
	lane->old = lane->young;
	lane->young = dropped;
	map_clear(lane->young);
	lane->young_since_us = time_us;
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
static int64_t last_time(const struct lane *lane, struct slice key)
{
	void *value = map_get(lane->young, key);
	if (!value)
		value = map_get(lane->old, key);
	return (int64_t)(intptr_t)value;
}

bool duplicate_window_hit(struct duplicate_window *window, const struct duplicate_key *key, int64_t time_us,
			  uint32_t seconds)
{
	char room[40];
	struct slice bytes = key_bytes(key, room);
	struct lane *lane = lane_of(window, seconds);
	int64_t length_us = (int64_t)seconds * 1000000 < lane->length_us ? (int64_t)seconds * 1000000 : lane->length_us;
	if (time_us <= 0)
		return false;
	turn_over(lane, time_us);
	int64_t last_us = last_time(lane, bytes);
	/* Loops hand over at slightly different moments, so a hit may be older than the one read before it. */
	int64_t apart_us = time_us > last_us ? time_us - last_us : last_us - time_us;
	if (time_us > last_us)
		(void)map_put(lane->young, bytes, (void *)(intptr_t)time_us);
	return last_us != 0 && apart_us <= length_us;
}
