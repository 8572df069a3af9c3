/* SPDX-License-Identifier: Apache-2.0 */
/* Why TLS did not come about, in words that name the remedy. */
#ifndef PUBLISH_TLS_H
#define PUBLISH_TLS_H

/* ssl: OpenSSL's connection, or NULL. said: what the library logged last of it, "" for nothing.
 * Static text. */
const char *tls_why(void *ssl, const char *said);

#endif
