// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/rdp_file.h"
#include "broker/base/base64.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MAX = 256 }; // what stands around the values of a file, but for its signed lines

struct rdp_file {
    struct text lines;     // what is signed, but for its scope
    struct text scope;     // the names of the settings in that
    struct text signature; // base64
};

enum rdp_value {
    AS_IT_STANDS,
    ADDRESS,
    CREDSSP,
    AUTHENTICATION_LEVEL,
    GATEWAY_AND_PORT,
    CLIPBOARD,
    DRIVES,
    DRIVE_NAMES,
    PRINTERS
};

// What is signed, in the order in which it must be (a setting that is not here cannot be). Without the alternate
// address another one could be put there, which programs try first.
static const struct rdp_row {
    const char *setting, *name; // the name as the scope has it
    enum rdp_value value;
} rows[] = {
    {"full address:s:", "Full Address", ADDRESS},
    {"alternate full address:s:", "Alternate Full Address", ADDRESS},
    {"enablecredsspsupport:i:", "EnableCredSspSupport", CREDSSP},
    {"autoreconnection enabled:i:1", "AutoReconnection Enabled", AS_IT_STANDS},
    {"gatewayhostname:s:", "GatewayHostname", GATEWAY_AND_PORT},
    {"gatewayusagemethod:i:1", "GatewayUsageMethod", AS_IT_STANDS},
    {"gatewayprofileusagemethod:i:1", "GatewayProfileUsageMethod", AS_IT_STANDS},
    {"gatewaycredentialssource:i:5", "GatewayCredentialsSource", AS_IT_STANDS}, // a cookie: the token
    {"promptcredentialonce:i:0", "PromptCredentialOnce", AS_IT_STANDS},
    {"prompt for credentials:i:0", "Prompt For Credentials", AS_IT_STANDS},
    {"authentication level:i:", "Authentication Level", AUTHENTICATION_LEVEL},
    {"redirectdrives:i:", "RedirectDrives", DRIVES},
    {"redirectprinters:i:", "RedirectPrinters", PRINTERS},
    {"redirectcomports:i:0", "RedirectCOMPorts", AS_IT_STANDS},
    {"redirectsmartcards:i:0", "RedirectSmartCards", AS_IT_STANDS},
    {"redirectposdevices:i:0", "RedirectPOSDevices", AS_IT_STANDS},
    {"redirectclipboard:i:", "RedirectClipboard", CLIPBOARD},
    {"devicestoredirect:s:", "DevicesToRedirect", AS_IT_STANDS},
    {"drivestoredirect:s:", "DrivesToRedirect", DRIVE_NAMES},
};

static void add_value(struct text *lines, enum rdp_value value, const struct rdp_file_terms *terms)
{
    switch (value) {
    case AS_IT_STANDS:
        return;
    case ADDRESS:
        text_adds(lines, terms->host ? terms->host : terms->gateway);
        return;
    case CREDSSP:
        text_adds(lines, terms->host ? "1" : "0");
        return;
    // 1: never without the right certificate, which the gateway has; 2: who knows another one is asked.
    case AUTHENTICATION_LEVEL:
        text_adds(lines, terms->host ? "2" : "1");
        return;
    case GATEWAY_AND_PORT:
        text_addf(lines, "%s:%lld", terms->gateway, (long long)terms->port);
        return;
    case CLIPBOARD:
        text_adds(lines, terms->clipboard ? "1" : "0");
        return;
    case DRIVES:
        text_adds(lines, terms->drives ? "1" : "0");
        return;
    case DRIVE_NAMES:
        text_adds(lines, terms->drives ? "*" : "");
        return;
    case PRINTERS:
        text_adds(lines, terms->printers ? "1" : "0");
        return;
    }
}

static void add_utf16(struct text *to, const char *utf8)
{
    for (size_t left = strlen(utf8), some; left; utf8 += some, left -= some) {
        uint32_t character;
        uint16_t units[2];
        some = text_character(utf8, left, &character);
        assert(some);
        size_t count = text_utf16(units, character);
        for (size_t i = 0; i < count; i++)
            text_add(to, (const char[]){(char)units[i], (char)(units[i] >> 8)}, 2);
    }
}

// ---- signing

static void make_lines(struct rdp_file *file, const struct rdp_file_terms *terms)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text_adds(&file->lines, rows[i].setting);
        add_value(&file->lines, rows[i].value, terms);
        text_adds(&file->lines, "\r\n");
        text_addf(&file->scope, "%s%s", i ? "," : "", rows[i].name);
    }
}

static void add_little32(struct text *to, uint32_t number)
{
    for (int i = 0; i < 4; i++, number >>= 8)
        text_add(to, (const char[]){(char)number}, 1);
}

// Two numbers that nobody has explained, and how long the rest is.
static void print_signature(struct text *to, const unsigned char *der, size_t length)
{
    owned(text) struct text whole = {0};
    add_little32(&whole, 0x00010001);
    add_little32(&whole, 1);
    add_little32(&whole, (uint32_t)length);
    text_add(&whole, (const char *)der, length);
    size_t size = (whole.length + 2) / 3 * 4 + 1;
    owned(bytes) char *base64 = mem_room(size);
    bool fits = base64_encode(base64, size, whole.bytes, whole.length);
    assert(fits);
    (void)fits;
    text_adds(to, base64);
}

static bool sign(struct rdp_file *file, X509 *signer, EVP_PKEY *key, STACK_OF(X509) * above, struct fault *why)
{
    owned(text) struct text message = {0};
    unsigned char *der = NULL;
    add_utf16(&message, file->lines.bytes);
    add_utf16(&message, "signscope:s:");
    add_utf16(&message, file->scope.bytes);
    add_utf16(&message, "\r\n");
    text_add(&message, "\0", 2); // its NUL is signed, too
    BIO *bytes = BIO_new_mem_buf(message.bytes, (int)message.length);
    PKCS7 *signature =
        bytes ? PKCS7_sign(signer, key, above, bytes, PKCS7_BINARY | PKCS7_DETACHED | PKCS7_NOATTR | PKCS7_NOSMIMECAP)
              : NULL;
    int length = signature ? i2d_PKCS7(signature, &der) : -1;
    if (length > 0)
        print_signature(&file->signature, der, (size_t)length);
    OPENSSL_free(der);
    PKCS7_free(signature);
    BIO_free(bytes);
    ERR_clear_error();
    return length > 0 || fault_set(why, FAULT_INVALID, "the key cannot sign an .rdp file");
}

// ---- the file

static bool is_one_line(const char *text)
{
    return text_is_clean(text, strlen(text));
}

struct rdp_file *rdp_file_new(const struct rdp_file_terms *terms, X509 *signer, EVP_PKEY *key, STACK_OF(X509) * above,
                              struct fault *why)
{
    if (!terms->gateway[0] || !is_one_line(terms->gateway) || (terms->host && !is_one_line(terms->host))) {
        fault_set(why, FAULT_INVALID, "a gateway and a host in .rdp files need a name of one line");
        return NULL;
    }
    struct rdp_file *file = mem_new(1, sizeof *file);
    make_lines(file, terms);
    if (sign(file, signer, key, above, why))
        return file;
    rdp_file_free(file);
    return NULL;
}

void rdp_file_free(struct rdp_file *file)
{
    if (!file)
        return;
    text_drop(&file->lines);
    text_drop(&file->scope);
    text_drop(&file->signature);
    free(file);
}

static void add_line(struct text *to, const char *setting, const char *value)
{
    add_utf16(to, setting);
    add_utf16(to, value);
    add_utf16(to, "\r\n");
}

bool rdp_file_print(const struct rdp_file *file, const char *user_name, const char *token, struct text *to,
                    struct fault *why)
{
    if (!is_one_line(user_name) || !is_one_line(token))
        return fault_set(why, FAULT_INVALID, "what has no place in a line cannot be in an .rdp file");
    // A text that grew would leave a part of it where it was.
    size_t units = file->lines.length + file->scope.length + file->signature.length + strlen(user_name) +
                   strlen(token) + SETTINGS_MAX;
    mem_reserve(&to->bytes, &to->capacity, to->length + 2 * units, 1);
    const char *place = to->bytes;
    text_add(to, "\xff\xfe", 2);
    add_utf16(to, file->lines.bytes);
    add_line(to, "screen mode id:i:", "2"); // the whole screen
    add_line(to, "username:s:", user_name);
    add_line(to, "gatewayaccesstoken:s:", token);
    add_line(to, "signscope:s:", file->scope.bytes);
    add_line(to, "signature:s:", file->signature.bytes);
    assert(to->bytes == place);
    return true;
}
