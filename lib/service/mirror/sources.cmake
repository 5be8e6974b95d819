cathaya_layer(service/mirror mirror.c mirror_checkpoint.c mirror_cosign.c mirror_entries.c mirror_evidence.c
  mirror_landmarks.c mirror_log.c mirror_prune.c mirror_record.c mirror_subtree.c mirror_upload.c)
