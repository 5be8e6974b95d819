# Names are relative to lib/service/issuance_log.
set(issuance_log_sources
  batch_object.c
  log.c
  log_close_for_good.c
  log_append.c
  log_checkpoint.c
  log_cosign.c
  log_fsck.c
  log_fsck_tree.c
  log_landmarks.c
  log_open.c
  log_prune.c
  log_read.c
  log_record.c
  log_recovery.c
  log_tiles.c
  staged_batch.c)
