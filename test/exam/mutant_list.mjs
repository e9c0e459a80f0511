// SPDX-License-Identifier: Apache-2.0
// What is taken away for T44, one at a time: in `file`, `from` (there just once) becomes `to`. `tests` are asked in this
// order. `same`: why nobody can tell the difference.
const JOURNAL = ["unit/journal/segment", "unit/journal/journal", "unit/journal/salvage", "unit/journal/losses", "unit/journal/faults", "unit/journal/power_cut", "unit/journal/damage"];
const DISK = ["unit/journal/disk_posix"];

const mutants = (file, tests, list) => list.map(([name, from, to, same]) => ({ name, file, tests, from, to, same }));

export const MUTANTS = [
  ...mutants("src/journal/writer.c", JOURNAL, [
    [
      "sync of a commit",
      "result = journal->disk->fdatasync(journal->disk->self, writer->file);\n\tif (result < 0) {\n\t\twriter->suspect_end",
      "result = 0;\n\tif (result < 0) {\n\t\twriter->suspect_end",
    ],
    ["new file after an error", "\trotate_abandon(journal);\n\treturn write_commit(journal, commit, err);", "\treturn write_commit(journal, commit, err);"],
    ["zeros behind a write that did not fit", "if (rotate_clean_end(journal, &again) == STATUS_IO)", "if (0 && rotate_clean_end(journal, &again) == STATUS_IO)"],
    ["mark behind the sync", "\tint result;\n\n\tif (writer->needs_next || writer->end", "\tint result;\n\n\tend_marker_write(&writer->marker, first + 7);\n\tif (writer->needs_next || writer->end"],
    ["failure of the directory's sync ends the file", "if (!atomic_exchange(&journal->directory_failed, false))", "if (1)"],
  ]),
  ...mutants("src/journal/rotate.c", JOURNAL, [
    [
      "sync of zeros, piece by piece",
      "result = disk->fdatasync(disk->self, writer->next_file);\n\telse if",
      "result = 0;\n\telse if",
      "only so that no commit waits long: the sync of the last piece and that of the header cover it",
    ],
    ["sync of a header", "\tif (result == 0)\n\t\tresult = disk->fsync(disk->self, writer->next_file);\n\tif (result < 0)\n\t\treturn err_set_errno(err, -result, \"cannot write the header", "\tif (result < 0)\n\t\treturn err_set_errno(err, -result, \"cannot write the header"],
    ["sync of the directory after a rename", "result = journal->disk->fsync_directory(journal->disk->self, journal->directory);", "result = 0;"],
    ["sync of zeros over what was refused", "result = journal->disk->fdatasync(journal->disk->self, writer->file);", "result = 0;"],
    ["zeros over what was refused", "result = write_zeros_at(journal->disk, writer->file, writer->end, writer->suspect_end);", "result = 0;"],
  ]),
  ...mutants("src/journal/recover.c", JOURNAL, [
    ["last commit written again", "result = disk_write_all(disk, file, &part, 1, scan->last_commit_at);", "result = 0;"],
    ["zeros over a torn end", "result = write_zeros_at(disk, file, scan->end_at, scan->used_end);", "result = 0;"],
    ["sync of the end at a start", "result = disk->fdatasync(disk->self, file);", "result = 0;"],
    ["sync of the directory at a start", "result = disk->fsync_directory(disk->self, journal->directory);", "result = 0;"],
    ["sync of LOST records", "result = journal->disk->fdatasync(journal->disk->self, writer->file);\n\tmem_free", "result = 0;\n\tmem_free"],
    ["end known from elsewhere", "if (r->known.acknowledged <= end)", "if (1)"],
    ["repair of a damaged last segment", "bool must_mend = is_damaged(r);", "bool must_mend = !r->last.bytes;"],
  ]),
  ...mutants("src/journal/journal.c", JOURNAL, [
    ["sync of the directory above", "result = disk->fsync_directory(disk->self, above);", "result = 0;"],
    ["sync of the directory after a deletion", "result = disk->fsync_directory(disk->self, journal->directory);", "result = 0;"],
  ]),
  ...mutants("src/journal/mend.c", JOURNAL, [
    ["sync of a mended file", "result = disk->fsync(disk->self, file);", "result = 0;"],
    ["sync of the directory after mending", "int result = mend->disk->fsync_directory(mend->disk->self, mend->directory);", "int result = 0;"],
    ["copy of the damaged file", "status = quarantine(mend, name, &repair->segment, err);", "status = STATUS_OK;\n\t(void)quarantine;"],
  ]),
  ...mutants("src/journal/end_mark.c", JOURNAL, [
    ["sync of a mark when it is made", "if (marker->file >= 0 && marker->disk->fsync(marker->disk->self, marker->file) < 0)", "if (0)"],
    ["sync of the mark's name", "if (is_new && marker->file >= 0 && disk->fsync_directory(disk->self, above) < 0)", "if (0)"],
    ["sync of a mark each second", "else if (marker->disk->fdatasync(marker->disk->self, marker->file) < 0)", "else if (0)"],
    ["checksum of a mark", "wire_load_u32(bytes + AT_CRC) != crc32c(0, bytes, AT_CRC))", "0)"],
  ]),
  ...mutants("src/journal/frame.c", JOURNAL, [
    ["checksum of a record", "wire_load_u32(bytes.p + AT_CRC) != checksum(bytes.p, seed))", "0)"],
    ["mark of a record", "if (bytes.p[AT_MARK] != MARK || load_length(bytes.p) > JOURNAL_PAYLOAD_MAX)", "if (load_length(bytes.p) > JOURNAL_PAYLOAD_MAX)"],
    ["length of a record", "if (bytes.p[AT_MARK] != MARK || load_length(bytes.p) > JOURNAL_PAYLOAD_MAX)", "if (bytes.p[AT_MARK] != MARK)"],
    ["index not above number", "frame.index > frame.number || ", ""],
  ]),
  ...mutants("src/journal/segment.c", JOURNAL, [
    ["checksum of a header", " && wire_load_u32(copy + AT_CRC) == crc32c(0, copy, AT_CRC);", ";"],
    ["version of a segment", "if (wire_load_u32(copy + AT_VERSION) != VERSION)", "if (0)"],
    ["numbers in order", "if (frame.number != scan.count || (frame.index != 0 && frame.index != index))", "if (frame.index != 0 && frame.index != index)"],
    ["indexes in order", "if (frame.number != scan.count || (frame.index != 0 && frame.index != index))", "if (frame.number != scan.count)"],
    ["damage by a later commit", "if (later.number - later.index <= scan->count)", "if (1)"],
    ["a torn commit is no damage", "if (later.number - later.index <= scan->count)", "if (0)"],
    ["damage by bytes that are all there", "if (!may_be_unwritten(file, scan->end_at)) {", "if (0) {"],
    ["name and header agree", "if (status == STATUS_OK && segment.header.first != first)", "if (0)"],
  ]),
  ...mutants("src/journal/disk_posix.c", DISK, [
    ["fdatasync of the real disk", "return sync_result(fdatasync(file));", "return sync_result(file < 0);"],
    ["fsync of the real disk", "return sync_result(fsync(file));", "return sync_result(file < 0);"],
    ["fsync of a real directory", "result = sync_result(fsync(fd));", "result = sync_result(fd < 0);"],
  ]),
  ...mutants("src/engine/keys/key_file.c", ["unit/engine/key_file"], [
    ["sync of the key file", "return fsync(fd) == 0 ? STATUS_OK : STATUS_IO;", "return STATUS_OK;"],
    ["sync of the key file's directory", "enum status status = fsync(fd) == 0 ? STATUS_OK : STATUS_IO;", "enum status status = STATUS_OK;"],
  ]),
  ...mutants("src/transport/outbox.c", ["unit/transport/outbox"], [
    ["sync of a mail in the outbox", "write_all(file, d->delivery.mail.bytes) && fsync(file) == 0;", "write_all(file, d->delivery.mail.bytes);"],
    ["sync of the outbox", "if (fsync(o->directory) != 0) {", "if (0) {"],
  ]),
  ...mutants("src/store/house/cursor.c", ["unit/store/store_nodes", "unit/engine/writer_node", "unit/engine/writer_alone", "unit/engine/applier_race"], [
    ["epoch in the cursor's step", "epoch = $2 AND applied", "(epoch = $2 OR 1 = 1) AND applied"],
    ["place in the cursor's step", "applied = $3 AND half", "(applied = $3 OR 1 = 1) AND half"],
    ["half in the cursor's step", "half_applied = $6\"", "(half_applied = $6 OR 1 = 1)\""],
  ]),
  ...mutants("src/store/house/nodes.c", ["unit/store/store_nodes", "unit/engine/writer_node", "unit/engine/writer_alone"], [
    ["epoch when a node is taken", "WHERE nodes.epoch < excluded.epoch AND", "WHERE"],
    ["installation when a node is taken", "(nodes.installation IS NULL OR nodes.installation = excluded.installation)\"", "1 = 1\""],
    ["epoch when a node is seen", "seen_at = {now} WHERE number = $1 AND epoch = $2", "seen_at = {now} WHERE number = $1 AND (epoch = $2 OR 1 = 1)"],
  ]),
  ...mutants("src/engine/ledger/writer_node.c", ["unit/engine/writer_node", "unit/engine/writer", "unit/engine/applier_race"], [
    ["end when the epoch is newer", "if (found.epoch > w->claim.epoch)", "if (0)"],
    ["end when the cursor is ahead", "if (found.sequence > w->attempted || found.half > w->attempted)", "if (0)"],
  ]),
  ...mutants("src/store/mail/queue.c", ["unit/store/store_queue", "unit/engine/dispatch", "unit/engine/dispatch_leases", "unit/engine/apply_delivery"], [
    ["lease of an intent", "WHERE message_id = $1 AND lease = $2 AND attempt = $3 AND state = 'leased'", "WHERE message_id = $1 AND (lease = $2 OR 1 = 1) AND attempt = $3 AND state = 'leased'"],
    ["attempt of an intent", "AND lease = $2 AND attempt = $3 AND state", "AND lease = $2 AND (attempt = $3 OR 1 = 1) AND state"],
    ["state before an intent", "AND attempt = $3 AND state = 'leased'\"", "AND attempt = $3\""],
    ["attempt of an end", "#define FINISH \"DELETE FROM send_queue WHERE message_id = $1 AND attempt = $2\"", "#define FINISH \"DELETE FROM send_queue WHERE message_id = $1 AND (attempt = $2 OR 1 = 1)\""],
    ["attempt of a retry", "held_at = NULL WHERE message_id = $1 AND attempt = $2\"", "held_at = NULL WHERE message_id = $1 AND (attempt = $2 OR 1 = 1)\""],
    ["attempt of a doubt", "\"WHERE message_id = $1 AND attempt = $2 AND state IN ('leased', 'sending')\"", "\"WHERE message_id = $1 AND (attempt = $2 OR 1 = 1) AND state IN ('leased', 'sending')\""],
  ]),
  ...mutants("src/store/mail/queue_claim.c", ["unit/store/store_queue", "unit/engine/dispatch_leases"], [
    ["only what waits is claimed", "WHERE message_id IN (SELECT message_id FROM send_queue WHERE state = 'waiting' \"\n\t\t      \"AND tenant_id", "WHERE message_id IN (SELECT message_id FROM send_queue WHERE state <> 'held' \"\n\t\t      \"AND tenant_id"],
    ["only expired leases are freed", "AND state = 'leased' AND lease_until <= $1 \"", "AND state = 'leased' AND (lease_until <= $1 OR 1 = 1) \""],
  ]),
  ...mutants("src/engine/dispatch/jobs.c", ["unit/engine/dispatch", "unit/engine/dispatch_leases", "unit/engine/resolve", "flow/smtp"], [
    ["dot only behind an intent on disk", "\tjob->step = JOB_INTENT;\n\tjob->has_intent = true;", "\tjob->step = JOB_PAST_DOT;\n\ttransport_pass_barrier(delivery);\n\treturn;"],
    ["dot only with time left in the lease", "if (status == STATUS_OK && has_lease(job)) {", "if (status == STATUS_OK) {\n\t\t(void)has_lease;"],
    ["dot only when the intent was kept", "if (status == STATUS_OK && has_lease(job)) {", "if (has_lease(job)) {"],
    ["nothing leaves that was canceled", "return !fence || send_fence_begin(fence, entry->message, entry->attempt);", "return !fence || send_fence_begin(fence, entry->message, entry->attempt) || true;"],
  ]),
  ...mutants("src/codec/token/link_token.c", ["unit/codec/link_token", "unit/library/tokens"], [
    [
      "tag of a token",
      "(unsigned char *)room, &n, sealed + 1 + TAG_SIZE, (int)payload_n) <= 0)",
      "(unsigned char *)room, &n, sealed + 1 + TAG_SIZE, (int)payload_n) <= -2)",
      "OpenSSL wipes what does not have its tag, and zeros are no payload (no promise of OpenSSL's, so its answer is asked for)",
    ],
    ["length of a token", "sealed_n <= 1 + TAG_SIZE || ", ""],
    ["key of a token is there", "sealed_n <= 1 + TAG_SIZE || !link_token_keys_has(sealer->keys, sealed[0]))", "sealed_n <= 1 + TAG_SIZE)"],
    ["key id is sealed with it", "EVP_CipherUpdate(s->work, NULL, &n, &key_id, 1) != 1)", "n < -1)"],
  ]),
];
