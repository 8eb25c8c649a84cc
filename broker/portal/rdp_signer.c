// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/rdp_signer.h"
#include "broker/base/mem.h"

#include <stdlib.h>

enum { KEPT_MAX = 64 };

struct rdp_signer {
    X509 *certificate;
    EVP_PKEY *key;
    STACK_OF(X509) * above;
    struct kept_file {
        struct text terms;
        struct rdp_file *file; // NULL: none yet
    } kept[KEPT_MAX];
    size_t next; // to be replaced
};

static void print_terms(struct text *text, const struct rdp_file_terms *terms)
{
    text_addf(text, "%s\n%lld\n%s\n%d%d%d", terms->gateway, (long long)terms->port, terms->host ? terms->host : "",
              terms->clipboard, terms->drives, terms->printers);
}

// That it can is seen at once, and not when the first person asks.
static bool can_sign(struct rdp_signer *signer, struct fault *why)
{
    static const struct rdp_file_terms any = {.gateway = "localhost", .port = 443};
    struct rdp_file *file = rdp_file_new(&any, signer->certificate, signer->key, signer->above, why);
    rdp_file_free(file);
    return file != NULL;
}

struct rdp_signer *rdp_signer_new(X509 *certificate, EVP_PKEY *key, STACK_OF(X509) * above, struct fault *why)
{
    struct rdp_signer *signer = mem_new(1, sizeof *signer);
    X509_up_ref(certificate);
    EVP_PKEY_up_ref(key);
    signer->certificate = certificate;
    signer->key = key;
    signer->above = above ? X509_chain_up_ref(above) : NULL;
    if (can_sign(signer, why))
        return signer;
    rdp_signer_free(signer);
    return NULL;
}

static void drop_kept(struct kept_file *kept)
{
    text_drop(&kept->terms);
    rdp_file_free(take(kept->file));
}

void rdp_signer_free(struct rdp_signer *signer)
{
    if (!signer)
        return;
    for (size_t i = 0; i < KEPT_MAX; i++)
        drop_kept(&signer->kept[i]);
    sk_X509_pop_free(signer->above, X509_free);
    EVP_PKEY_free(signer->key);
    X509_free(signer->certificate);
    free(signer);
}

const struct rdp_file *rdp_signer_file(struct rdp_signer *signer, const struct rdp_file_terms *terms, struct fault *why)
{
    owned(text) struct text wanted = {0};
    print_terms(&wanted, terms);
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (signer->kept[i].file && text_equal(signer->kept[i].terms.bytes, wanted.bytes))
            return signer->kept[i].file;
    struct rdp_file *file = rdp_file_new(terms, signer->certificate, signer->key, signer->above, why);
    if (!file)
        return NULL;
    struct kept_file *kept = &signer->kept[signer->next];
    signer->next = (signer->next + 1) % KEPT_MAX;
    drop_kept(kept);
    kept->terms = wanted;
    wanted = (struct text){0};
    kept->file = file;
    return file;
}
