/* run_retired.h - replacing the configuration, and with it the policy, under the workers of all CAs. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_RETIRED_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_RETIRED_H

struct run_service;
struct run_config;

/* run_retired_replace takes next as service->current: its policy is in force from now on. The one before is freed when each worker
 * has ended the job that may have its policy. On the loop. */
void run_retired_replace(struct run_service *service, struct run_config *next);

/* run_retired_free frees what is left when the workers are gone. */
void run_retired_free(struct run_service *service);

#endif
