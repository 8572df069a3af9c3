/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/tls.h"

#include <stddef.h>
#include <string.h>

#include <openssl/ssl.h>

/* What is wrong with the broker's certificate; NULL: nothing that is known. */
static const char *of_certificate(long result)
{
    switch (result) {
    case X509_V_OK:
        return NULL;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "TLS: the broker's certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "TLS: the broker's certificate is not valid yet; or this machine's clock is wrong";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return "TLS: the broker's certificate is not signed by an authority in `ca`";
    case X509_V_ERR_CERT_REVOKED:
        return "TLS: the broker's certificate has been revoked";
    case X509_V_ERR_INVALID_PURPOSE:
        return "TLS: the broker's certificate is not meant for servers";
    case X509_V_ERR_UNSPECIFIED:
        /* The library compares the name itself, and gives no reason. */
        return "TLS: the broker's certificate is for another host than `broker` names";
    default:
        return X509_verify_cert_error_string(result);
    }
}

static const struct {
    const char *part, *why;
} told[] = {
    {"host name verification", "TLS: the broker's certificate is for another host than `broker` "
                               "names"},
    {"wrong version number", "TLS: what answers there speaks no TLS: is it the plain port?"},
    {"http request", "TLS: what answers there speaks no TLS: is it the plain port?"},
    {"unsupported protocol", "TLS: the broker speaks no TLS 1.2 or newer"},
    {"protocol version", "TLS: the broker speaks no TLS 1.2 or newer"},
    {"certificate required", "TLS: the broker wants a certificate of ours: `cert` and `key`"},
    {"alert unknown ca", "TLS: the broker doesn't know the authority that signed our `cert`"},
    {"alert certificate expired", "TLS: the broker says that our `cert` has expired"},
    {"alert bad certificate", "TLS: the broker doesn't take our `cert`"},
    {"alert handshake failure", "TLS: the broker broke it off; perhaps it wants a certificate of "
                                "ours: `cert` and `key`"},
    {"unexpected eof",
     "TLS: the broker hung up before TLS came about: is it a TLS port, and does it "
     "take our certificate?"},
    {"certificate verify failed", "TLS: the broker's certificate can't be trusted"},
};

const char *tls_why(void *ssl, const char *said)
{
    const char *why = ssl ? of_certificate(SSL_get_verify_result(ssl)) : NULL;
    for (size_t i = 0; !why && i < sizeof(told) / sizeof(told[0]); i++)
        if (strstr(said, told[i].part))
            why = told[i].why;
    return why ? why
               : "TLS failed: is this a TLS port, and the broker's certificate valid, for this "
                 "name, and signed by `ca`?";
}
