# Names are relative to lib/service/issuance_log.
set(issuance_log_sources
  batch_object.c
  log.c
  log_append.c
  log_checkpoint.c
  log_cosign.c
  log_landmarks.c
  log_open.c
  log_read.c
  log_record.c
  log_recovery.c
  log_tiles.c
  object_path.c
  staged_batch.c
  tile_cache.c
  tree_edge.c)
