cathaya_layer(service/log_follower follower_batch.c follower_check.c follower_compare.c follower_entries.c follower_get.c
  follower_head.c follower_heads.c follower_issuers.c follower_landmarks.c follower_proof.c follower_question.c follower_report.c follower_round.c
  follower_state.c log_follower.c)
