/* issuing_extensions.h - writers of the extensions that only directly signed certificates have: those of
 * CAs, and the pointers of leaves [RFC5280 4.2.1.9, 4.2.1.13, 4.2.2.1]. */
#ifndef CATHAYA_CODEC_X509_ISSUING_EXTENSIONS_H
#define CATHAYA_CODEC_X509_ISSUING_EXTENSIONS_H

#include "base/builder.h"

/* issuing_extensions_write_basic_constraints writes cA TRUE; path_len < 0: without pathLenConstraint. */
void issuing_extensions_write_basic_constraints(struct builder *b, int path_len);

/* issuing_extensions_write_authority_information: OCSP first, both may be NULL but not together. */
void issuing_extensions_write_authority_information(struct builder *b, const char *ocsp_url,
                                                    const char *issuer_url);

/* issuing_extensions_write_crl_point: one distribution point with one URL. */
void issuing_extensions_write_crl_point(struct builder *b, const char *url);

#endif
