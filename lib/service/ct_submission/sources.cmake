cathaya_layer(service/ct_submission ct_submission.c submission_attempt.c submission_logs.c submission_run.c)
