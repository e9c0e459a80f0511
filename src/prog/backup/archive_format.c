/* SPDX-License-Identifier: Apache-2.0 */
/* The fields are at fixed places, numbers in octal digits; a size that has more than eleven of them is in base 256 with
 * the first bit set (GNU tar, libarchive). The checksum counts its own field as blanks. */
#include "prog/backup/archive_format.h"

#include <stdio.h>
#include <string.h>

enum {
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_SUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	NUMBER_SIZE = 12,
	SUM_SIZE = 8,
};
static const uint64_t OCTAL_MAX = UINT64_C(077777777777);
static const char MAGIC[] = "ustar\00000"; /* with the version behind the NUL */

static unsigned sum_of(const char header[TAR_BLOCK])
{
	unsigned sum = 0;
	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= AT_SUM && i < AT_SUM + SUM_SIZE ? ' ' : (unsigned char)header[i];
	return sum;
}

static void put_size(char *field, uint64_t size)
{
	if (size <= OCTAL_MAX) {
		(void)snprintf(field, NUMBER_SIZE, "%011llo", (unsigned long long)size);
		return;
	}
	field[0] = (char)0x80;
	for (int i = NUMBER_SIZE - 1; i > 3; i--, size >>= 8)
		field[i] = (char)(size & 0xff);
}

void tar_header_write(char header[TAR_BLOCK], const char *name, uint64_t size, int64_t mtime_s)
{
	char sum[SUM_SIZE];
	memset(header, 0, TAR_BLOCK);
	(void)snprintf(header, ARCHIVE_NAME_MAX + 1, "%s", name);
	(void)snprintf(header + AT_MODE, 8, "%07o", 0600U);
	(void)snprintf(header + AT_UID, 8, "%07o", 0U);
	(void)snprintf(header + AT_GID, 8, "%07o", 0U);
	put_size(header + AT_SIZE, size);
	(void)snprintf(header + AT_MTIME, NUMBER_SIZE, "%011llo",
		       (unsigned long long)(mtime_s > 0 ? mtime_s : 0) & OCTAL_MAX);
	header[AT_TYPE] = '0';
	memcpy(header + AT_MAGIC, MAGIC, sizeof MAGIC - 1);
	(void)snprintf(sum, sizeof sum, "%06o", sum_of(header));
	memcpy(header + AT_SUM, sum, 7);
	header[AT_SUM + 7] = ' ';
}

static bool read_octal(const char *field, size_t n, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;
	while (i < n && field[i] == ' ')
		i++;
	for (; i < n && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(field[i] - '0');
	*ret = value;
	return i == n || field[i] == '\0' || field[i] == ' ';
}

static bool read_size(const char *field, uint64_t *ret)
{
	uint64_t value = 0;
	if (!((unsigned char)field[0] & 0x80))
		return read_octal(field, NUMBER_SIZE, ret);
	for (int i = 4; i < NUMBER_SIZE; i++)
		value = value << 8 | (unsigned char)field[i];
	*ret = value;
	return value <= INT64_MAX;
}

enum status tar_header_read(const char header[TAR_BLOCK], struct archive_member *ret)
{
	uint64_t sum;
	bool is_empty = true;
	for (int i = 0; is_empty && i < TAR_BLOCK; i++)
		is_empty = header[i] == '\0';
	if (is_empty)
		return STATUS_END;
	if (!read_octal(header + AT_SUM, SUM_SIZE, &sum) || sum != sum_of(header) ||
	    (header[AT_TYPE] != '0' && header[AT_TYPE] != '\0') || !read_size(header + AT_SIZE, &ret->size) ||
	    memchr(header, '\0', ARCHIVE_NAME_MAX + 1) == NULL)
		return STATUS_CORRUPT;
	memcpy(ret->name, header, sizeof ret->name);
	return STATUS_OK;
}

size_t tar_padding(uint64_t size)
{
	return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}
