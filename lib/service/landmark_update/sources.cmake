cathaya_layer(service/landmark_update landmark_answer.c landmark_check.c landmark_update.c log_prefix.c log_round.c revocation_check.c
  revocation_update.c)
