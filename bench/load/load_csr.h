/* load_csr.h - certification requests for one DNS name, made beforehand. */
#ifndef CATHAYA_BENCH_LOAD_LOAD_CSR_H
#define CATHAYA_BENCH_LOAD_LOAD_CSR_H

#include "base/builder.h"
#include "crypto/key.h"

/* load_csr_write appends a request in DER, signed by key. */
MUST_USE enum status load_csr_write(struct private_key *key, const char *name, struct builder *out, struct error *err);

#endif
